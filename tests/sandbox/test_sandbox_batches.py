"""The stand-in of the API judges a batch: taken as a whole, or refused with an error that may name the event."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from capi_stream.sandbox.faults import Naming
from capi_stream.sandbox.judging import Conduct
from capi_stream.sandbox.poison import Poison
from capi_stream.sandbox.server import Sandbox
from tests.sandbox.sandbox_client import post, purchase


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pixels=["12", "13"]) as running:
        yield running


def test_a_valid_batch_is_accepted_and_counted(sandbox: Sandbox) -> None:
    answer = post(sandbox.url, [purchase("a"), purchase("b")])

    assert answer.status == 200
    assert answer.values["events_received"] == 2
    assert answer.values["messages"] == []
    assert answer.values["fbtrace_id"].startswith("A")
    assert json.loads(answer.headers["X-App-Usage"])["call_count"] == 1
    assert sandbox.accepted("12") == {"a": 1, "b": 1}
    assert [event["event_id"] for event in sandbox.events("12")] == ["a", "b"]


def test_an_event_that_is_sent_twice_is_seen_twice(sandbox: Sandbox) -> None:
    post(sandbox.url, [purchase("a")])
    post(sandbox.url, [purchase("a"), purchase("b")])

    assert sandbox.accepted("12") == {"a": 2, "b": 1}
    assert sandbox.ledger.summary("12")["pixels"][0]["duplicates"] == 1


def test_one_bad_event_refuses_the_whole_batch(sandbox: Sandbox) -> None:
    answer = post(sandbox.url, [purchase("a"), purchase("b", event_time=int(time.time()) - 8 * 86_400)])

    assert answer.status == 400
    assert (answer.error["code"], answer.error["error_subcode"]) == (100, 2804003)
    assert answer.error["fbtrace_id"]
    assert not sandbox.accepted("12")
    assert sandbox.requests[-1].outcome == "too_old"


@pytest.mark.parametrize(
    ("data", "expected"),
    [([], "1 to 1000"), ([purchase()] * 1001, "1 to 1000"), ({"a": 1}, "array"), ([["x"]], "$['data'][0]")],
)
def test_data_must_be_an_array_of_1_to_1000_events(sandbox: Sandbox, data: Any, expected: str) -> None:
    answer = post(sandbox.url, data)

    assert answer.error["code"] == 100
    assert expected in answer.error["error_user_msg"]


def test_a_thousand_events_are_one_batch(sandbox: Sandbox) -> None:
    assert post(sandbox.url, [purchase(str(number)) for number in range(1000)]).values["events_received"] == 1000


NAMED = [
    ("documented", {"surprise": 1}, "$['data'][1]", None),
    ("documented", {"event_time": 1}, None, None),
    ("always", {"surprise": 1}, "$['data'][1]", None),
    ("always", {"event_time": 1}, "$['data'][1]['event_time']", None),
    ("never", {"surprise": 1}, None, None),
    ("first", {"event_time": 1}, "$['data'][0]", None),
    ("error_data", {"event_time": 1}, None, 1),
]


@pytest.mark.parametrize(("naming", "fault", "named", "in_error_data"), NAMED)
def test_an_error_names_the_event_or_not_as_asked(
    naming: Naming, fault: dict[str, Any], named: str | None, in_error_data: int | None
) -> None:
    with Sandbox(conduct=Conduct(naming=naming)) as sandbox:
        error = post(sandbox.url, [purchase("a"), purchase("b", **fault)]).error

    text = error["error_user_msg"]
    assert named in text if named else "$['data']" not in text
    assert json.loads(error["error_data"]).get("event_index") == in_error_data


@pytest.mark.parametrize(
    "poison",
    [
        Poison(prefix="bad-"),
        Poison(event_ids=frozenset(["bad-1"])),
        Poison(marker="is_poison"),
    ],
)
def test_poison_keeps_every_rule_and_is_refused(sandbox: Sandbox, poison: Poison) -> None:
    bad = purchase("bad-1", custom_data={"value": 1, "currency": "EUR", "is_poison": True})
    sandbox.poison(poison)

    assert post(sandbox.url, [purchase("a"), bad]).error["error_subcode"] == 2804019
    assert post(sandbox.url, [purchase("a")]).status == 200


def test_poison_can_cause_any_error_and_name_its_index_or_not(sandbox: Sandbox) -> None:
    sandbox.poison(Poison(prefix="x", naming="always"), Poison(prefix="y", error="unknown", naming="never"))

    assert "$['data'][1]" in post(sandbox.url, [purchase("a"), purchase("x")]).error["error_user_msg"]
    assert post(sandbox.url, [purchase("a"), purchase("y")]).error["code"] == 1


def test_a_strict_sandbox_refuses_what_is_only_warned_of_else() -> None:
    without_agent = purchase(user_data={"external_id": "7"})
    with Sandbox() as sandbox, Sandbox(conduct=Conduct(is_strict=True)) as strict:
        assert post(sandbox.url, [without_agent]).status == 200
        assert sandbox.ledger.summary()["warnings"] == {"website_without_user_agent": 1}
        assert "website_without_user_agent" in post(strict.url, [without_agent]).error["error_user_msg"]


BESIDE = {
    **dict.fromkeys(("partner_agent", "namespace_id", "upload_id", "upload_tag", "upload_source"), "12"),
    "appsecret_proof": "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
}


def test_the_parameters_beside_the_events_are_taken(sandbox: Sandbox) -> None:
    assert post(sandbox.url, [purchase()], **BESIDE).status == 200


@pytest.mark.parametrize("name", [*BESIDE, "test_event_code"])
def test_a_parameter_beside_the_events_must_be_a_string(sandbox: Sandbox, name: str) -> None:
    parameters: dict[str, Any] = {name: 12}
    error = post(sandbox.url, [purchase()], **parameters).error
    assert (error["code"], name in error["error_user_msg"]) == (100, True)
    assert sandbox.accepted() == {}


def test_a_proof_that_is_no_sha_256_is_refused(sandbox: Sandbox) -> None:
    assert post(sandbox.url, [purchase()], appsecret_proof="s3cret").error["code"] == 100


def test_a_test_event_code_is_warned_of(sandbox: Sandbox) -> None:
    post(sandbox.url, [purchase()], test_event_code="TEST1")

    assert sandbox.ledger.summary()["warnings"] == {"test_event_code": 1}
