"""Several events of one record, several pixels of one event, and destinations that do not want every event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from capi_stream.intake.intake import Intake
from capi_stream.intake.mapping.event_conditions import ConditionError, event_condition, holds
from capi_stream.intake.settings import Routing
from capi_stream.model import Destination, Mapped, PixelId, SchemaRef
from tests.builders import (
    PIXEL,
    SCHEMA_ID,
    SCHEMA_TEXT,
    UNIX_NOW,
    commerce_event,
    encoded,
    intake_settings,
    record,
    topic_settings,
)

OTHER = PixelId("99")
GRAPH, GATEWAY = Destination(PIXEL), Destination(PIXEL, "gateway")

EVENT_IN_FLOW = (
    "event_name: {const: Lead}, event_time: occurred_at, action_source: {const: system_generated}, "
    "user_data: {em: customer.emails}, custom_data: {value: order.value}"
)
PER_ITEM = """
pixel: pixel_id
events:
  - when: {event_type: PURCHASE}
    event:
      event_name: {const: Purchase}
      event_id: event_id
      event_time: occurred_at
      action_source: {const: system_generated}
      user_data: {em: customer.emails}
      custom_data: {value: order.value, currency: order.currency}
  - each: order.items
    when: {unit_price: {present: true}}
    event:
      event_name: {const: Bought}
      event_time: $.occurred_at
      action_source: {const: system_generated}
      user_data: {em: $.customer.emails}
      custom_data: {content_name: title}
"""


def read(mapping: str, routing: Routing | None = None, **changes: Any) -> Mapped:
    """What the record of a commerce event becomes under `mapping`."""
    made = {"routing": routing} if routing else {}
    intake = Intake(intake_settings(topic_settings(mapping=mapping), **made))
    intake.learned(SchemaRef("", SCHEMA_ID), SCHEMA_TEXT)
    reading = intake(record(encoded(commerce_event(**changes)), offset=7), UNIX_NOW)
    assert isinstance(reading, Mapped)
    return reading


def bodies(mapped: Mapped) -> list[dict[str, Any]]:
    return [json.loads(event.body) for event in mapped.events]


def test_a_record_becomes_an_event_and_one_for_each_item() -> None:
    mapped = read(PER_ITEM)
    assert [(event.index, event.name) for event in mapped.events] == [(0, "Purchase"), (1, "Bought"), (2, "Bought")]
    assert [body["custom_data"].get("content_name") for body in bodies(mapped)[1:2]] == ["Mug"]
    ids = [event.event_id for event in mapped.events]
    assert ids[0] == "order-1001"
    assert len(set(ids)) == 3, "derived ids differ by the event's index in its record"


def test_an_event_that_is_refused_takes_no_sibling_with_it() -> None:
    mapped = read(PER_ITEM, order_value=None)
    assert [(each.index, each.reason) for each in mapped.rejections] == [(0, "purchase_without_value")]
    assert [event.index for event in mapped.events] == [1, 2]


def test_a_record_of_which_no_event_is_made_is_filtered() -> None:
    mapped = read(PER_ITEM, event_type="LEAD", order_items=[])
    assert (mapped.events, mapped.rejections, mapped.filtered) == ([], [], ["no_event"])


def test_an_event_goes_to_every_pixel_that_is_named() -> None:
    routing = Routing(destinations={PIXEL: (GRAPH,), OTHER: (Destination(OTHER),)})
    mapped = read(f"pixel: {{const: ['{PIXEL}', '{OTHER}', '5', '{OTHER}']}}\nevent: {{{EVENT_IN_FLOW}}}", routing)
    assert [(event.pixel, event.index) for event in mapped.events] == [(PIXEL, 0), (OTHER, 0)]
    assert len({event.event_id for event in mapped.events}) == 1
    assert [(each.pixel, each.reason) for each in mapped.rejections] == [("5", "pixel_not_configured")]


@pytest.mark.parametrize(
    ("graph", "gateway", "wanted"),
    [
        (None, None, (GRAPH, GATEWAY)),
        ({"event_name": "Purchase"}, None, (GATEWAY,)),
        (None, {"event_name": ["Purchase", "Lead"]}, (GRAPH, GATEWAY)),
        ({"custom_data.value": {"present": True}}, {"not": {"action_source": "system_generated"}}, (GRAPH,)),
    ],
)
def test_a_destination_gets_only_what_its_condition_lets_through(
    graph: Mapping[str, Any] | None, gateway: Mapping[str, Any] | None, wanted: tuple[Destination, ...]
) -> None:
    written = {GRAPH: graph, GATEWAY: gateway}
    conditions = {destination: event_condition(each) for destination, each in written.items() if each}
    mapped = read(f"event: {{{EVENT_IN_FLOW}}}", Routing({PIXEL: (GRAPH, GATEWAY)}, {}, PIXEL, conditions))
    assert [event.destinations for event in mapped.events] == [wanted]


def test_an_event_that_no_destination_wants_is_filtered() -> None:
    routing = Routing({PIXEL: (GRAPH,)}, {}, PIXEL, {GRAPH: event_condition({"event_name": "Purchase"})})
    mapped = read(f"event: {{{EVENT_IN_FLOW}}}", routing)
    assert (mapped.events, mapped.rejections, mapped.filtered) == ([], [], ["no_destination"])


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"event_name": "Lead"}, True),
        ({"event_name": {"not": ["Lead", "Purchase"]}}, False),
        ({"custom_data.colour": "red", "opt_out": False}, True),
        ({"custom_data.sizes": 41}, True),  # one of a list
        ({"custom_data.deep.er": 1}, True),
        ({"user_data.em": {"present": True}}, True),
        ({"user_data.ph": {"present": True}}, False),
        ({"user_data.fbp": {"present": False}}, True),
        ({"any": [{"event_name": "Purchase"}, {"action_source": "app"}]}, False),
        ({"all": [{"event_name": "Lead"}, {"not": {"action_source": "app"}}]}, True),
        ({"referrer_url": None}, True),
        ({"user_data.em": {"present": "true"}, "opt_out": "false", "custom_data.sizes": "41"}, True),  # as config reads
        ({"custom_data.order": 77, "custom_data.deep.er": ["1", "2"]}, True),
        ({"opt_out": 0}, False),
        ({"custom_data.currency": "EUR", "custom_data.status": "true"}, True),  # in the normal form that is sent
    ],
)
def test_a_condition_on_an_event(condition: Mapping[str, Any], expected: bool) -> None:
    event = {
        "event_name": "Lead",
        "action_source": "website",
        "opt_out": False,
        "user_data": {"em": ["hash"], "ph": []},
        "custom_data": {"colour": "red", "sizes": [40, 41], "deep": {"er": 1}, "order": "77"}
        | {"currency": "eur", "status": True},
    }
    assert holds(event_condition(condition), event) is expected


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"action_sorce": "app"}, "an event has no 'action_sorce'. Did you mean 'action_source'?"),
        ({"user_data.email": {"present": True}}, "an event has no 'user_data.email'."),
        ({"userdata.em": {"present": True}}, "Did you mean 'user_data.em'?"),
        ({"user_data.em": "a@b.co"}, "is hashed when it is sent: it can be tested with {present: true} alone"),
        ({"action_source": "web"}, "'action_source' is never 'web'; it is app, business_messaging"),
        ({"not": {"action_source": "web_site"}}, "Did you mean 'website'?"),
        ({"event_time": "yesterday"}, "'event_time' is a number, and never 'yesterday'"),
        ({"custom_data.value": ["1.5", "much"]}, "'custom_data.value' is a number, and never 'much'"),
        ({"opt_out": "yes"}, "'opt_out' is true or false, and never 'yes'"),
        ({"custom_data.currency": "Euro"}, "'custom_data.currency' is never 'Euro': its normal form leaves that out"),
        ({"user_data": "x"}, "'user_data' is no single value: it can be tested with {present: true} alone"),
        ({"custom_data.contents.id": "x"}, "'custom_data.contents.id' leads into 'custom_data.contents'"),
        ({"custom_data.*": "x"}, "'custom_data.*' is no property: name one"),
        ({"event_name": []}, "'event_name' is tested for an empty list: nothing is in it"),
        ({"any": []}, "the condition: any is a list"),
        ({}, "a condition is an object"),
    ],
)
def test_a_condition_that_cannot_hold_says_why(condition: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ConditionError) as raised:
        event_condition(condition)
    assert message in str(raised.value)
