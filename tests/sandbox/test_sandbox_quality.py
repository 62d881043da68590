"""What the stand-in says of the events that it took, at dataset_quality."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.judging import Conduct
from capi_stream.sandbox.server import Sandbox
from tests.sandbox.sandbox_client import EMAIL_HASH, Reply, call, post, purchase

SHARES = "web{event_name,event_match_quality{composite_score,match_key_feedback{identifier,coverage{percentage}}}}"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pixels=["12", "13"]) as running:
        yield running


def ask(
    sandbox: Sandbox, fields: str = SHARES, token: str | None = "sandbox-12", pixel: str = "12", **query: str
) -> Reply:
    headers: dict[str, Any] = {} if token is None else {"Authorization": f"Bearer {token}"}
    text = urlencode({"dataset_id": pixel, "fields": fields, **query})
    return call(sandbox.url, "GET", f"/v25.0/dataset_quality?{text}", **headers)


def rows(sandbox: Sandbox, fields: str = SHARES) -> dict[str, Any]:
    return {row["event_name"]: row for row in ask(sandbox, fields).values["web"]}


def with_user(event_id: str, **user_data: object) -> dict[str, Any]:
    return purchase(event_id, user_data={"client_user_agent": "a browser", "external_id": "7", **user_data})


def test_nothing_arrived_so_there_is_no_row(sandbox: Sandbox) -> None:
    answer = ask(sandbox)
    assert (answer.status, answer.values) == (200, {"web": []})


def test_coverage_is_counted_from_what_was_accepted(sandbox: Sandbox) -> None:
    post(sandbox.url, [with_user("a", em=[EMAIL_HASH]), with_user("b"), with_user("c"), with_user("d")])
    feedback = rows(sandbox)["Purchase"]["event_match_quality"]["match_key_feedback"]
    assert {each["identifier"]: each["coverage"]["percentage"] for each in feedback} == {
        "email": 25.0,
        "user_agent": 100.0,
        "external_id": 100.0,
    }


def test_a_refused_event_another_pixels_and_an_offline_one_do_not_count(sandbox: Sandbox) -> None:
    post(sandbox.url, [with_user("a", em=["not hashed"])])
    post(sandbox.url, [with_user("b")], pixel="13")
    post(sandbox.url, [with_user("c") | {"action_source": "phone_call"}])
    assert rows(sandbox) == {}


def test_more_identifiers_are_a_better_score_and_never_more_than_10(sandbox: Sandbox) -> None:
    everything: dict[str, object] = {
        **{key: [EMAIL_HASH] for key in ("em", "ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country")},
        "fbp": "fb.1.1554763741205.1098115397",
        "fbc": "fb.1.1554763741205.click",
        "client_ip_address": "198.51.100.7",
    }
    post(sandbox.url, [with_user("a"), with_user("b", em=[EMAIL_HASH]) | {"event_name": "Lead"}])
    post(sandbox.url, [with_user("c", **everything) | {"event_name": "Search"}])
    scores = {name: row["event_match_quality"]["composite_score"] for name, row in rows(sandbox).items()}
    assert 0 < scores["Purchase"] < scores["Lead"] < scores["Search"] == 10.0


def test_the_rest_of_a_row(sandbox: Sandbox) -> None:
    post(sandbox.url, [with_user("a"), purchase(None, event_time=int(time.time()) - 2 * 86_400)])
    row = rows(sandbox, "web{event_name,event_coverage,dedupe_key_feedback,data_freshness{upload_frequency}}")[
        "Purchase"
    ]
    assert (row["event_coverage"]["percentage"], row["event_coverage"]["goal_percentage"]) == (50.0, 75)
    assert row["dedupe_key_feedback"][0] == {
        "dedupe_key": "event_id",
        "browser_events_with_dedupe_key": None,
        "server_events_with_dedupe_key": {"percentage": 50.0},
        "overall_browser_coverage_from_dedupe_key": None,
    }
    assert row["data_freshness"] == {"upload_frequency": "real_time"}
    assert "event_match_quality" not in row


def test_events_without_any_strong_identifier_are_diagnosed(sandbox: Sandbox) -> None:
    weak = {"client_user_agent": "a browser", "client_ip_address": "198.51.100.7"}
    post(sandbox.url, [purchase("a", user_data=weak), with_user("b")])
    (found,) = rows(sandbox, "web{event_name,event_match_quality{diagnostics}}")["Purchase"]["event_match_quality"][
        "diagnostics"
    ]
    assert (found["percentage"], found["affected_event_count"], found["total_event_count"]) == (50.0, 1, 2)


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "web",
        "web{nothing_such}",
        "web{event_name{percentage}}",
        "offline{event_name}",
        "web{event_name",
        "web}event_name{",
        "web{event_name},other",
        "web{{event_name}}",
        "web{event_match_quality{composite_score(1)}}",
        "web{" * 5_000,
    ],
)
def test_only_documented_fields_may_be_asked_for(sandbox: Sandbox, fields: str) -> None:
    answer = ask(sandbox, fields)
    if fields == "web":
        assert answer.status == 200
    else:
        assert (answer.status, answer.error["code"]) == (400, 100)


@pytest.mark.parametrize(
    ("token", "pixel", "code"),
    [
        (None, "12", (190, None)),
        ("EAAB-a-real-one", "12", (190, None)),
        ("sandbox-13", "12", (100, 33)),
        ("sandbox-99", "99", (100, 33)),
        ("sandbox-12", "", (100, 33)),
    ],
)
def test_who_asks_needs_the_pixels_token(
    sandbox: Sandbox, token: str | None, pixel: str, code: tuple[int, int | None]
) -> None:
    error = ask(sandbox, token=token, pixel=pixel).error
    assert (error["code"], error.get("error_subcode")) == code


def test_a_gateway_that_asks_for_no_key_changes_nothing_here() -> None:
    with Sandbox(conduct=Conduct(gateway_needs_key=False)) as sandbox:
        assert ask(sandbox, token=None).error["code"] == 190


def test_an_expired_token_is_told_of(sandbox: Sandbox) -> None:
    sandbox.expire_token("12")
    error = ask(sandbox).error
    assert (error["code"], error["error_subcode"]) == (190, 463)


@pytest.mark.parametrize(("fault", "status", "code"), [("permission_missing", 403, 200), ("app_limit", 400, 4)])
def test_a_fault_that_names_this_endpoint_strikes_it(sandbox: Sandbox, fault: str, status: int, code: int) -> None:
    sandbox.next(Fault(fault, endpoint="dataset_quality"))
    assert post(sandbox.url, [purchase()]).status == 200
    answer = ask(sandbox)
    assert (answer.status, answer.error["code"]) == (status, code)
    assert ask(sandbox).status == 200


def test_an_answer_can_be_late_and_cut(sandbox: Sandbox) -> None:
    sandbox.always(Fault("latency", endpoint="dataset_quality", delay_seconds=0.2))
    began = time.monotonic()
    assert ask(sandbox).status == 200
    assert time.monotonic() - began >= 0.2


def test_a_fault_for_posts_waits_for_a_post(sandbox: Sandbox) -> None:
    sandbox.next("transient")
    assert ask(sandbox).status == 200
    assert post(sandbox.url, [purchase()]).error["code"] == 2


def test_it_is_in_the_books_without_its_token(sandbox: Sandbox) -> None:
    ask(sandbox)
    (posted,) = sandbox.requests
    assert (posted.method, posted.pixel, posted.endpoint, posted.events) == ("GET", "12", "dataset_quality", 0)
    assert (posted.outcome, posted.token_in) == ("answered", "header")
    assert "sandbox-12" not in repr(posted)


def test_a_token_in_the_url_is_warned_of(sandbox: Sandbox) -> None:
    answer = ask(sandbox, token=None, access_token="sandbox-12")
    assert "query string" in answer.headers["X-Sandbox-Warning"]


def test_it_is_a_get_and_nothing_else(sandbox: Sandbox) -> None:
    answer = call(sandbox.url, "POST", f"/v25.0/dataset_quality?dataset_id=12&fields={SHARES}")
    assert answer.error["code"] == 2500
