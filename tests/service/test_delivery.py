"""What a record becomes: accepted, a dead letter that says why, or filtered; and what is committed."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from typing import Any

import pytest

from capi_stream.sandbox.faults import Fault
from tests.builders import PIXEL, avro_bytes, commerce_event, encoded
from tests.real.clients import wait_until
from tests.service.shop import OTHER_PIXEL, Shop, fresh, header


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_records_are_accepted_and_committed(shop: Shop) -> None:
    member = shop.run()
    shop.publish(fresh(f"order-{number}") for number in range(50))
    shop.wait_until_committed()
    assert shop.accepted(str(PIXEL)) == {f"order-{number}": 1 for number in range(50)}
    assert shop.letters() == []
    assert member.stop(60) == 0


def test_an_event_arrives_as_the_contract_says(shop: Shop) -> None:
    event = fresh("order-1")
    shop.publish([event])
    shop.run()
    shop.wait_until_committed()
    (sent,) = shop.sandbox.events(str(PIXEL))
    assert sent == {
        "event_name": "Purchase",
        "event_time": event["occurred_at"] // 1_000,
        "event_id": "order-1",
        "action_source": "website",
        "event_source_url": "https://shop.example.com/thanks",
        "referrer_url": "https://shop.example.com/basket",
        "user_data": {
            "em": [sha256("ana.silva@example.com")],
            "ph": [sha256("16505550112")],
            "fn": [sha256("ana")],
            "client_ip_address": "198.51.100.7",
            "client_user_agent": "Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0",
        },
        "custom_data": {
            "value": 119.97,
            "currency": "usd",
            "order_id": "O-1001",
            "content_type": "product",
            "contents": [
                {"id": "SKU-1", "quantity": 2, "item_price": 19.99, "title": "Mug"},
                {"id": "SKU-2", "quantity": 1, "item_price": 79.99},
            ],
            "campaign": "winter",
        },
    }


def test_what_cannot_be_sent_is_a_dead_letter_that_says_why(shop: Shop) -> None:
    whole = encoded(fresh("cut"), shop.schema_id)
    unsendable: dict[str, bytes] = {
        "not_framed": b"not Avro",
        "undecodable": whole[:-9],
        "leftover_bytes": whole + b"more",
        "event_time_too_old": encoded(fresh("old") | {"occurred_at": 1_600_000_000_000}, shop.schema_id),
        "purchase_without_value": encoded(fresh("free", order_value=None), shop.schema_id),
        "pixel_not_configured": encoded(fresh("lost", pixel_id="999"), shop.schema_id),
    }
    shop.publish_values(unsendable.values())
    shop.run()
    shop.wait_until_committed()
    assert shop.reasons == dict.fromkeys(unsendable, 1)
    assert {header(letter, "reason"): letter.value() for letter in shop.letters()} == unsendable
    assert shop.accepted() == {}


def test_a_dead_letter_names_its_source_and_its_event(shop: Shop) -> None:
    shop.publish_values([encoded(fresh("old") | {"occurred_at": 1_600_000_000_000}, shop.schema_id)], key=b"k")
    shop.run()
    shop.wait_until_committed()
    (letter,) = shop.letters()
    assert letter.key() == b"k"
    expected = {
        "kind": "dead_letter",
        "stage": "validate",
        "source_topic": shop.topic,
        "source_partition": "0",
        "source_offset": "0",
        "schema": str(shop.schema_id),
        "pixel": str(PIXEL),
        "event_id": "old",
        "event_name": "Purchase",
    }
    assert {name: header(letter, name) for name in expected} == expected


def test_tombstones_and_denied_consent_are_counted_and_passed_over(shop: Shop) -> None:
    denied = encoded(fresh("denied", consent={"advertising": "DENIED"}), shop.schema_id)
    shop.publish_values([None, denied, encoded(fresh("order-1"), shop.schema_id)], key=b"k")
    member = shop.run()
    shop.wait_until_committed()
    time.sleep(1.2)  # metrics are of the last second
    metrics = member.metrics()
    assert metrics.by("outcome", "records_total")["tombstone"] == 1
    assert metrics.by("reason", "records_filtered_total") == {"consent_denied": 1}
    assert shop.accepted() == {"order-1": 1}
    assert shop.letters() == []


def test_only_the_guilty_of_a_refused_batch_become_dead_letters(shop: Shop) -> None:
    shop.sandbox.poison("bad-")
    events = [fresh(f"order-{number}") for number in range(400)]
    events[17], events[333] = fresh("bad-1"), fresh("bad-2")
    shop.publish(events)
    shop.run(delivery={"linger_seconds": 1})
    shop.wait_until_committed()
    assert {header(letter, "event_id") for letter in shop.letters()} == {"bad-1", "bad-2"}
    assert {(header(letter, "stage"), header(letter, "code")) for letter in shop.letters()} == {("post", "100")}
    assert len(shop.accepted()) == 398
    assert set(shop.accepted().values()) == {1}


def test_an_event_without_an_id_has_the_same_one_at_each_attempt(shop: Shop) -> None:
    shop.sandbox.next(Fault("lost", times=2))
    shop.publish([fresh("")])
    shop.run()
    shop.wait_until_committed()
    ((event_id, times),) = shop.accepted().items()
    assert event_id
    assert times == 3


def test_a_store_decides_the_pixel_where_the_record_names_none(shop: Shop) -> None:
    shop.publish([fresh("order-1", pixel_id=None, store_id="paris"), fresh("order-2", pixel_id=None, store_id="rome")])
    shop.run(pixels={OTHER_PIXEL: {"stores": ["paris"]}})
    shop.wait_until_committed()
    assert shop.accepted(OTHER_PIXEL) == {"order-1": 1}
    assert shop.reasons == {"pixel_not_configured": 1}


def test_a_gateway_gets_the_events_too(shop: Shop) -> None:
    gateway = {"url": shop.sandbox.url, "access_key": shop.sandbox.token(str(PIXEL))}
    shop.publish([fresh("order-1")])
    shop.run(pixels={str(PIXEL): {"gateway": gateway}})
    shop.wait_until_committed()
    assert shop.accepted(str(PIXEL)) == shop.accepted(str(PIXEL), "gateway") == {"order-1": 1}


def test_each_destination_gets_what_its_condition_lets_through_and_retries_on_its_own(shop: Shop) -> None:
    """The offset waits for the slower of the two."""
    gateway = {"url": shop.sandbox.url, "access_key": shop.sandbox.token(str(PIXEL)), "when": {"event_name": "Lead"}}
    shop.sandbox.always(Fault("html", endpoint="gateway"))
    leads = [f"lead-{at}" for at in range(10)]
    shop.publish(fresh(event_id, event_type="LEAD") for event_id in leads)
    shop.publish([fresh("order-1"), fresh("page-1", event_type="PAGE_VIEW")])
    member = shop.run(pixels={str(PIXEL): {"when": {"event_name": {"not": "PageView"}}, "gateway": gateway}})
    wait_until(lambda: len(shop.accepted(str(PIXEL))) == 11, 30, "the Graph API has its events")
    wait_until(lambda: member.metrics().total("retries_total") > 1, 30, "the Gateway is tried again")
    assert sum(shop.committed.values()) < 12
    shop.sandbox.clear_faults()
    shop.wait_until_committed()
    assert set(shop.accepted(str(PIXEL))) == {*leads, "order-1"}
    assert set(shop.accepted(str(PIXEL), "gateway")) == set(leads)
    assert member.metrics().by("reason", "records_filtered_total") == {"no_destination": 1}


SEVERAL = """
pixel: {from: $header.brands, values: {both: ["1234567890", "2345678901"]}, otherwise: null, default: "1234567890"}
events:
  - event:
      event_name: {const: Purchase}
      event_id: event_id
      event_time: occurred_at
      action_source: {const: system_generated}
      user_data: {em: customer.emails}
      custom_data: {value: order.value, currency: order.currency}
  - each: order.items
    event:
      event_name: {const: Bought}
      event_time: $.occurred_at
      action_source: {const: system_generated}
      user_data: {em: $.customer.emails}
      custom_data: {content_ids: {each: $.order.items, item: sku}}
"""


def test_a_record_becomes_several_events_for_several_pixels(shop: Shop) -> None:
    (shop.folder / "several.yaml").write_text(SEVERAL)
    shop.publish([fresh("order-1")], headers=[("brands", b"both")])
    shop.publish([fresh("order-2"), fresh("order-3", order_value=None)])
    shop.run(topics={shop.topic: {"mapping_file": "several.yaml"}})
    shop.wait_until_committed()
    names = Counter(event["event_name"] for event in shop.sandbox.events(str(PIXEL)))
    assert names == {"Purchase": 2, "Bought": 6}
    assert Counter(event["event_name"] for event in shop.sandbox.events(OTHER_PIXEL)) == {"Purchase": 1, "Bought": 2}
    assert max(shop.accepted(str(PIXEL)).values()) == 1, "each event has an id of its own"
    assert [(header(each, "event_index"), header(each, "reason")) for each in shop.letters()] == [
        ("0", "purchase_without_value")
    ]


@pytest.mark.parametrize("framing", ["single_object", "bare"])
def test_records_without_a_registry_are_read_too(shop: Shop, framing: str) -> None:
    frames: dict[str, Any] = {"single_object": single_object, "bare": avro_bytes}
    shop.publish_values([frames[framing](fresh("order-1"))])
    shop.run(registry=None, topics={shop.topic: {"framing": framing}})
    shop.wait_until_committed()
    assert shop.accepted() == {"order-1": 1}


def single_object(event: dict[str, Any]) -> bytes:
    from capi_stream.intake.avro.fastavro_schemas import schema_fingerprint
    from capi_stream.intake.avro.schema_text import read_schema
    from tests.builders import SCHEMA_TEXT

    return b"\xc3\x01" + schema_fingerprint(read_schema(SCHEMA_TEXT)) + avro_bytes(event)


def test_personal_data_and_tokens_are_nowhere_but_in_posts_and_letters(shop: Shop) -> None:
    shop.sandbox.poison("bad-")
    shop.publish([fresh("order-1"), fresh("bad-1"), fresh("old") | {"occurred_at": 1_600_000_000_000}])
    member = shop.run(logs={"level": "debug"})
    shop.wait_until_committed()
    member.stop(60)
    log = member.log.read_text()
    customer = commerce_event()["customer"]
    for secret in ("Silva", "silva", customer["ip_address"], "6505550112", shop.sandbox.token(str(PIXEL))):
        assert secret not in log
    assert all("sandbox-" not in posted.path for posted in shop.sandbox.requests)
