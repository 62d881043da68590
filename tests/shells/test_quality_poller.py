"""The thread that asks what Meta says: what it knows, what it forgets, what it logs, and that nothing ends it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from capi_stream.endpoints import quality_poller
from capi_stream.endpoints.dataset_quality import NoRight, Quality
from capi_stream.endpoints.debug_token import Invalid, Unanswered, Untold
from capi_stream.endpoints.quality_poller import FORGOTTEN_AFTER, QualityPoller, ended
from capi_stream.endpoints.settings import QualitySettings
from capi_stream.endpoints.tokens import Tokens
from capi_stream.observability.quality import OUTCOMES
from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.server import Sandbox
from tests.real.clients import wait_until
from tests.sandbox.sandbox_client import post, purchase
from tests.shells.quality_said import posters_for

HERE = "dataset_quality"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality_poller, "FIRST_SECONDS", 0.0)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pixels=["100"]) as running:
        post(running.url, [purchase()], "100")
        yield running


@contextmanager
def polling(url: str, every_seconds: float = 0.05) -> Iterator[QualityPoller]:
    settings = posters_for(url)
    poller = QualityPoller(settings, Tokens(settings.credentials), QualitySettings(every_seconds))
    poller.start()
    try:
        yield poller
    finally:
        poller.close()


def polls(poller: QualityPoller, outcome: str) -> int:
    return poller.known().polls.get(("100", outcome), 0)


def wait_for(poller: QualityPoller, outcome: str, number: int) -> None:
    wait_until(lambda: polls(poller, outcome) >= number, 5, f"{number} polls were {outcome}")


def test_what_meta_says_is_known_and_polls_are_counted(sandbox: Sandbox) -> None:
    with polling(sandbox.url) as poller:
        wait_for(poller, "answered", 2)
    (event,) = poller.known().events["100"]
    assert event.event_name == "Purchase"


def test_it_asks_no_more_once_it_is_closed(sandbox: Sandbox) -> None:
    with polling(sandbox.url, 0.01) as poller:
        wait_for(poller, "answered", 1)
    wait_until(lambda: not any(each.name == "quality" for each in threading.enumerate()), 5, "the thread has ended")


def test_a_failed_poll_leaves_what_is_known_and_several_in_a_row_end_it(sandbox: Sandbox) -> None:
    with polling(sandbox.url, 60) as poller:
        wait_for(poller, "answered", 1)
        sandbox.always(Fault("permission_missing", endpoint=HERE))
        for _ in range(FORGOTTEN_AFTER - 1):
            poller._round()
        assert "100" in poller.known().events
        poller._round()
    assert "100" not in poller.known().events
    assert polls(poller, "permission_missing") == FORGOTTEN_AFTER


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("permission_missing", "permission_missing"),
        ("token_invalid", "token_invalid"),
        ("app_limit", "refused"),
        ("refused", "unanswered"),
    ],
)
def test_a_change_is_logged_once_and_its_end_too(sandbox: Sandbox, fault: str, outcome: str) -> None:
    sandbox.always(Fault(fault, endpoint=HERE))
    with capture_logs() as logs, polling(sandbox.url) as poller:
        wait_for(poller, outcome, 3)
        sandbox.clear_faults()
        wait_for(poller, "answered", 2)
    own = [line for line in logs if line["event"].startswith("quality_")]  # not those of threads of other tests
    assert [(line["event"], line.get("outcome"), line["pixel"]) for line in own] == [
        ("quality_not_answered", outcome, "100"),
        ("quality_answered", None, "100"),
    ]
    assert "sandbox-100" not in repr(logs)


def test_a_bug_is_logged_once_and_the_next_round_goes_on(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []
    true_round = QualityPoller._round

    def buggy(self: QualityPoller) -> None:
        rounds.append(1)
        if len(rounds) < 4:
            raise RuntimeError("quotes a token: s3cret")
        true_round(self)

    monkeypatch.setattr(QualityPoller, "_round", buggy)
    with capture_logs() as logs, polling(sandbox.url) as poller:
        wait_for(poller, "answered", 1)
    failures: list[Any] = [line for line in logs if line["event"] == "quality_failed"]
    assert [(line["error"], "s3cret" in repr(line)) for line in failures] == [("RuntimeError", False)]


def test_every_outcome_is_one_that_its_metric_declares() -> None:
    said = (Quality(()), NoRight("200"), Invalid(False, "190"), Untold("4"), Unanswered("ReadTimeout"))
    assert [ended(each)[0] for each in said] == list(OUTCOMES)
