"""Marked personal data and secrets go through the whole service, and turn up only in posts and letters' values.

Nor do their hashes: whoever has a mail address can hash it, and look for it.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import subprocess
import urllib.request
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from capi_stream.cli.demo.members import Member
from capi_stream.sandbox.errors import ERRORS
from capi_stream.sandbox.faults import Fault
from tests.builders import PIXEL, encoded
from tests.real.clients import wait_until
from tests.service.bugs import TRIGGER, planting
from tests.service.collector import Collector, traceparent
from tests.service.shop import OTHER_PIXEL, Shop, fresh, logged

MARK = rb"zq.{0,16}?mark|5550199|198\.51\.100\.99|2001:db8::99"
"""What every marked value holds, in whatever letters; of one that is torn, whatever stands for the bytes between."""

PHONE, IPS = "+1 650 555 0199", ("198.51.100.99", "2001:db8::99")
SECRET = "zqmark-secret"
TOKENS = {str(PIXEL): "sandbox-zqmark-token-1", OTHER_PIXEL: "sandbox-zqmark-token-2"}

RENEWED = "sandbox-zqmark-token-3"

REASONS = {
    "undecodable", "not_framed", "leftover_bytes", "pixel_not_configured", "event_time_too_old", "currency_unknown",
    "malformed_parameter",
}  # fmt: skip
"""What the records of `publish` become letters for."""


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
    from_a_trace = [
        ("traceparent", traceparent(7).encode()),
        ("tracestate", b"shop=zqmark"),
        ("baggage", b"mail=zqmark.mail@example.com"),
    ]
    shop.publish([marked(f"good-{number}") for number in range(20)], headers=from_a_trace)
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


def hashes(shop: Shop) -> set[str]:
    """SHA-256 in hex: all that the API was sent, and of each marked value as it is, in small letters, as digits."""
    sent = {each for pixel in TOKENS for each in re.findall(r"\b[0-9a-f]{64}\b", str(shop.sandbox.events(pixel)))}
    assert hashed("zqmark.mail@example.com") in sent
    assert hashed("16505550199") in sent
    values = [SECRET, RENEWED, *TOKENS.values(), *IPS]
    for value in customer().values():
        values.extend(value if isinstance(value, list) else [value])
    return sent | {hashed(form) for each in values for form in (each, each.lower(), re.sub(r"\D", "", each) or each)}


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def assert_unmarked(seen: Iterable[tuple[str, bytes]], hashes: Collection[str] = ()) -> None:
    """Neither a mark nor one of `hashes` is in any of what was `seen`: where, and what."""
    marks = re.compile(b"|".join([MARK, *(each.encode() for each in hashes)]), re.IGNORECASE | re.DOTALL)
    for where, content in seen:
        found = marks.search(content)
        assert found is None, f"{where}: {content[max(0, found.start() - 200) : found.end() + 60]!r}"


def seen_from_outside(member: Member) -> Iterator[tuple[str, bytes]]:
    """The pages and headers of the admin port, and the process's arguments."""
    for path in ("/", "/metrics", "/healthz", "/readyz", "/dead-letters"):
        with urllib.request.urlopen(f"{member.admin}{path}", timeout=5) as answer:
            yield f"headers of {path}", str(answer.headers).encode()
            yield path, answer.read()
    yield "ps", subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(member.pid)], capture_output=True).stdout


def headers_of_letters(shop: Shop) -> Iterator[tuple[str, bytes]]:
    """Each header of each letter."""
    for letter in shop.letters():
        headers: list[Any] = list(letter.headers() or ())
        for name, value in headers:
            yield f"header {name} of a letter", value or b""


def test_personal_data_and_secrets_are_nowhere_but_in_posts_and_letters_values(quoting_shop: Shop) -> None:
    shop = quoting_shop
    shop.sandbox.order(
        Fault("app_limit", times=1, minutes=0, pixel=str(PIXEL)),
        Fault("hung_up", times=1, pixel=str(PIXEL)),
    )
    shop.sandbox.expire_token(OTHER_PIXEL)
    publish(shop)
    with Collector() as collector:
        member = shop.run(
            logs={"level": "debug"},
            admin={"dead_letters": True},
            kafka={"common": {"sasl.password": SECRET, "ssl.key.password": SECRET, "debug": "conf,security,topic"}},
            registry={"properties": {"basic.auth.user.info": f"zqmark-user:{SECRET}"}},
            tracing=collector.settings,
        )
        wait_until(
            lambda: "token_invalid" in {line["reason"] for line in logged(member, "gate_held")}, 30, "it is held"
        )
        seen = [*seen_from_outside(member)]
        shop.sandbox.renew_token(OTHER_PIXEL, RENEWED)
        shop.token_file(OTHER_PIXEL).write_text(RENEWED)
        shop.wait_until_committed(40)
        wait_until(
            lambda: b"Invalid parameter" in dict(seen_from_outside(member))["/"], 10, "the API's own words are shown"
        )
        wait_until(
            lambda: all(reason.encode() in dict(seen_from_outside(member))["/dead-letters"] for reason in REASONS),
            10, "the letters are shown",
        )  # fmt: skip
        seen += seen_from_outside(member)
        assert member.stop(60) == 0
    assert set(shop.reasons) == REASONS
    assert any(span.links for span in collector.spans), "the records' traces were looked at"
    assert_unmarked(
        [
            *seen,
            ("log", member.log.read_bytes()),
            *headers_of_letters(shop),
            *(("span", body) for body in collector.bodies),
        ],
        hashes(shop),
    )
    mark = re.compile(MARK, re.IGNORECASE | re.DOTALL)
    assert mark.search(str(shop.sandbox.events(str(PIXEL))).encode()), "what was marked was sent"
    assert all(mark.search(letter.value() or b"") for letter in shop.letters()), "and stands in each letter's value"


@pytest.mark.parametrize(("where", "told"), [("loop", "crashed"), ("poster", "stopped")])
def test_a_bug_whose_words_quote_a_record_is_told_without_them(shop: Shop, where: str, told: str) -> None:
    """In the loop and in every thread; words of a library's ValueError are a text that it could not read."""
    with planting(where, shop.folder):
        member = shop.start(logs={"level": "debug"}, quality={"every_minutes": 15})
    in_threads = ("thread_crashed", "expiries_unknown", "quality_failed")
    wait_until(lambda: all(logged(member, event) for event in in_threads), 20, "what failed in threads is told")
    with pytest.raises(http.client.RemoteDisconnected):
        urllib.request.urlopen(member.admin, timeout=5)
    wait_until(lambda: logged(member, "admin_request_failed"), 10, "the page's failure is told")
    shop.publish([marked(TRIGGER.decode())])
    wait_until(lambda: member.exit_code is not None, 40, "it ends")
    assert member.exit_code == 1
    (line,) = logged(member, told)
    assert "ValueError" in (line.get("error"), line["reason"].split()[-1] if "reason" in line else "")
    assert_unmarked([("log", member.log.read_bytes())])
