"""Letters that hold the event in place of the record, on a real Kafka: nothing raw is stored, and they come back."""

from __future__ import annotations

import json
import re
from typing import Any

from confluent_kafka import Message
from cryptography.fernet import Fernet

from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.poison import Poison
from tests.builders import PIXEL
from tests.service.replays import once, published_and_settled, renewed, replay
from tests.service.shop import OTHER_PIXEL, Shop, fresh, header
from tests.service.test_no_personal_data import customer, marked, publish
from tests.service.tools import configuration, tool

HASHED: dict[str, Any] = {"letters": {"content": "hashed_event"}}
RAW = re.compile(rb"zqmark\.mail|555.?0199|zqmark.external|zqmark (?:first|last|city)|no mail", re.IGNORECASE)


def whole(letter: Message) -> bytes:
    """All bytes of a letter."""
    headers: list[Any] = list(letter.headers() or ())
    return b"\n".join([letter.key() or b"", letter.value() or b"", *(value or b"" for _, value in headers)])


def refused(shop: Shop, *ids: str, **changes: Any) -> None:
    """Dead letters of these events, which the API would take now."""
    shop.sandbox.poison(Poison(event_ids=frozenset(ids)))
    published_and_settled(shop, (fresh(each) for each in ids), **changes)
    shop.sandbox.clear_poison()


def test_nothing_raw_is_in_any_byte_of_a_letter(shop: Shop) -> None:
    """Neither in value, key nor headers, of what decoding, mapping, rules and the API refuse."""
    shop.sandbox.poison("bad-")
    member = shop.run(**HASHED)
    shop.publish([marked("bad-keyed")], key=b"zqmark.mail@example.com", headers=[("mail", b"zqmark.mail@example.com")])
    publish(shop)
    shop.wait_until_committed(40)
    member.kill()
    letters = shop.letters()
    for letter in letters:
        assert RAW.search(whole(letter)) is None, header(letter, "reason")
        assert (letter.key(), header(letter, "content"), header(letter, "detail")) == (None, "hashed_event", "")
    with_value = [letter for letter in letters if letter.value() is not None]
    assert {header(letter, "stage") for letter in with_value} == {"post"}
    assert {header(each, "stage") for each in letters if each not in with_value} == {"decode", "map", "validate"}
    assert {header(each, "value_omitted") for each in letters if each not in with_value} == {"true"}
    [event] = [json.loads(each.value() or b"") for each in letters if header(each, "event_id") == "bad-keyed"]
    assert event["user_data"]["client_ip_address"] == customer()["ip_address"], "which the API wants in clear"
    assert re.fullmatch("[0-9a-f]{64}", event["user_data"]["em"][0])


def test_what_the_api_refused_is_sent_again_as_it_was(shop: Shop) -> None:
    refused(shop, "order-1", "order-2", **HASHED)
    kept = {header(letter, "event_id"): json.loads(letter.value() or b"") for letter in shop.letters()}
    looked = replay(shop, **HASHED)
    assert "2 would be sent" in looked.stdout
    assert f"{PIXEL}  Purchase" in looked.stdout
    done = replay(shop, "--yes", **HASHED)
    assert done.returncode == 0, done.stderr
    assert shop.accepted() == once(["order-1", "order-2"])
    assert {each["event_id"]: each for each in shop.sandbox.events(str(PIXEL))} == kept


def test_only_the_destination_that_refused_it_gets_it(shop: Shop) -> None:
    gateway = {"url": shop.sandbox.url, "access_key": shop.sandbox.token(str(PIXEL))}
    changes = {**HASHED, "pixels": {str(PIXEL): {"gateway": gateway}}}
    shop.sandbox.next(Fault("schema", endpoint="gateway"))
    published_and_settled(shop, [fresh("order-1")], **changes)
    assert (shop.accepted(), shop.accepted(endpoint="gateway")) == ({"order-1": 1}, {})
    assert replay(shop, "--yes", **changes).returncode == 0
    assert (shop.accepted(), shop.accepted(endpoint="gateway")) == ({"order-1": 1}, {"order-1": 1})


def test_what_fails_again_is_the_same_letter_once_more_whatever_is_set_now(shop: Shop) -> None:
    refused(shop, "order-1", **HASHED)
    (first,) = shop.letters()
    shop.sandbox.poison(Poison(event_ids=frozenset(["order-1"])))
    for changes in (HASHED, {}):
        assert replay(shop, "--yes", **changes).returncode == 0
    shop.sandbox.clear_poison()
    for number, letter in enumerate(shop.letters()[1:], start=1):
        assert (letter.key(), letter.value()) == (None, first.value())
        assert (header(letter, "content"), header(letter, "replay_count")) == ("hashed_event", str(number))
    assert replay(shop, "--yes").returncode == 0
    assert shop.accepted() == once(["order-1"])


def test_parked_records_come_back(shop: Shop) -> None:
    shop.sandbox.expire_token(str(PIXEL))
    events = [fresh("held-1"), fresh("free-1", pixel_id=OTHER_PIXEL)]
    published_and_settled(shop, events, **HASHED, delivery={"park_after_seconds": 1})
    (letter,) = shop.letters(shop.parked)
    assert json.loads(letter.value() or b"")["event_id"] == "held-1"
    renewed(shop)
    assert replay(shop, "--parked", "--yes", **HASHED).returncode == 0
    assert shop.accepted(str(PIXEL)) == once(["held-1"])


def test_what_has_no_event_is_passed_over_and_what_is_none_goes_to_no_topic(shop: Shop) -> None:
    refused(shop, "order-1", **HASHED)
    member = shop.run(**HASHED)
    shop.publish_values([b"no Avro"])
    shop.wait_until_committed()
    member.kill()
    looked = replay(shop, **HASHED)
    assert "1 would be sent, 1 left where they lie" in looked.stdout
    assert "value_omitted" in looked.stdout
    put = replay(shop, "--yes", "--to-topic", shop.topic, "--id", "put", **HASHED)
    assert put.returncode == 0, put.stderr
    assert "1  left where they lie, not_a_record" in put.stdout
    assert "1  left where they lie, value_omitted" in put.stdout
    assert replay(shop, "--yes", **HASHED).returncode == 0
    assert shop.accepted() == once(["order-1"])
    assert len(shop.letters()) == 2


def test_a_pixel_that_is_not_configured_any_more_refuses_it_and_the_event_stays(shop: Shop) -> None:
    shop.sandbox.poison(Poison(event_ids=frozenset(["order-1"])))
    published_and_settled(shop, [fresh("order-1", pixel_id=OTHER_PIXEL)], **HASHED)
    shop.sandbox.clear_poison()
    gone = {**HASHED, "pixels": {OTHER_PIXEL: None}}
    assert replay(shop, "--yes", **gone).returncode == 0
    first, again = shop.letters()
    assert (header(again, "reason"), again.value()) == ("pixel_not_configured", first.value())
    assert replay(shop, "--yes", **HASHED).returncode == 0
    assert shop.accepted(OTHER_PIXEL) == once(["order-1"])


def test_it_goes_together_with_encryption(shop: Shop) -> None:
    key = Fernet.generate_key().decode()
    (shop.folder / "keys").write_text(key)
    both = {"letters": {"content": "hashed_event", "encryption_key_file": str(shop.folder / "keys")}}
    refused(shop, "order-1", **both)
    (letter,) = shop.letters()
    assert json.loads(Fernet(key).decrypt(letter.value() or b""))["event_id"] == "order-1"
    assert replay(shop, "--yes", **both).returncode == 0
    assert shop.accepted() == once(["order-1"])


def test_the_tools_that_look_say_what_it_is(shop: Shop) -> None:
    refused(shop, "order-1", **HASHED)
    place = f"{shop.letters()[0].partition()}/0"
    shown = tool("dead-letters", "show", place, "-c", configuration(shop, **HASHED))
    assert shown.returncode == 0, shown.stderr
    assert "the event as it would be posted" in shown.stdout
    assert f"send to pixel {PIXEL}" in shown.stdout
    assert "198.51.100.7" not in shown.stdout
    raw = tool("dead-letters", "show", place, "--raw", "-c", configuration(shop, **HASHED))
    assert "198.51.100.7" in raw.stdout
