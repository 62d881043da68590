"""Marked personal data and secrets go through the whole service, and turn up only in posts and letters' values."""

from __future__ import annotations

import re
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from capi_stream.cli.demo.members import Member
from capi_stream.sandbox.errors import ERRORS
from capi_stream.sandbox.faults import Fault
from tests.builders import PIXEL, encoded
from tests.real.clients import wait_until
from tests.service.shop import OTHER_PIXEL, Shop, fresh, logged

MARK = re.compile(rb"zq[^ -~]{0,2}mark|zqmark|5550199|198\.51\.100\.99|2001:db8::99", re.IGNORECASE)
"""What every marked value holds, in whatever letters."""

PHONE, IPS = "+1 650 555 0199", ("198.51.100.99", "2001:db8::99")
SECRET = "zqmark-secret"
TOKENS = {str(PIXEL): "sandbox-zqmark-token-1", OTHER_PIXEL: "sandbox-zqmark-token-2"}

RENEWED = "sandbox-zqmark-token-3"


def customer(**changes: Any) -> dict[str, Any]:
    """Every personal field, marked."""
    given: dict[str, Any] = {
        "emails": ["zqmark.mail@example.com", "no mail: zqmark"],
        "phones": [PHONE, "zqmark phone"],
        "ip_address": IPS[0],
        "user_agent": "zqmark agent/1.0 (Zqmark OS)",
        "fbc": "fb.1.1554763741205.zqmarkClick",
        "fbp": "fb.1.1558571054389.zqmark",
        "external_ids": ["zqmark-external"],
    }
    texts = (
        *("first_name", "last_name", "gender", "city", "state", "postal_code", "country", "facebook_login_id"),
        *("subscription_id", "lead_id", "mobile_advertiser_id", "anonymous_id"),
    )
    return given | {name: f"zqmark {name}" for name in texts} | changes


def marked(event_id: str, **changes: Any) -> dict[str, Any]:
    """A purchase of a marked customer, on marked pages."""
    page = {"url": "https://shop.example.com/zqmark?mail=zqmark", "referrer_url": "https://zqmark.example.com/"}
    return fresh(event_id, page=page, **{"customer": customer(), **changes})


def publish(shop: Shop) -> None:
    """Good records; such as rules refuse, each for something that quotes; and such as cannot be read."""
    shop.publish([marked(f"good-{number}") for number in range(20)])
    shop.publish([marked(f"other-{number}", pixel_id=OTHER_PIXEL) for number in range(10)])
    shop.publish(marked(f"bad-{number}") for number in range(3))
    shop.publish([
        marked("old") | {"occurred_at": 1_600_000_000_000},
        marked("currency", order_currency="ZZZ"),
        marked("fbc", customer=customer(fbc="zqmark")),
        marked("ip", customer=customer(ip_address="zqmark")),
        marked("alone", customer=dict(customer(), emails=["zqmark"], phones=["zqmark"], fbp="zqmark", fbc=None)),
        marked("pixel", pixel_id="999"),
        marked("price", order_value=Decimal("-1")),
    ])  # fmt: skip
    whole = encoded(marked("torn"), shop.schema_id)
    shop.publish_values(
        [b"zqmark no Avro", whole[:-9], whole + b"zqmark", whole.replace(b"zqmark", b"zq\xff\xfemark"), None]
    )


@pytest.fixture
def quoting_shop(shop: Shop) -> Iterator[Shop]:
    """A shop with marked tokens, whose API quotes all that it was sent when it refuses a `bad-` event or a token."""
    said = "Invalid parameter: 'zqmark agent/1.0', zqmark.mail@example.com, +16505550199, 198.51.100.99 of Zqmark"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ERRORS, "schema", replace(ERRORS["schema"], message=said, title=said))
        for name in ("token_expired", "token_invalid"):
            patch.setitem(ERRORS, name, replace(ERRORS[name], message=f"Invalid token {TOKENS[OTHER_PIXEL]}"))
        for pixel, token in TOKENS.items():
            shop.sandbox.renew_token(pixel, token)
        shop.sandbox.poison("bad-")
        yield shop


def assert_unmarked(where: str, content: bytes) -> None:
    found = MARK.search(content)
    assert found is None, f"{where}: {content[max(0, found.start() - 200) : found.end() + 60]!r}"


def seen_from_outside(member: Member) -> Iterator[tuple[str, bytes]]:
    """The pages and headers of the admin port, and the process's arguments."""
    for path in ("/", "/metrics", "/healthz", "/readyz"):
        with urllib.request.urlopen(f"{member.admin}{path}", timeout=5) as answer:
            yield f"headers of {path}", str(answer.headers).encode()
            yield path, answer.read()
    yield "ps", subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(member.pid)], capture_output=True).stdout


def test_personal_data_and_secrets_are_nowhere_but_in_posts_and_letters_values(quoting_shop: Shop) -> None:
    shop = quoting_shop
    shop.sandbox.order(
        Fault("app_limit", times=1, minutes=0, pixel=str(PIXEL)),
        Fault("hung_up", times=1, pixel=str(PIXEL)),
    )
    shop.sandbox.expire_token(OTHER_PIXEL)
    publish(shop)
    member = shop.run(
        logs={"level": "debug"},
        kafka={"common": {"sasl.password": SECRET, "ssl.key.password": SECRET, "debug": "conf,security,topic"}},
        registry={"properties": {"basic.auth.user.info": f"zqmark-user:{SECRET}"}},
    )
    wait_until(lambda: "token_invalid" in {line["reason"] for line in logged(member, "gate_held")}, 30, "it is held")
    for where, content in seen_from_outside(member):
        assert_unmarked(where, content)
    shop.sandbox.renew_token(OTHER_PIXEL, RENEWED)
    shop.token_file(OTHER_PIXEL).write_text(RENEWED)
    shop.wait_until_committed(40)
    wait_until(
        lambda: b"Invalid parameter" in dict(seen_from_outside(member))["/"], 10, "the API's own words are shown"
    )
    for where, content in seen_from_outside(member):
        assert_unmarked(where, content)
    assert member.stop(60) == 0
    assert_unmarked("log", member.log.read_bytes())
    letters = shop.letters()
    assert {"undecodable", "not_framed", "currency_unknown", "schema_mismatch"} & set(shop.reasons)
    for letter in letters:
        headers: list[Any] = list(letter.headers() or ())
        for name, value in headers:
            assert_unmarked(f"header {name} of a letter", value or b"")
    assert MARK.search(str(shop.sandbox.events(str(PIXEL))).encode()), "what was marked was sent"
    assert all(MARK.search(bytes(letter.value() or b"")) for letter in letters), "and stands in each letter's value"
