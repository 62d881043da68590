"""From a Kafka record to events, or the reasons why not."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake import intake as intake_module
from capi_stream.intake.avro.decoding import schema_fingerprint
from capi_stream.intake.avro.framing import SCHEMA_ID_HEADER
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.intake import Intake
from capi_stream.intake.parameters.raw_values import hash_of
from capi_stream.intake.parameters.rules import REASONS as RULES
from capi_stream.intake.settings import Routing, Rules
from capi_stream.intake.topics import IntakeError
from capi_stream.model import (
    Destination,
    Dropped,
    Event,
    Malformed,
    Mapped,
    NeedSchema,
    PixelId,
    Reading,
    Rejection,
    SchemaRef,
    Tombstone,
)
from tests.builders import (
    OCCURRED_AT_MS,
    PIXEL,
    SCHEMA_ID,
    SCHEMA_TEXT,
    UNIX_NOW,
    avro_bytes,
    commerce_event,
    encoded,
    intake_settings,
    record,
    tombstone,
    topic_settings,
)

GUID = "89791762-2336-4186-9674-299b90a802e2"
SCHEMA = SchemaRef("", SCHEMA_ID)
OTHER_SCHEMA = '{"type": "record", "name": "Other", "fields": []}'


def new_intake(**changes: Any) -> Intake:
    """Intake that has learned the contract as schema 1."""
    intake = Intake(intake_settings(**changes))
    intake.learned(SCHEMA, SCHEMA_TEXT)
    return intake


INTAKE = new_intake()


def read(intake: Intake = INTAKE, unix_now: float = UNIX_NOW, **changes: Any) -> Mapped:
    """What a commerce event with `changes` becomes."""
    reading = intake(record(encoded(commerce_event(**changes))), unix_now)
    assert isinstance(reading, Mapped)
    return reading


def event_of(**changes: Any) -> Event:
    reading = read(**changes)
    assert [reading.rejections, reading.filtered] == [[], []]
    [event] = reading.events
    return event


def body_of(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(event_of(**changes).body, parse_float=Decimal)
    return body


def rejection_of(**changes: Any) -> Rejection:
    reading = read(**changes)
    assert not reading.events
    [rejection] = reading.rejections
    return rejection


def malformed(reading: Reading) -> tuple[str, str]:
    """The stage and reason of a malformed record."""
    assert isinstance(reading, Malformed)
    return reading.rejection.stage, reading.rejection.reason


# The event that a purchase becomes.


def test_a_purchase_becomes_the_event_that_the_reference_describes() -> None:
    assert body_of() == {
        "event_name": "Purchase",
        "event_time": OCCURRED_AT_MS // 1000,
        "event_id": "order-1001",
        "action_source": "website",
        "event_source_url": "https://shop.example.com/thanks",
        "referrer_url": "https://shop.example.com/basket",
        "user_data": {
            "em": [hash_of("ana.silva@example.com")],
            "ph": [hash_of("16505550112")],
            "fn": [hash_of("ana")],
            "client_ip_address": "198.51.100.7",
            "client_user_agent": "Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0",
        },
        "custom_data": {
            "value": Decimal("119.97"),
            "currency": "usd",
            "order_id": "O-1001",
            "content_type": "product",
            "contents": [
                {"id": "SKU-1", "quantity": 2, "item_price": Decimal("19.99"), "title": "Mug"},
                {"id": "SKU-2", "quantity": 1, "item_price": Decimal("79.99")},
            ],
            "campaign": "winter",
        },
    }


def test_an_event_knows_where_it_goes_and_until_when() -> None:
    event = event_of()

    assert (event.pixel, event.destinations) == (PIXEL, (Destination(PIXEL),))
    assert (event.name, event.event_id, event.time) == ("Purchase", "order-1001", OCCURRED_AT_MS // 1000)
    assert event.not_after == event.time + 7 * 86_400
    assert event.identifiers == ("em", "ph", "fn", "client_ip_address", "client_user_agent")


@pytest.mark.parametrize(
    ("field", "raw", "key", "sent"),
    [
        ("emails", ["a@b.co", " A@B.co"], "em", [hash_of("a@b.co")]),
        ("phones", ["+44 20 7946 0112"], "ph", [hash_of("442079460112")]),
        ("first_name", "Zoë", "fn", [hash_of("zoë")]),
        ("last_name", "O'Neil", "ln", [hash_of("oneil")]),
        ("gender", "Female", "ge", [hash_of("f")]),
        ("date_of_birth", 3653, "db", [hash_of("19800102")]),
        ("city", "St. John's", "ct", [hash_of("stjohns")]),
        ("state", "California", "st", [hash_of("ca")]),
        ("postal_code", "94025-1234", "zp", [hash_of("94025")]),
        ("country", "US", "country", [hash_of("us")]),
        ("external_ids", ["Cust 7"], "external_id", [hash_of("cust7")]),
        ("ip_address", "198.51.100.9", "client_ip_address", "198.51.100.9"),
        ("user_agent", "Agent/2", "client_user_agent", "Agent/2"),
        ("fbc", "fb.1.1767225000000.AbC", "fbc", "fb.1.1767225000000.AbC"),
        ("fbp", "fb.1.1767225000000.109", "fbp", "fb.1.1767225000000.109"),
        ("facebook_login_id", "77", "fb_login_id", "77"),
        ("subscription_id", "sub-5", "subscription_id", "sub-5"),
        ("lead_id", "123456", "lead_id", "123456"),
        ("mobile_advertiser_id", "AB-CD", "madid", "AB-CD"),
        ("anonymous_id", "anon-1", "anon_id", "anon-1"),
    ],
)
def test_every_field_of_a_customer_becomes_its_parameter(field: str, raw: Any, key: str, sent: Any) -> None:
    assert body_of(**{f"customer_{field}": raw})["user_data"][key] == sent


def test_the_contract_has_no_customer_field_that_is_not_sent() -> None:
    [customer] = [field for field in json.loads(SCHEMA_TEXT)["fields"] if field["name"] == "customer"]
    parametrized = test_every_field_of_a_customer_becomes_its_parameter.pytestmark[0].args[1]

    assert {field["name"] for field in customer["type"]["fields"]} == {field for field, *_ in parametrized}


@pytest.mark.parametrize(
    ("event_type", "custom_name", "sent"),
    [("PURCHASE", None, "Purchase"), ("ADD_TO_CART", "x", "AddToCart"), ("CUSTOM", "Returned", "Returned")],
)
def test_an_event_is_named_by_its_type_or_by_itself(event_type: str, custom_name: str | None, sent: str) -> None:
    assert body_of(event_type=event_type, custom_event_name=custom_name)["event_name"] == sent


@pytest.mark.parametrize(
    ("consent", "sent"),
    [
        (None, {}),
        ({"limited_data_use": False}, {"opt_out": False}),
        ({"opt_out_of_optimization": True}, {"opt_out": True}),
        (
            {"limited_data_use": True},
            {
                "opt_out": False,
                "data_processing_options": ["LDU"],
                "data_processing_options_country": 0,
                "data_processing_options_state": 0,
            },
        ),
        (
            {"limited_data_use": True, "data_processing_country": 1, "data_processing_state": 1000},
            {
                "opt_out": False,
                "data_processing_options": ["LDU"],
                "data_processing_options_country": 1,
                "data_processing_options_state": 1000,
            },
        ),
    ],
)
def test_consent_becomes_opt_out_and_limited_data_use(consent: Any, sent: dict[str, Any]) -> None:
    body = body_of(consent=consent)

    assert {key: body[key] for key in body if key.startswith("data_processing") or key == "opt_out"} == sent


def test_an_app_event_carries_its_device() -> None:
    extinfo = ["a2", "com.example.shop", "1", "1.0", "14", *[""] * 11]
    app = {"advertiser_tracking_enabled": True, "application_tracking_enabled": False, "extinfo": extinfo}

    body = body_of(channel="APP", app=app)

    assert body["action_source"] == "app"
    assert body["app_data"] == app


def test_an_event_without_an_order_has_only_its_properties() -> None:
    body = body_of(event_type="SEARCH", order=None, search_string="blue mug", properties={"shelf": "3"})

    assert body["custom_data"] == {"search_string": "blue mug", "shelf": "3"}


def test_an_event_with_nothing_to_say_of_an_order_has_no_custom_data() -> None:
    assert "custom_data" not in body_of(event_type="PAGE_VIEW", order=None, properties={})


def test_a_property_never_takes_the_place_of_a_parameter() -> None:
    reading = read(properties={"value": "1000000", "shelf": "3"})

    assert json.loads(reading.events[0].body)["custom_data"]["value"] == 119.97
    assert reading.dropped == [Dropped("custom_data", "shadows_parameter")]


def test_money_is_never_rounded() -> None:
    body = event_of(order_value=Decimal("99999999999999.9999")).body

    assert b'"value":99999999999999.9999' in body


# What is left out, filtered, rejected.


def test_a_bad_identifier_is_left_out_and_counted() -> None:
    reading = read(customer_emails=["not an address", "a@b.co"], customer_country="Atlantis")

    assert json.loads(reading.events[0].body)["user_data"]["em"] == [hash_of("a@b.co")]
    assert reading.dropped == [Dropped("em", "malformed"), Dropped("country", "unknown")]


def test_a_record_whose_consent_is_denied_is_filtered() -> None:
    reading = read(consent={"advertising": "DENIED"})

    assert (reading.events, reading.rejections, reading.filtered) == ([], [], ["consent_denied"])


@pytest.mark.parametrize("advertising", ["GRANTED", "UNKNOWN"])
def test_any_other_consent_is_sent(advertising: str) -> None:
    assert read(consent={"advertising": advertising}).events


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"occurred_at": OCCURRED_AT_MS - 8 * 86_400_000}, "event_time_too_old"),
        ({"occurred_at": OCCURRED_AT_MS + 3_600_000}, "event_time_in_future"),
        ({"occurred_at": 2**62}, "event_time_in_milliseconds"),
        ({"order_value": None}, "purchase_without_value"),
        ({"order_currency": ""}, "purchase_without_currency"),
        ({"order_currency": "EURO"}, "currency_unknown"),
        ({"event_type": "CUSTOM", "custom_event_name": " "}, "event_name_missing"),
        ({"customer": {}}, "user_data_missing"),
        ({"customer": {"city": "Berlin", "country": "DE"}}, "user_data_too_broad"),
        ({"channel": "APP"}, "app_data_incomplete"),
    ],
)
def test_what_the_api_would_refuse_is_rejected(changes: dict[str, Any], reason: str) -> None:
    rejection = rejection_of(**changes)

    assert (rejection.stage, rejection.reason) == ("validate", reason)
    assert (rejection.pixel, rejection.event_id, rejection.index) == (PIXEL, "order-1001", 0)


def test_the_rules_are_those_of_the_settings() -> None:
    strict = new_intake(rules=Rules(strict_website=True))

    assert read(strict, customer_user_agent=None).rejections[0].reason == "website_incomplete"


def test_an_event_that_fits_in_no_batch_is_rejected() -> None:
    small = new_intake(max_event_bytes=500)

    assert read(small).rejections[0].reason == "event_too_large"


def test_a_number_that_no_event_can_hold_is_rejected() -> None:
    order = {"value": b"\x7f" * 65, "currency": "USD"}
    schema = SCHEMA_TEXT.replace('"logicalType": "decimal", "precision": 18, "scale": 4', '"x": 0')
    value = encoded(commerce_event(), schema_text=SCHEMA_TEXT)
    assert schema != SCHEMA_TEXT
    as_bytes = avro_bytes(commerce_event(order=order), schema)

    reading = INTAKE(record(value[:5] + as_bytes), UNIX_NOW)

    assert isinstance(reading, Mapped)
    assert (reading.rejections[0].stage, reading.rejections[0].reason) == ("map", "number_too_long")


# The pixel.


@pytest.mark.parametrize(
    ("pixel_id", "store_id", "default", "pixel"),
    [
        ("1234567890", None, None, "1234567890"),
        ("1234567890", "paris", None, "1234567890"),
        (None, "berlin", None, "1234567890"),
        ("", "berlin", None, "1234567890"),
        (None, "paris", None, None),
        (None, None, None, None),
        (None, "paris", "1234567890", "1234567890"),
        ("999", "berlin", "1234567890", None),
    ],
)
def test_the_pixel_is_the_records_own_or_its_stores_or_the_default(
    pixel_id: str | None, store_id: str | None, default: str | None, pixel: str | None
) -> None:
    routing = Routing({PIXEL: (Destination(PIXEL),)}, {"berlin": PIXEL}, PixelId(default) if default else None)

    reading = read(new_intake(routing=routing), pixel_id=pixel_id, store_id=store_id)

    if pixel:
        assert [event.pixel for event in reading.events] == [pixel]
    else:
        assert [(each.stage, each.reason) for each in reading.rejections] == [("map", "pixel_not_configured")]


# Identity.


@pytest.mark.parametrize("event_id", ["", "  "])
def test_a_record_without_an_id_gets_the_same_one_at_every_reading(event_id: str) -> None:
    value = encoded(commerce_event(event_id=event_id))

    first, again, other = (INTAKE(record(value, offset=offset), UNIX_NOW) for offset in (5, 5, 6))

    assert isinstance(first, Mapped)
    assert first == again != other
    assert json.loads(first.events[0].body)["event_id"] == first.events[0].event_id != event_id


# Frames, schemas, bytes.


def test_a_tombstone_is_nothing_to_send() -> None:
    assert INTAKE(tombstone(), UNIX_NOW) == Tombstone()


def test_a_currency_that_is_none_costs_only_a_purchase_the_whole_event() -> None:
    basket = encoded(commerce_event(event_type="ADD_TO_CART", order_currency="EURO"))
    mapped = new_intake()(record(basket), UNIX_NOW)
    assert isinstance(mapped, Mapped)
    (event,) = mapped.events
    assert "currency" not in json.loads(event.body)["custom_data"]
    assert Dropped("currency", "unknown") in mapped.dropped


def test_a_topic_with_a_registry_of_its_own_does_not_take_another_ones_ids() -> None:
    own = topic_settings(name="shop.events", registry="shop.events")
    intake = new_intake(topics=(topic_settings(), own))
    needed = SchemaRef("shop.events", SCHEMA_ID)
    assert isinstance(intake(record(), UNIX_NOW), Mapped)
    assert intake(record(topic="shop.events"), UNIX_NOW) == NeedSchema(needed)
    intake.learned(needed, SCHEMA_TEXT)
    assert isinstance(intake(record(topic="shop.events"), UNIX_NOW), Mapped)


def test_a_record_waits_for_a_schema_that_was_not_learned() -> None:
    assert Intake(intake_settings())(record(), UNIX_NOW) == NeedSchema(SCHEMA)


def test_a_schema_can_be_known_by_its_guid() -> None:
    intake = new_intake()
    header = (SCHEMA_ID_HEADER, b"\x01" + bytes.fromhex(GUID.replace("-", "")))
    waiting = record(avro_bytes(commerce_event()), headers=[header])

    assert intake(waiting, UNIX_NOW) == NeedSchema(SchemaRef("", GUID))
    intake.learned(SchemaRef("", GUID), SCHEMA_TEXT)
    reading = intake(waiting, UNIX_NOW)

    assert isinstance(reading, Mapped)
    assert (len(reading.events), reading.schema) == (1, GUID)


def test_a_single_object_names_its_schema_by_fingerprint() -> None:
    older = json.loads(SCHEMA_TEXT)
    older["fields"] = [field for field in older["fields"] if field["name"] != "properties"]
    text = json.dumps(older)
    intake = Intake(intake_settings(topic_settings(writer_schemas=(text,))))

    def single_object(schema: str) -> bytes:
        return b"\xc3\x01" + schema_fingerprint(read_schema(schema)) + avro_bytes(commerce_event(), schema)

    for known in (SCHEMA_TEXT, text):
        reading = intake(record(single_object(known)), UNIX_NOW)
        assert isinstance(reading, Mapped)
        assert reading.events
    unknown = b"\xc3\x01" + bytes(8) + avro_bytes(commerce_event())
    assert malformed(intake(record(unknown), UNIX_NOW)) == ("decode", "schema_not_known")


def test_a_bare_record_has_the_schema_of_the_settings() -> None:
    intake = Intake(intake_settings(topic_settings(framing="bare")))

    reading = intake(record(avro_bytes(commerce_event())), UNIX_NOW)

    assert isinstance(reading, Mapped)
    assert reading.events


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "not_framed"),
        (b'{"event_id": "1"}', "not_framed"),
        (encoded(commerce_event())[:-4], "undecodable"),
        (encoded(commerce_event()) + b"\x00", "leftover_bytes"),
    ],
)
def test_bytes_that_are_no_record_are_malformed(value: bytes, reason: str) -> None:
    assert malformed(INTAKE(record(value), UNIX_NOW)) == ("decode", reason)


@pytest.mark.parametrize(
    ("schema", "reason", "detail"),
    [
        (OTHER_SCHEMA, "schema_incompatible", "the record is Other there and commerce.v1.CommerceEvent here"),
        ("no schema", "schema_unusable", "schema 2: it is not JSON"),
        (None, "schema_unknown", "the registry knows no schema 2"),
    ],
)
def test_a_schema_that_cannot_be_used_makes_its_records_malformed(schema: str | None, reason: str, detail: str) -> None:
    intake = new_intake()
    intake.unknown(SchemaRef("", 2)) if schema is None else intake.learned(SchemaRef("", 2), schema)

    reading = intake(record(encoded(commerce_event(), schema_id=2)), UNIX_NOW)

    assert isinstance(reading, Malformed)
    assert (reading.rejection.reason, reading.schema) == (reason, 2)
    assert detail in reading.rejection.detail


def test_what_the_registry_says_later_counts() -> None:
    intake = new_intake()
    intake.unknown(SchemaRef("", 2))
    late = record(encoded(commerce_event(), schema_id=2))
    assert malformed(intake(late, UNIX_NOW)) == ("decode", "schema_unknown")

    intake.learned(SchemaRef("", 2), SCHEMA_TEXT)

    assert isinstance(intake(late, UNIX_NOW), Mapped)


def test_each_topic_is_read_in_its_own_way() -> None:
    settings = intake_settings(
        topic_settings(name="^orders\\..*", framing="bare"), topic_settings(name="orders.framed"), topic_settings()
    )
    intake = Intake(settings)
    intake.learned(SCHEMA, SCHEMA_TEXT)
    bare, framed = avro_bytes(commerce_event()), encoded(commerce_event())

    readings = [
        intake(record(bare, topic="orders.eu"), UNIX_NOW),
        intake(record(framed, topic="orders.framed"), UNIX_NOW),
        intake(record(framed), UNIX_NOW),
    ]

    assert [len(reading.events) for reading in readings if isinstance(reading, Mapped)] == [1, 1, 1]


@given(st.binary(max_size=120))
def test_no_bytes_make_it_raise(value: bytes) -> None:
    for framed in (value, encoded(commerce_event())[:5] + value):
        assert isinstance(INTAKE(record(framed), UNIX_NOW), Mapped | Malformed | NeedSchema)


# Settings.


def test_all_mistakes_in_the_settings_are_said_at_once() -> None:
    topics = (
        topic_settings(mapping="event: {user_data: {em: mail}, valu: a}", mapping_name="mine.yaml"),
        topic_settings(name="b", schema="{", schema_name="b.avsc"),
        topic_settings(name="c", writer_schemas=(OTHER_SCHEMA, "{")),
        topic_settings(name="^(d"),
        topic_settings(name="e", schema='"string"'),
    )

    with pytest.raises(IntakeError) as raised:
        Intake(intake_settings(*topics))

    starts = [
        "mapping mine.yaml, line 1: user_data.em reads 'mail'",
        "mapping mine.yaml, line 1: event has no parameter 'valu'",
        "topic b: schema b.avsc: it is not JSON",
        "topic c: writer schema number 1: the record is Other there",
        "topic c: writer schema number 2: it is not JSON",
        "topic ^(d: this is no regular expression",
        "topic e: schema avro/commerce_event.avsc is no record",
    ]
    assert len(raised.value.mistakes) == len(starts)
    for start in starts:
        assert any(mistake.startswith(start) for mistake in raised.value.mistakes), start


def test_no_two_rooms_of_intake_give_one_reason_two_meanings() -> None:
    assert not intake_module.REASONS.keys() & RULES.keys()
