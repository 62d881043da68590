"""What the stand-in says of its tokens at debug_token."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from capi_stream.sandbox.server import Sandbox
from tests.sandbox.sandbox_client import Reply, call


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pixels=["12", "13"]) as running:
        yield running


def ask(sandbox: Sandbox, asker: str | None, method: str = "GET", **query: str) -> Reply:
    headers: dict[str, Any] = {} if asker is None else {"Authorization": f"Bearer {asker}"}
    return call(sandbox.url, method, f"/v25.0/debug_token?{urlencode(query)}", **headers)


def test_a_token_may_ask_about_itself(sandbox: Sandbox) -> None:
    answer = ask(sandbox, "sandbox-12", input_token="sandbox-12")
    data = answer.values["data"]
    assert (answer.status, data["is_valid"], data["expires_at"]) == (200, True, 0)
    assert data["scopes"]


def test_a_token_that_will_expire_says_when(sandbox: Sandbox) -> None:
    sandbox.expire_token("12", 60.0)
    data = ask(sandbox, "sandbox-12", input_token="sandbox-12").values["data"]
    assert data["is_valid"] is True
    assert 50 < data["expires_at"] - time.time() <= 60


def test_one_that_has_expired_is_told_of_by_its_error(sandbox: Sandbox) -> None:
    sandbox.expire_token("12")
    data = ask(sandbox, "sandbox-13", input_token="sandbox-12").values["data"]
    assert data["is_valid"] is False
    assert data["expires_at"] <= time.time()
    assert (data["error"]["code"], data["error"]["subcode"]) == (190, 463)


@pytest.mark.parametrize("token", ["EAAB-a-real-one", "sandbox-99", "sandbox-", "nobody's"])
def test_one_that_is_not_the_sandboxs_is_not_valid(sandbox: Sandbox, token: str) -> None:
    data = ask(sandbox, "sandbox-13", input_token=token).values["data"]
    assert data["is_valid"] is False
    assert data["error"]["code"] == 190
    assert "subcode" not in data["error"]


@pytest.mark.parametrize(("asker", "subcode"), [(None, None), ("EAAB-a-real-one", None), ("sandbox-12", 463)])
def test_who_asks_needs_a_good_token(sandbox: Sandbox, asker: str | None, subcode: int | None) -> None:
    sandbox.expire_token("12")
    answer = ask(sandbox, asker, input_token="sandbox-13")
    assert answer.status == 400
    assert (answer.error["code"], answer.error.get("error_subcode")) == (190, subcode)


def test_a_question_about_nothing_is_refused(sandbox: Sandbox) -> None:
    assert ask(sandbox, "sandbox-12").error["code"] == 100


def test_it_is_a_get_and_nothing_else(sandbox: Sandbox) -> None:
    assert ask(sandbox, "sandbox-12", method="POST", input_token="sandbox-12").error["code"] == 2500


def test_the_askers_token_in_the_url_is_warned_of(sandbox: Sandbox) -> None:
    answer = ask(sandbox, None, input_token="sandbox-12", access_token="sandbox-12")
    assert answer.values["data"]["is_valid"] is True
    assert "query string" in answer.headers["X-Sandbox-Warning"]


def test_no_fault_strikes_it_and_it_is_not_in_the_books(sandbox: Sandbox) -> None:
    sandbox.next("transient")
    assert ask(sandbox, "sandbox-12", input_token="sandbox-12").status == 200
    assert sandbox.requests == []
