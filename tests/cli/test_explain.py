"""`capi-stream explain`, run as a process: what it shows of a record, what it hides, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from capi_stream.cli.explain.judging import MENDS, broken
from capi_stream.intake.avro.fastavro_schemas import schema_fingerprint
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.parameters.raw_values import hash_of
from capi_stream.intake.parameters.settings import Rules
from capi_stream.intake.parameters.violations import REASONS
from tests.builders import SCHEMA_TEXT, UNIX_NOW, avro_bytes, commerce_event, encoded
from tests.cli.commands import Said, command

NOW = ("--now", str(UNIX_NOW))
FILLED = {"page": {"url": "https://shop.example.com/x?email=ana.silva@example.com", "referrer_url": None}}
PERSONAL = ("Silva", "silva", "555-0112", "6505550112", "198.51.100.7", "Mozilla")
PLAIN: dict[str, Any] = {
    "event_id": "order-1001",
    "event_type": "PURCHASE",
    "occurred_at": "2026-01-01T00:01:00Z",
    "channel": "WEBSITE",
    "customer": {"emails": ["ana.silva@example.com"], "date_of_birth": "1984-02-29", "user_agent": "Mozilla/5.0"},
    "order": {"value": "119.97", "currency": "USD", "items": [{"sku": "a", "unit_price": 1.5}]},
}


def explain(content: bytes | dict[str, Any], *options: str | Path) -> Said:
    stdin = content if isinstance(content, bytes) else json.dumps(content).encode()
    return command("explain", "-", *NOW, *options, stdin=stdin)


def told(content: bytes | dict[str, Any], *options: str | Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(explain(content, "--json", *options).out)
    return answer


def verdicts(made: dict[str, Any]) -> dict[str, str]:
    return {rule["reason"]: rule["verdict"] for rule in made["rules"]}


CONFLUENT = encoded(commerce_event(**FILLED), schema_id=41)
BARE = avro_bytes(commerce_event(**FILLED))
SINGLE = b"\xc3\x01" + schema_fingerprint(read_schema(SCHEMA_TEXT)) + BARE


@pytest.mark.parametrize(
    ("content", "read_as"),
    [
        (CONFLUENT, "Confluent, schema 41: no registry was asked, avro/commerce_event.avsc was taken"),
        (SINGLE, "Avro, avro/commerce_event.avsc"),
        (BARE, "bare Avro, without a frame: in a topic whose framing is auto the service would refuse it"),
        (json.dumps(PLAIN).encode(), "JSON by the schema"),
    ],
    ids=["confluent", "single object", "bare", "json"],
)
def test_a_record_is_read_however_it_is_given(content: bytes, read_as: str) -> None:
    said = explain(content)
    assert (said.code, said.error) == (0, "")
    assert said.out.startswith(f"Read as {read_as}")
    assert "it would be sent" in said.out


def test_what_would_be_sent_is_told_with_every_step() -> None:
    explanation = told(CONFLUENT)
    assert explanation["verdict"] == "sent"
    [made] = explanation["events"]
    assert made["fate"] == {"1234567890": ["graph"]}
    assert made["event"]["custom_data"]["value"] == 119.97
    hashes = {each["name"]: each["sent"] for each in made["identifiers"]}
    assert hashes["em"] == hash_of("ana.silva@example.com")
    assert hashes["ph"] == hash_of("16505550112")
    assert verdicts(made) == dict.fromkeys(REASONS, "ok")
    assert 300 < made["size_bytes"] < 2000 < made["most_bytes"]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_personal_data_is_masked_unless_it_is_asked_for(form: tuple[str, ...]) -> None:
    record = commerce_event(**FILLED, properties={"note": "Call Ana.Silva@Example.com"}, customer_last_name="Silva")
    content = encoded(record)
    hidden, shown = explain(content, *form).out, explain(content, "--raw", *form).out
    assert [each for each in PERSONAL if each in hidden] == []
    assert "Ana.Silva@Example.com" in shown


def test_personal_data_is_masked_where_the_record_is_filtered_too() -> None:
    said = explain({**PLAIN, "consent": {"advertising": "DENIED"}, "properties": {"iban": "DE02120300000000202051"}})
    assert '"emails": ["a•••@e•••"]' in said.out
    assert '"i•••": "D•••"' in said.out


def test_personal_data_is_masked_in_what_a_rule_says() -> None:
    customer = {"emails": ["ana@example.com"], "first_name": "Zed"}
    said = explain({**PLAIN, "customer": customer, "order": {"value": 1, "currency": "Zed"}})
    assert "broken      currency_unknown: 'Z•••'" in said.out
    assert "Zed" not in said.out


def test_json_is_read_by_the_schema() -> None:
    [made] = told(PLAIN, "--raw")["events"]
    assert made["event"]["event_time"] == 1_767_225_660
    assert made["event"]["custom_data"]["value"] == 119.97
    assert made["event"]["user_data"]["db"] == "1984-02-29"
    assert made["event"]["custom_data"]["contents"] == [{"id": "a", "quantity": 1, "item_price": 1.5}]


@pytest.mark.parametrize(
    "same",
    [
        {"occurred_at": 1_767_225_660_000},
        {"occurred_at": "2026-01-01T01:01:00+01:00"},
        {"order": {"Order": PLAIN["order"]}},
        {"order": {"commerce.v1.Order": PLAIN["order"]}},
        {"order": {**PLAIN["order"], "value": 119.97}},
        {"order": {**PLAIN["order"], "currency": {"string": "USD"}}},
    ],
)
def test_values_may_be_written_in_several_ways(same: dict[str, Any]) -> None:
    assert told({**PLAIN, **same})["events"][0]["event"] == told(PLAIN)["events"][0]["event"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"occured_at": 1}, "has no field 'occured_at'"),
        ({"order": {"order": None}}, "Order of order has no field 'order'; the nearest is 'order_id'"),
        ({"order": {"Erika": None}}, "Order of order lacks a field that is given (its name could be personal)"),
        ({"occurred_at": "yesterday"}, "occurred_at is not of its type, long (timestamp-millis)"),
        ({"event_type": "BUY"}, "event_type is not of its type, commerce.v1.EventType: PAGE_VIEW"),
        ({"order": {"value": "1.23456"}}, "order.value has more than the schema's 4 digits behind the point"),
        ({"customer": {"emails": [7]}}, "customer.emails[0] is not of its type, string"),
    ],
)
def test_json_that_is_no_record_says_where(wrong: dict[str, Any], message: str) -> None:
    said = explain({**PLAIN, **wrong})
    assert said.code == 2
    assert message in said.error
    assert said.out == ""


def test_every_rule_that_is_broken_is_told_and_not_the_first_alone() -> None:
    broken_thrice = {
        **PLAIN,
        "occurred_at": "2025-06-01T00:00:00Z",
        "order": None,
        "customer": {"user_agent": "Mozilla/5.0"},
    }
    said = explain(broken_thrice)
    assert said.code == 1
    for reason in ("event_time_too_old", "user_data_too_broad", "purchase_without_value", "purchase_without_currency"):
        assert f"broken      {reason}" in said.out
    assert "ok          the other 18" in said.out
    assert "it would be rejected" in said.out


def test_every_rule_can_be_mended_so_that_none_hides_another() -> None:
    assert MENDS.keys() == REASONS.keys()
    everything: dict[str, Any] = {
        "event_nam": 1,
        "event_time": 1.5,
        "action_source": "shop",
        "user_data": {"em": "a@b.co", "fbc": "x"},
        "custom_data": {"contents": [{"idd": 1, "quantity": "2"}], "currency": "xx"},
        "data_processing_options": ["ALL"],
    }
    found, is_all = broken(everything, UNIX_NOW, Rules())
    assert is_all
    assert found.keys() == {
        "unexpected_key",
        "wrong_type",
        "event_name_missing",
        "action_source_unknown",
        "event_time_missing",
        "user_data_not_hashed",
        "fbc_malformed",
        "currency_unknown",
        "ldu_unknown",
        "ldu_incomplete",
    }
    assert found["unexpected_key"] == ["event_nam", "custom_data.contents[0].idd"]


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_mended_event_breaks_that_rule_no_more(reason: str) -> None:
    event: dict[str, Any] = {
        "event_name": "Purchase",
        "event_time": int(UNIX_NOW),
        "action_source": {"app_data_incomplete": "app", "messaging_channel_missing": "business_messaging"}.get(
            reason, "website"
        ),
        "user_data": {"em": ["0" * 64]},
        "custom_data": {"value": 1, "currency": "usd"},
    }
    if reason == "attribution_data_missing":
        event["event_name"] = "AppendAttribution"
    if reason == "ldu_incomplete":
        event["data_processing_options"] = ["LDU"]
    if reason in ("wrong_type", "unexpected_key"):
        event["strange"] = 1
    MENDS[reason](event, "strange", int(UNIX_NOW))
    found, is_all = broken(event, UNIX_NOW, Rules(strict_website=reason == "website_incomplete"))
    assert is_all
    assert reason not in found


def test_what_is_left_out_is_told_with_the_reason() -> None:
    customer = {"emails": ["ana@example.com"], "phones": ["12"], "fbc": "x"}
    [made] = told({**PLAIN, "customer": customer})["events"]
    assert {(each["name"], each["reason"]) for each in made["left_out"]} == {("ph", "too_short"), ("fbc", "malformed")}
    assert "ph" not in {each["name"] for each in made["identifiers"]}


def test_what_would_help_matching_is_told() -> None:
    [made] = told(PLAIN)["events"]
    lacks = [each["name"] for each in made["for_better_matching"]]
    assert lacks[:4] == ["ph", "external_id", "fbp", "fbc"]
    assert "em" not in lacks
    assert "event_source_url" in lacks
    [in_store] = told({**PLAIN, "channel": "PHYSICAL_STORE", "event_id": ""})["events"]
    lacks = [each["name"] for each in in_store["for_better_matching"]]
    assert "fbp" not in lacks
    assert "event_id" in lacks


def test_a_filtered_record_ends_with_1() -> None:
    said = explain({**PLAIN, "consent": {"advertising": "DENIED"}})
    assert said.code == 1
    assert "filtered" in said.out
    assert "consent_denied" in said.out


def test_bytes_that_are_no_record_would_be_a_dead_letter() -> None:
    said = explain(b"\x00\x00\x00\x00\x01\xff\xff\xff")
    assert said.code == 1
    assert "rejected" in said.out
    assert "undecodable" in said.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no-such-file",), "no-such-file cannot be read"),
        (("-", "--header", "brand"), "--header wants NAME=VALUE"),
        (("-", "--now", "soon"), "'soon' is no time"),
        (("-", "--now", "nan"), "'nan' is no time from 1970 to 9999"),
        (("-", "--header", "a=\udcff"), "--header is no text in UTF-8"),
        (("-", "--key", "\udcff"), "--key is no text in UTF-8"),
        (("-", "--topic", "\udcff"), "--topic is no text in UTF-8"),
        (("no-such-\udcff",), "no-such-? cannot be read"),
        (("-",), "The record is empty"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], message: str) -> None:
    said = command("explain", *arguments)
    assert said.code == 2
    assert message in said.error
    assert "Traceback" not in said.error


def test_a_hash_that_could_be_guessed_back_is_hidden_unless_it_is_asked_for() -> None:
    customer = {"emails": ["ana@example.com"], "date_of_birth": "1984-02-29", "gender": "f", "country": "DE"}
    record = {**PLAIN, "customer": customer}
    guessed = {"db": "19840229", "ge": "f", "country": "de"}
    for options, is_hidden in (((), True), (("--json",), True), (("--raw",), False)):
        said = explain(record, *options).out
        assert hash_of("ana@example.com") in said
        assert [hash_of(each) in said for each in guessed.values()] == [not is_hidden] * 3
    assert "(hash hidden: it could be guessed)" in explain(record).out


def test_keys_of_maps_are_hidden_in_the_record_and_in_the_event() -> None:
    said = explain({**PLAIN, "properties": {"Erika Mustermann, Hauptstr. 5": "1", "Erich": "2"}})
    assert "Eri" not in said.out
    assert said.out.count('"E••• (2)"') == 2


BOOKINGS = "avro/examples/service.yaml"
BOOKING = "avro/examples/booking/confirmed.record.json"


def test_headers_choose_the_pixel_as_the_mapping_says() -> None:
    for brand, pixel in (("sun", "1234567890"), ("snow", "2345678901")):
        said = command(
            "explain", BOOKING, "-c", BOOKINGS, "--now", "2026-01-01T12:00Z", "--header", f"brand={brand}", "--json"
        )
        purchase, insurance = json.loads(said.out)["events"]
        assert said.code == 0
        assert purchase["fate"] == {pixel: ["graph"]}
        assert insurance["fate"] == {"2345678901": ["graph"]}


def test_a_pixel_that_the_configuration_does_not_have_is_a_rejection(tmp_path: Path) -> None:
    path = tmp_path / "service.yaml"
    text = Path(BOOKINGS).read_text().replace('  "2345678901": {token: sandbox-2345678901}\n', "")
    for name in ("booking.avsc", "booking.yaml"):
        text = text.replace(name, str(Path("avro/examples").resolve() / name))
    path.write_text(text)
    said = command("explain", BOOKING, "-c", path, "--now", "2026-01-01T12:00Z")
    assert said.code == 1
    assert "pixel 2345678901: pixel_not_configured" in said.out
    assert "pixel 1234567890: to graph" in said.out
