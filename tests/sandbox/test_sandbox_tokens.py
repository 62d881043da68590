"""The stand-in's tokens: which open a pixel, where they may stand, and how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from capi_stream.sandbox.server import Sandbox
from tests.sandbox.sandbox_client import call, post, purchase


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pixels=["12", "13"]) as running:
        yield running


@pytest.mark.parametrize(
    ("token", "pixel", "code", "subcode"),
    [
        ("EAAB-a-real-one", "12", 190, None),
        ("sandbox-99", "12", 190, None),
        ("sandbox-13", "12", 100, 33),
        ("sandbox-12", "99", 100, 33),
    ],
)
def test_a_token_that_does_not_open_the_pixel_is_refused(
    sandbox: Sandbox, token: str, pixel: str, code: int, subcode: int | None
) -> None:
    error = post(sandbox.url, [purchase()], pixel, token).error

    assert (error["code"], error.get("error_subcode")) == (code, subcode)
    assert not sandbox.accepted()


def test_a_foreign_token_is_told_of_whatever_fault_is_on(sandbox: Sandbox) -> None:
    sandbox.always("lost")

    assert post(sandbox.url, [purchase()], token="EAAB-a-real-one").error["code"] == 190


def test_a_token_that_looks_real_cannot_be_configured() -> None:
    with pytest.raises(ValueError, match="never give those"):
        Sandbox(tokens={"12": "EAABsbCS1iHgBO"})


def test_an_expired_token_is_refused_until_it_is_renewed(sandbox: Sandbox) -> None:
    sandbox.expire_token("12")
    error = post(sandbox.url, [purchase()]).error
    assert (error["code"], error["error_subcode"]) == (190, 463)

    fresh = sandbox.renew_token("12")

    assert post(sandbox.url, [purchase()]).error["code"] == 190  # the old one
    assert post(sandbox.url, [purchase()], token=fresh).status == 200


def test_a_token_that_was_replaced_has_expired(sandbox: Sandbox) -> None:
    sandbox.renew_token("12")

    assert post(sandbox.url, [purchase()]).error["error_subcode"] == 463


def test_the_same_token_can_be_renewed(sandbox: Sandbox) -> None:
    sandbox.expire_token("12")
    sandbox.renew_token("12", "sandbox-12")

    assert post(sandbox.url, [purchase()]).status == 200


def test_one_token_can_open_several_pixels() -> None:
    with Sandbox(tokens={"12": "ours", "13": "ours"}) as sandbox:
        assert post(sandbox.url, [purchase()], "12", "ours").status == 200
        assert post(sandbox.url, [purchase()], "13", "ours").status == 200


def test_a_token_may_come_in_the_body(sandbox: Sandbox) -> None:
    body = json.dumps({"data": [purchase()], "access_token": "sandbox-12"}).encode()

    assert call(sandbox.url, "POST", "/v25.0/12/events", body).status == 200
    assert sandbox.requests[-1].token_in == "body"


def test_a_token_in_the_url_is_taken_and_told_of_as_a_leak(sandbox: Sandbox) -> None:
    body = json.dumps({"data": [purchase()]}).encode()

    answer = call(sandbox.url, "POST", "/v25.0/12/events?access_token=sandbox-12", body)

    assert answer.status == 200
    assert "query string" in answer.headers["X-Sandbox-Warning"]
    assert sandbox.ledger.summary()["warnings"] == {"token_in_url": 1}
    assert "sandbox-12" not in repr(sandbox.requests)
