"""The stand-in as a gateway: it answers by status, with a key of its own in the body."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from capi_stream.sandbox.judging import Conduct
from capi_stream.sandbox.server import Sandbox
from tests.sandbox.sandbox_client import call, purchase


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pixels=["12", "13"]) as running:
        yield running


def gateway_post(sandbox: Sandbox, **body: Any) -> Any:
    return call(sandbox.url, "POST", "/capi/12/events", json.dumps(body).encode(), Content_Type="application/json")


def test_a_gateway_accepts_with_202_and_no_count(sandbox: Sandbox) -> None:
    answer = gateway_post(sandbox, data=[purchase("a")], accessKey="sandbox-12")

    assert answer.status == 202
    assert "events_received" not in answer.values
    assert sandbox.accepted("12", "gateway") == {"a": 1}
    assert not sandbox.accepted("12")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"data": [purchase()], "accessKey": "EAAB"}, 401),
        ({"data": [purchase()]}, 401),
        ({"data": [purchase()], "accessKey": "sandbox-13"}, 404),
        ({"data": [purchase(event_time=1)], "accessKey": "sandbox-12"}, 400),
    ],
)
def test_a_gateway_refuses_by_status(sandbox: Sandbox, body: dict[str, Any], status: int) -> None:
    assert gateway_post(sandbox, **body).status == status


def test_a_gateway_may_need_no_key() -> None:
    with Sandbox(conduct=Conduct(gateway_needs_key=False)) as sandbox:
        assert gateway_post(sandbox, data=[purchase()]).status == 202
