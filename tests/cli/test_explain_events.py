"""`capi-stream explain` of records that make several events, or are for several pixels and destinations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from capi_stream.cli.explain.twins import twins
from capi_stream.cli.explain.unmet import spelt, unmet
from capi_stream.cli.explain.verdicts import Counts, Fates, counted, sentence, verdict
from capi_stream.intake.mapping.event_conditions import event_condition, holds
from capi_stream.model import Event, Mapped, PixelId, Tombstone
from tests.cli.commands import Said, command

SERVICE = Path("avro/examples/service.yaml")
BOOKING = json.loads(Path("avro/examples/booking/confirmed.record.json").read_text())
FIRST, SECOND = "1234567890", "2345678901"
INSURANCE = {"kind": "INSURANCE", "price": {"amount": "24.00", "currency": "GBP"}}


def explain(tmp_path: Path, *options: str, first: str = "", mapping: str = "", **changes: Any) -> Said:
    """Of a booking, with `first` among the settings of the first pixel; `changes` replace whole fields."""
    for name in ("booking.avsc", "booking.yaml"):
        (tmp_path / name).write_text(SERVICE.with_name(name).read_text())
    if mapping:
        (tmp_path / "booking.yaml").write_text(mapping)
    settings = SERVICE.read_text().replace("{token: sandbox-1234567890}", f"{{token: sandbox-1234567890{first}}}")
    path = tmp_path / "service.yaml"
    path.write_text(settings)
    arguments: tuple[str | Path, ...] = ("explain", "-", "-c", path, "--now", "2026-01-01T12:00Z", *options)
    return command(*arguments, stdin=json.dumps(BOOKING | changes).encode())


def test_the_verdict_counts_events_and_each_reason_names_its_own(tmp_path: Path) -> None:
    no_price = {"kind": "INSURANCE", "price": {"amount": 1, "currency": "XYZ"}}
    no_source = Path("avro/examples/booking.yaml").read_text().replace("InsuranceSold", "Purchase")
    said = explain(tmp_path, mapping=no_source, extras=[INSURANCE, no_price])
    assert said.code == 1
    assert "2 of 3 events would be sent, 1 rejected: a dead letter" in said.out
    assert f"    event 2, pixel {SECOND}: currency_unknown" in said.out
    assert "  event 1: event_source_url is missing" in said.out
    assert "event 0: " not in said.out


def test_json_carries_the_same(tmp_path: Path) -> None:
    text = Path("avro/examples/booking.yaml").read_text().replace("InsuranceSold", "Purchase")
    extras = [INSURANCE, {"kind": "INSURANCE", "price": {"amount": 1, "currency": "XYZ"}}]
    made = json.loads(explain(tmp_path, "--json", mapping=text, extras=extras).out)
    assert made["verdict"] == "partly"
    assert made["counts"] == {"sent": 2, "rejected": 1, "filtered": 0}
    [why] = made["why"]
    assert (why["event"], why["pixel"], why["reason"]) == (2, SECOND, "currency_unknown")
    assert [(each["event"], each["pixel"]) for each in made["notes"]] == [(1, None)]


def test_of_a_condition_that_keeps_an_event_away_the_member_is_told(tmp_path: Path) -> None:
    when = ", when: {custom_data.currency: EUR, action_source: website}"
    said = explain(tmp_path, first=when, extras=[])
    assert said.code == 1
    assert f"pixel {FIRST}: nowhere, no_destination" in said.out
    assert "no_destination - graph: `custom_data.currency: eur` does not hold: the event has gbp" in said.out
    assert "action_source: website` does not" not in said.out


def test_what_an_event_has_is_told_as_it_may_be_seen(tmp_path: Path) -> None:
    hidden = explain(tmp_path, first=", when: {custom_data.cabin: business}").out
    assert "does not hold: the event has e•••" in hidden
    assert "economy" not in hidden


def test_one_of_two_destinations_that_does_not_want_the_event_is_worth_knowing(tmp_path: Path) -> None:
    gateway = ", gateway: {url: 'http://127.0.0.1:8089', access_key: x, when: {event_name: Lead}}"
    said = explain(tmp_path, first=gateway, extras=[])
    assert said.code == 0, said
    assert f"pixel {FIRST}: to graph" in said.out
    assert "  not to gateway: `event_name: Lead` does not hold: the event has Purchase" in said.out


EVENT = {"event_name": "Purchase", "action_source": "website", "custom_data": {"currency": "eur"}, "user_data": {}}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"event_name": ["Lead", "Search"]}, ["`event_name: [Lead, Search]` does not hold: the event has Purchase"]),
        (
            {"custom_data.tier": {"present": True}},
            ["`custom_data.tier: {present: true}` does not hold: the event has no custom_data.tier"],
        ),
        ({"event_name": {"not": "Purchase"}}, ["`event_name: {not: Purchase}` does not hold: the event has Purchase"]),
        (
            {"any": [{"event_name": "Lead"}, {"custom_data.currency": "usd"}]},
            ["`any: [{event_name: Lead}, {custom_data.currency: usd}]` does not hold"],
        ),
        ({"not": {"any": [{"event_name": "Purchase"}]}}, ["`not: {any: [{event_name: Purchase}]}` does not hold"]),
        (
            {"all": [{"event_name": "Purchase"}, {"action_source": "app"}]},
            ["`action_source: app` does not hold: the event has website"],
        ),
        ({"event_name": "Purchase"}, []),
    ],
)
def test_a_condition_is_told_as_it_is_written(written: dict[str, Any], expected: list[str]) -> None:
    condition = event_condition(written)
    assert list(unmet(condition, EVENT, EVENT)) == expected
    assert holds(condition, EVENT) is (not expected)
    assert spelt(condition)


SENT: Fates = {FIRST: ["graph"]}
REFUSED: Fates = {FIRST: "currency_unknown"}
NOWHERE: Fates = {FIRST: "no_destination"}


@pytest.mark.parametrize(
    ("fates", "word", "told"),
    [
        ([SENT], "sent", "it would be sent"),
        ([REFUSED], "rejected", "it would be rejected: a dead letter"),
        ([NOWHERE], "filtered", "it would not be sent: filtered"),
        ([SENT, SENT], "sent", "2 of 2 events would be sent"),
        ([SENT, REFUSED, NOWHERE], "partly", "1 of 3 events would be sent, 1 rejected: a dead letter, 1 filtered"),
        ([REFUSED, NOWHERE], "rejected", "0 of 2 events would be sent, 1 rejected: a dead letter, 1 filtered"),
        ([NOWHERE, NOWHERE], "filtered", "0 of 2 events would be sent, 2 filtered"),
        (
            [{**SENT, SECOND: "pixel_not_configured"}],
            "partly",
            "1 of 2 events, each counted for each of its pixels, would be sent, 1 rejected: a dead letter",
        ),
    ],
)
def test_a_verdict_is_of_all_events(fates: list[Fates], word: str, told: str) -> None:
    counts = counted(fates)
    assert verdict(Mapped(), counts) == word
    assert sentence(word, counts, fates) == told


def test_a_record_without_events_is_filtered() -> None:
    assert verdict(Mapped(filtered=["late"]), Counts()) == "filtered"


# What could not be read, and what Meta takes for one.


SHOP = {
    "type": "record",
    "name": "Shop",
    "fields": [
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "cents", "type": ["null", "string"], "default": None},
        {"name": "total", "type": ["null", "double"], "default": None},
        {"name": "lines", "type": {"type": "array", "items": "string"}, "default": []},
    ],
}
ONE = """
events:
  - event: &event
      event_name: {const: Purchase}
      event_time: at
      event_id: at
      action_source: {const: website}
      user_data: {external_id: at}
      custom_data:
        currency: {const: EUR}
        value: {first: [{from: cents, as: number}, total]}
        mine: {from: cents, as: date-time}
"""


def shop(tmp_path: Path, mapping: str, **record: Any) -> Said:
    (tmp_path / "shop.avsc").write_text(json.dumps(SHOP))
    (tmp_path / "shop.yaml").write_text(mapping)
    topics = {"shop": {"schema_file": "shop.avsc", "mapping_file": "shop.yaml", "framing": "bare"}}
    settings = yaml.safe_load(SERVICE.read_text()) | {"topics": topics, "default_pixel": FIRST}
    (tmp_path / "service.yaml").write_text(yaml.safe_dump(settings))
    content = json.dumps({"at": "2026-01-01T12:00Z", **record}).encode()
    return command("explain", "-", "-c", tmp_path / "service.yaml", "--now", "2026-01-01T12:00Z", stdin=content)


@pytest.mark.parametrize(
    ("total", "told"),
    [
        (1.5, "  one of the values for value could not be read: not a number"),
        (None, "  value is left out: not a number"),
    ],
)
def test_what_could_not_be_read_is_told_as_left_out_only_where_it_is(
    tmp_path: Path, total: float | None, told: str
) -> None:
    lines = shop(tmp_path, ONE, cents="about 40", total=total).out.splitlines()
    assert told in lines
    assert "  a custom property could not be read: malformed" in lines


def test_events_that_meta_takes_for_one_are_worth_knowing(tmp_path: Path) -> None:
    both = f"events 0 and 1 have one event_id and one event_name, at pixel {FIRST}: Meta keeps one of them"
    twice = shop(tmp_path, ONE + "  - event: *event\n", total=1.5)
    assert f"  {both}" in twice.out.splitlines(), twice
    assert "Meta keeps" not in shop(tmp_path, ONE, total=1.5).out


def test_what_is_one_to_meta_is_found_by_pixel_id_and_name() -> None:
    def event(index: int, pixel: str, event_id: str, name: str = "Lead") -> Event:
        return Event(PixelId(pixel), (), name, event_id, 0, 0, b"", index)

    made = [
        event(0, "1", "a"),
        event(0, "2", "a"),
        event(1, "1", "b"),
        event(2, "1", "a", "Search"),
        event(3, "1", "a"),
    ]
    made.append(event(4, "1", "a"))
    [found] = twins(Mapped(made))
    assert (found.events, found.pixel) == ([0, 3, 4], "1")
    assert found.text(lambda pixel: "x") == "events 0, 3 and 4 have one event_id and one event_name, at pixel x"
    assert list(twins(Tombstone())) == []
