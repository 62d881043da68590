"""The stand-in's books, and its admin paths: what was sent is read, faults, tokens and poison are ordered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from capi_stream.sandbox.judging import Conduct
from capi_stream.sandbox.ledger import Keeping
from capi_stream.sandbox.server import Sandbox
from tests.sandbox.sandbox_client import call, post, purchase


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pixels=["12", "13"]) as running:
        yield running


@pytest.mark.parametrize(
    ("keeping", "ids", "events"),
    [
        (Keeping(), {"a": 1, "b": 1, "c": 1}, ["a", "b", "c"]),
        (Keeping(events=2), {"a": 1, "b": 1, "c": 1}, ["b", "c"]),
        (Keeping(ids=False, events=0), {}, []),
    ],
)
def test_the_books_keep_as_much_as_they_should(keeping: Keeping, ids: dict[str, int], events: list[str]) -> None:
    with Sandbox(conduct=Conduct(keeping=keeping)) as sandbox:
        post(sandbox.url, [purchase("a"), purchase("b"), purchase("c")])

        assert sandbox.accepted() == ids
        assert [event["event_id"] for event in sandbox.events()] == events
        assert sandbox.ledger.total() == 3


def test_an_unchecked_sandbox_counts_events_without_reading_them() -> None:
    with Sandbox(conduct=Conduct(is_checked=False, keeping=Keeping(ids=False, events=0))) as sandbox:
        tricky = purchase("a", surprise='"action_source":', custom_data={"text": '{"action_source":1}'})
        answer = post(sandbox.url, [tricky, purchase("b")])

    assert answer.values["events_received"] == 2
    assert sandbox.ledger.total() == 2


def test_waiting_ends_when_the_events_are_there_and_gives_up_when_they_are_not(sandbox: Sandbox) -> None:
    post(sandbox.url, [purchase("a"), purchase("b")])

    assert sandbox.wait_for(2, "12")
    assert not sandbox.wait_for(3, "12", seconds=0.01)


def admin(sandbox: Sandbox, method: str, path: str, values: Any = None) -> Any:
    return call(sandbox.url, method, f"/_sandbox/{path}", None if values is None else json.dumps(values).encode())


def test_the_books_can_be_read_over_http(sandbox: Sandbox) -> None:
    post(sandbox.url, [purchase("a")])
    post(sandbox.url, [purchase("a")])
    post(sandbox.url, [purchase("b", event_time=1)], "13")

    assert admin(sandbox, "GET", "health").values == {"status": "ok", "events_accepted": 2}
    rows = {row["pixel"]: row for row in admin(sandbox, "GET", "ledger?ids=true").values["pixels"]}
    assert rows["12"]["event_ids"] == {"a": 2}
    assert rows["12"]["duplicates"] == 1
    assert rows["13"]["requests"] == {"too_old": 1}
    assert [event["event_id"] for event in admin(sandbox, "GET", "events?pixel=12").values] == ["a", "a"]
    assert [posted["pixel"] for posted in admin(sandbox, "GET", "requests?last=2").values] == ["12", "13"]


def test_the_books_can_be_cleared_over_http(sandbox: Sandbox) -> None:
    post(sandbox.url, [purchase("a")])

    assert admin(sandbox, "DELETE", "ledger").status == 200
    assert admin(sandbox, "GET", "ledger").values == {"pixels": [], "faults": {}, "warnings": {}}


def test_faults_can_be_ordered_and_cleared_over_http(sandbox: Sandbox) -> None:
    admin(sandbox, "POST", "faults", [{"name": "app_limit", "times": 1}, {"name": "transient"}])

    assert [fault["name"] for fault in admin(sandbox, "GET", "faults").values] == ["app_limit", "transient"]
    assert [post(sandbox.url, [purchase()]).error["code"] for _ in range(2)] == [4, 2]
    admin(sandbox, "DELETE", "faults")
    assert post(sandbox.url, [purchase()]).status == 200


def test_tokens_can_be_expired_and_renewed_over_http(sandbox: Sandbox) -> None:
    admin(sandbox, "POST", "tokens", {"pixel": "12", "expire_in_seconds": 0})
    assert post(sandbox.url, [purchase()]).error["code"] == 190

    assert admin(sandbox, "POST", "tokens", {"pixel": "12", "token": "fresh"}).values == {"12": "fresh"}
    assert post(sandbox.url, [purchase()], token="fresh").status == 200


def test_poison_can_be_ordered_and_cleared_over_http(sandbox: Sandbox) -> None:
    admin(sandbox, "POST", "poison", {"event_ids": ["a"], "error": "too_broad"})
    assert post(sandbox.url, [purchase("a")]).error["error_subcode"] == 2804050

    admin(sandbox, "DELETE", "poison")
    assert post(sandbox.url, [purchase("a")]).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "faults", {"name": "transent"}, 400, "Did you mean 'transient'?"),
        ("POST", "faults", {"name": "transient", "rate": 7}, 400, "from 0 to 1"),
        ("POST", "faults", {"name": "transient", "times": 0}, 400, "1 or more"),
        ("POST", "faults", {"name": "transient", "speed": 7}, 400, "no setting of a fault"),
        ("POST", "faults", {"name": "down"}, 400, "no fault of this server"),
        ("POST", "faults", {}, 400, "needs a name"),
        ("POST", "faults", 7, 400, "JSON object"),
        ("POST", "poison", {}, 400, "needs a prefix"),
        ("POST", "poison", {"prefix": "x", "error": "bad"}, 400, "no error of the API"),
        ("POST", "poison", {"event_ids": "x"}, 400, "array"),
        ("POST", "tokens", {"pixel": 12}, 400, "both strings"),
        ("POST", "tokens", {"pixel": "12", "token": "EAAB1"}, 400, "never give those"),
        ("GET", "nothing", None, 404, "/_sandbox/ledger"),
    ],
)
def test_a_wrong_order_says_what_is_wrong(
    sandbox: Sandbox, method: str, path: str, body: Any, status: int, said: str
) -> None:
    answer = admin(sandbox, method, path, body)

    assert answer.status == status
    assert said in answer.values["error"]
