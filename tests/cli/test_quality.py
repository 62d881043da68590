"""`capi-stream quality` as a person or a script runs it: what it shows, what it says instead, its exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.server import Sandbox
from tests.builders import ROOT
from tests.cli.commands import Said, command
from tests.sandbox.sandbox_client import EMAIL_HASH, post, purchase

FIRST, SECOND = "1234567890", "2345678901"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pixels=[FIRST, SECOND]) as running:
        yield running


def quality(sandbox: Sandbox, folder: Path, *options: str, **changes: Any) -> Said:
    settings = yaml.safe_load((ROOT / "examples/sandbox.yaml").read_text())
    pixels = {pixel: {"token": sandbox.token(pixel)} for pixel in (FIRST, SECOND)}
    path = folder / "capi-stream.yaml"
    path.write_text(yaml.safe_dump({**settings, "api": {"url": sandbox.url}, "pixels": pixels, **changes}))
    return command("quality", "-c", path, *options)


def arrived(sandbox: Sandbox) -> None:
    """A purchase with an email and one with little."""
    events = [
        purchase("a", user_data={"em": [EMAIL_HASH], "client_user_agent": "a browser"}),
        purchase("b", user_data={"client_user_agent": "a browser", "client_ip_address": "198.51.100.7"}),
    ]
    assert post(sandbox.url, events, FIRST).status == 200


def test_a_table_a_pixel_and_event_name(sandbox: Sandbox, tmp_path: Path) -> None:
    arrived(sandbox)
    said = quality(sandbox, tmp_path)
    assert (said.code, said.error) == (0, "")
    assert (
        said.out
        == f"""pixel {FIRST}

  Purchase
    match quality            2.2 of 10
    browser events covered   100.0 %, goal 75.0 %
    arrives                  real_time
    identifier               of events  more of it: conversions reported
    email                       50.0 %  +7.5 %
    ip_address                  50.0 %  +1.2 %
    user_agent                 100.0 %
      More email with Purchase might bring 7.5% more conversions reported (made up by the sandbox).
      More ip_address with Purchase might bring 1.25% more conversions reported (made up by the
        sandbox).
    deduplication key          browser    server   covered
    event_id                         -   100.0 %         -
    external_id                      -     0.0 %         -
    fbp                              -     0.0 %         -
    ! Server sending few identifiers (50.0 %: 1 of 2 events)
      These events carry no email, phone, external id, click id or browser id.
      What to do: Send at least one of them with each event.

pixel {SECOND}: Meta says nothing of it yet; after its first web events that takes hours.

"""
    )


def test_json_is_an_object_a_line(sandbox: Sandbox, tmp_path: Path) -> None:
    arrived(sandbox)
    sandbox.next(Fault("permission_missing", pixel=SECOND, endpoint="dataset_quality"))
    said = quality(sandbox, tmp_path, "--json")
    first, second = map(json.loads, said.out.splitlines())
    assert said.code == 1
    assert (first["pixel"], first["event_name"], first["score"], first["coverage"]) == (FIRST, "Purchase", 2.2, 1.0)
    assert first["identifiers"][0] | {"advice": ""} == {
        "name": "email",
        "coverage": 0.5,
        "may_bring": 0.075,
        "advice": "",
    }
    assert second.keys() == {"pixel", "error"}


def test_only_the_pixels_that_are_named_are_asked_about(sandbox: Sandbox, tmp_path: Path) -> None:
    said = quality(sandbox, tmp_path, "--pixel", SECOND)
    assert said.code == 0
    assert [posted.pixel for posted in sandbox.requests] == [SECOND]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            "permission_missing",
            "its token may not ask the Dataset Quality API (code 200); posting needs less, and goes on",
        ),
        ("token_expired", "its token has expired. What to do:"),
        ("token_invalid", "its token is refused (code 190). What to do:"),
        ("app_limit", "the API refused the question (code 4/1504022). What to do:"),
        ("html", "does not answer (HTTP 502 without the answer that is documented). What to do:"),
    ],
)
def test_what_is_not_answered_is_said_with_what_to_do_and_the_next_pixel_is_asked(
    sandbox: Sandbox, tmp_path: Path, fault: str, told: str
) -> None:
    sandbox.next(Fault(fault, pixel=FIRST, endpoint="dataset_quality"))
    said = quality(sandbox, tmp_path)
    assert (said.code, said.error) == (1, "")
    text = " ".join(said.out.split())
    assert told in text
    assert f"pixel {SECOND}: Meta says nothing of it yet" in text


def test_nobody_there_is_said(sandbox: Sandbox, tmp_path: Path) -> None:
    said = quality(sandbox, tmp_path, api={"url": "http://127.0.0.1:1"})
    assert said.code == 1
    assert "http://127.0.0.1:1 does not answer (ConnectError)" in " ".join(said.out.split())


def test_no_token_is_shown_or_reaches_a_path(sandbox: Sandbox, tmp_path: Path) -> None:
    said = quality(sandbox, tmp_path)
    assert "sandbox-1234567890" not in said.out + said.error
    assert all(posted.token_in == "header" for posted in sandbox.requests)


def test_a_pixel_that_is_not_there_is_wrong_usage(sandbox: Sandbox, tmp_path: Path) -> None:
    said = quality(sandbox, tmp_path, "--pixel", "77")
    assert (said.code, said.out) == (2, "")
    assert (
        said.error == f"--pixel 77: the configuration sends no such pixel to the Graph API, but: {FIRST}, {SECOND}.\n"
    )
    assert sandbox.requests == []


def test_a_pixel_whose_gateway_alone_gets_its_events_is_not_asked_about(sandbox: Sandbox, tmp_path: Path) -> None:
    said = quality(sandbox, tmp_path, pixels={FIRST: {"gateway": {"url": sandbox.url, "only": True}}})
    assert (said.code, said.out) == (2, "")
    assert "a Gateway has no Dataset Quality API" in said.error


def test_a_configuration_that_cannot_be_used_ends_with_2(sandbox: Sandbox, tmp_path: Path) -> None:
    said = quality(sandbox, tmp_path, quality={"every_minutes": 5})
    assert (said.code, said.out) == (2, "")
    assert "quality.every_minutes" in said.error
