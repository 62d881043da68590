"""What `capi-stream produce` makes: the same for a seed, accepted where nothing is wrong, refused for what is."""

from __future__ import annotations

import io
import json
from collections import Counter, defaultdict
from decimal import Decimal
from itertools import pairwise
from typing import Any

import fastavro
import pytest

from capi_stream.cli.produce.bucket import AT_ONCE, Bucket
from capi_stream.cli.produce.faults import AGAIN, EVENT_FAULTS, FAULTS, UNKNOWN_SCHEMA, spoilt
from capi_stream.cli.produce.load import BARE, UNKNOWN_ID, Framing, Load, Made, Orders, confluent, single_object
from capi_stream.cli.produce.shares import SharesError, shares
from capi_stream.cli.produce.shop import MIX, Shop
from capi_stream.intake.intake import Intake
from capi_stream.intake.parameters.settings import Rules
from capi_stream.intake.settings import Routing
from capi_stream.model import Destination, Malformed, Mapped, PixelId, Reading, SchemaRef, Tombstone
from capi_stream.sandbox.rules import violation, warnings
from tests.builders import SCHEMA_ID, SCHEMA_TEXT, UNIX_NOW, intake_settings, parsed, record, topic_settings

NOW_MS = int(UNIX_NOW * 1_000)
PIXELS = ("1234567890", "2345678901", "3456789012")
STORES = {"2345678901": ["berlin", "lyon"]}
SEED = 11
FRAMED = confluent(SCHEMA_ID)


def made(number: int, framing: Framing = FRAMED, seed: int = SEED, **orders: Any) -> list[Made]:
    """Records, one each 10 ms."""
    load = Load(seed, framing, Orders(PIXELS, STORES, **orders))
    return [load.record(NOW_MS + 10 * at) for at in range(number)]


def reader(framing: str = "auto", *, is_strict: bool = False) -> Intake:
    """The real intake, for the shop's pixels and stores."""
    intake = Intake(
        intake_settings(
            topic_settings(framing=framing),
            routing=Routing(
                {PixelId(pixel): (Destination(PixelId(pixel)),) for pixel in PIXELS},
                {store: PixelId(pixel) for pixel, stores in STORES.items() for store in stores},
            ),
            rules=Rules(strict_website=is_strict),
        )
    )
    intake.learned(SchemaRef("", SCHEMA_ID), SCHEMA_TEXT)
    intake.unknown(SchemaRef("", UNKNOWN_ID))
    return intake


def read(intake: Intake, each: Made, at: int = 0) -> Reading:
    published = record(each.value or b"")
    published.value = each.value
    return intake(published, UNIX_NOW + at / 100)


def events(number: int, **orders: Any) -> list[dict[str, Any]]:
    shop = Shop(SEED, PIXELS, STORES, **orders)
    return [shop.event(NOW_MS + 10 * at) for at in range(number)]


# The same seed.


def test_the_same_seed_makes_the_same_bytes() -> None:
    faults = dict.fromkeys(FAULTS, 0.02)
    assert made(500, faults=faults) == made(500, faults=faults)


def test_another_seed_makes_other_events() -> None:
    ids = [{each.key for each in made(500, seed=seed)} for seed in (1, 2)]
    assert ids[0].isdisjoint(ids[1])
    assert len(ids[0]) == 500


# Without faults.


@pytest.mark.parametrize(
    ("framing", "name"),
    [(FRAMED, "auto"), (single_object(), "single_object"), (BARE, "bare")],
    ids=["confluent", "single_object", "bare"],
)
def test_every_record_without_a_fault_is_accepted_or_has_no_consent(framing: Framing, name: str) -> None:
    """By the service and by the sandbox, with nothing left out and nothing to warn of."""
    intake, told = reader(name, is_strict=True), Counter[str]()
    for at, each in enumerate(made(1_000, framing)):
        reading = read(intake, each, at)
        assert isinstance(reading, Mapped)
        assert (reading.rejections, reading.dropped, reading.noted) == ([], [], [])
        told.update(reading.filtered or ["accepted"])
        for event in reading.events:
            sent = json.loads(event.body)
            assert violation(sent, UNIX_NOW + at / 100) is None
            assert list(warnings(sent)) == []
    assert told.keys() == {"accepted", "consent_denied"}
    assert 0.01 < told["consent_denied"] / told.total() < 0.06


# Each fault.


def outcome(reading: Reading) -> list[str]:
    """The reasons for which nothing is sent; what was left out, where something is."""
    match reading:
        case Tombstone():
            return ["tombstone"]
        case Malformed(rejection):
            return [rejection.reason]
        case Mapped(events=[_], rejections=[]):
            return sorted({each.field for each in reading.dropped})
        case Mapped():
            return [each.reason for each in reading.rejections] + reading.filtered
    raise AssertionError(reading)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_its_outcome_each_time_and_no_other(fault: str) -> None:
    expected = {AGAIN: [], "malformed_identifiers": ["client_ip_address", "em", "fbc", "ph"]}.get(fault, [fault])
    intake = reader(is_strict=True)
    share = 0.5 if fault == AGAIN else 1.0

    struck = [
        each
        for each in made(220, mix={"purchase": 1.0, "page_view": 1.0}, faults={fault: share})
        if each.fault == fault
    ]

    assert len(struck) > 80
    outcomes = [outcome(read(intake, each)) for each in struck]
    if fault == AGAIN:
        outcomes = [each for each in outcomes if each != ["consent_denied"]]
    assert outcomes == [expected] * len(outcomes)


def test_a_website_event_that_lacks_what_a_website_has_is_accepted_unless_the_rules_are_strict() -> None:
    [each] = made(1, faults={"website_incomplete": 1.0})
    reading = read(reader(), each)
    assert isinstance(reading, Mapped)
    assert [noted.field for noted in reading.noted] == ["client_user_agent", "event_source_url"]
    assert len(reading.events) == 1


def test_a_duplicate_is_a_record_of_a_moment_ago_byte_for_byte() -> None:
    seen: set[tuple[str, bytes | None]] = set()
    repeated = 0
    for each in made(2_000, faults={AGAIN: 0.05}):
        assert ((each.key, each.value) in seen) == (each.fault == AGAIN)
        repeated += each.fault == AGAIN
        seen.add((each.key, each.value))
    assert 60 < repeated < 140


def test_a_fault_does_not_change_the_event_that_it_strikes() -> None:
    """The visit goes on, and its person is the same."""
    shop = Shop(SEED, PIXELS)
    event = shop.event(NOW_MS, "purchase")
    before = repr(event)
    for fault in EVENT_FAULTS.values():
        spoilt(event, fault, NOW_MS)
    assert repr(event) == before


def test_spoilt_bytes_leave_the_other_records_as_they_are() -> None:
    plain = {each.key: each for each in made(500)}
    others = [each for each in made(500, faults={"undecodable": 0.1, "tombstone": 0.1}) if each.fault is None]
    assert len(others) < 450
    assert [each for each in others if plain[each.key] != each] == []


def test_a_foreign_schema_is_named_in_either_framing() -> None:
    for framing in (confluent(7), single_object()):
        assert framing.unknown is not None
        [each] = made(1, framing, faults={UNKNOWN_SCHEMA: 1.0})
        assert each.value is not None
        assert each.value.startswith(framing.unknown)


# What it looks like.


def test_kinds_have_their_shares() -> None:
    mix = {"purchase": 1.0, "page_view": 10.0, "search": 0.0}
    kinds = Counter(each.kind for each in made(4_000, mix=mix))
    assert kinds.keys() == {"purchase", "page_view"}
    assert 0.08 < kinds["purchase"] / 4_000 < 0.10  # 1 of 11 is 0.091


def test_without_a_wish_a_funnel_narrows() -> None:
    kinds = Counter(each.kind for each in made(4_000))
    steps = ["page_view", "view_content", "add_to_cart", "initiate_checkout", "purchase"]
    assert all(kinds[wide] > kinds[narrow] > 0 for wide, narrow in pairwise(steps))
    assert kinds.keys() == MIX.keys()


def test_faults_have_their_shares() -> None:
    faults = Counter(each.fault for each in made(4_000, faults={"tombstone": 0.1, "undecodable": 0.02}))
    assert 0.09 < faults["tombstone"] / 4_000 < 0.11
    assert 0.015 < faults["undecodable"] / 4_000 < 0.025
    assert faults.keys() == {"tombstone", "undecodable", None}


def test_people_come_from_everywhere_and_have_names_of_their_own_letters() -> None:
    customers = [event["customer"] for event in events(4_000)]
    countries = Counter(customer["country"] for customer in customers)
    assert countries.most_common(1)[0][0] == "DE"
    assert len(countries) == 7
    names = {customer.get("last_name", "") for customer in customers}
    assert {"Müller", "Özdemir", "O'Brien", "Dąbrowski"} <= names
    mails = [mail for customer in customers for mail in customer.get("emails", [])]
    assert all(mail.isascii() for mail in mails)
    assert any(mail != mail.strip().lower() for mail in mails)


def test_a_customer_who_returns_is_the_same_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capi_stream.cli.produce.visits.CUSTOMERS", 50)
    known: dict[str, set[str]] = defaultdict(set)
    addresses = set()
    for event in events(2_000):
        customer = event["customer"]
        for number in customer.get("external_ids", []):
            addresses.add(customer.get("ip_address"))
            known[number].add(f"{customer.get('emails')} {customer.get('last_name')} {customer.get('postal_code')}")
    assert len(addresses) > 2 * len(known) > 40  # they came back from elsewhere
    assert {len(each) for each in known.values()} == {1}


def test_who_fills_a_basket_buys_what_is_in_it() -> None:
    baskets: dict[int, list[str]] = defaultdict(list)
    bought = several = 0
    shop = Shop(SEED, PIXELS, mix={"add_to_cart": 3.0, "purchase": 1.0})
    kept = [shop.event(NOW_MS) for _ in range(2_000)]  # so that no id() is given twice
    for event in kept:
        person, order = id(event["customer"]), event["order"]
        skus = [item["sku"] for item in order["items"]]
        if event["event_type"] == "ADD_TO_CART":
            baskets[person] += skus
        elif person in baskets:
            assert skus == baskets.pop(person)
            bought += 1
            several += len(skus) > 1
    assert bought > 200
    assert several > 100


def test_an_order_is_worth_its_items() -> None:
    orders = [event["order"] for event in events(500, mix={"purchase": 1.0})]
    for order in orders:
        assert order["value"] == sum((item["unit_price"] * item["quantity"] for item in order["items"]), Decimal(0))
    assert len({order["currency"] for order in orders}) > 4


def test_pixels_share_the_events_and_a_pixel_with_stores_is_at_times_known_by_them() -> None:
    named = Counter((event["pixel_id"], event["store_id"] in STORES["2345678901"]) for event in events(3_000))
    assert named.keys() == {(PIXELS[0], False), (PIXELS[1], True), (PIXELS[2], False), (None, True)}


def test_purchases_are_made_on_the_web_in_the_app_and_in_shops() -> None:
    channels = Counter(event["channel"] for event in events(1_000, mix={"purchase": 1.0}))
    assert channels.keys() == {"WEBSITE", "APP", "PHYSICAL_STORE"}


def test_the_bytes_are_the_contracts() -> None:
    [each] = made(1, BARE)
    assert each.value is not None
    read_back = fastavro.schemaless_reader(io.BytesIO(each.value), parsed(SCHEMA_TEXT), None)
    assert isinstance(read_back, dict)
    assert read_back["event_id"] == each.key


# Shares.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1,b=10", {"a": 1.0, "b": 10.0}),
        (" a = .5 ", {"a": 0.5}),
        ("all=0.6", {"a": 0.2, "b": 0.2, "c": 0.2}),
        ("b=0,all=1", {"b": 0.0, "a": 0.5, "c": 0.5}),
    ],
)
def test_shares_are_read(text: str, expected: dict[str, float]) -> None:
    assert shares(text, ("a", "b", "c")) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("purchse=1", r"there is no purchse \(did you mean purchase\?\). There are: purchase, lead"),
        ("", "there is no ''. There are: purchase, lead"),
        ("purchase", "purchase= is no share: write a number, such as purchase=0.5"),
        ("purchase=-1", "purchase=-1 is no share"),
        ("purchase=inf", "purchase=inf is no share"),
        ("purchase=1,purchase=2", "purchase is named twice"),
    ],
)
def test_shares_that_are_none_are_told(text: str, said: str) -> None:
    with pytest.raises(SharesError, match=said):
        shares(text, ("purchase", "lead"))


# The rate.


def test_a_bucket_gives_its_rate() -> None:
    bucket = Bucket(30.0, now=0.0)
    assert sum(bucket.take(at / 100) for at in range(1, 1_001)) == pytest.approx(300, abs=1)


def test_a_bucket_makes_up_for_a_second_and_no_more() -> None:
    bucket = Bucket(50.0, now=0.0)
    assert bucket.take(100.0) == 50
    assert bucket.take(100.0) == 0


def test_a_bucket_gives_few_at_once_and_says_when_to_ask_again() -> None:
    bucket = Bucket(1_000.0, now=0.0)
    assert [bucket.take(0.25) for _ in range(4)] == [AT_ONCE, AT_ONCE, 50, 0]
    assert bucket.wait() > 0
    slow = Bucket(0.5, now=0.0)
    assert slow.take(1.0) == 0
    assert slow.wait() == pytest.approx(1.0)


def test_without_a_rate_there_is_no_wait() -> None:
    bucket = Bucket(0.0, now=0.0)
    assert bucket.take(0.0) == AT_ONCE
    assert bucket.wait() == 0.0
