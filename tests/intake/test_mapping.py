"""A spec becomes a function that does what the spec says."""

from __future__ import annotations

import json
import re
import traceback
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capi_stream.intake.avro.decoding import Decoder
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import Array, Enum, Map, Primitive, RecordType, Type, Union
from capi_stream.intake.encoding import encode
from capi_stream.intake.mapping.coercions import UnfitValueError
from capi_stream.intake.mapping.compiled import compile_mapping
from capi_stream.intake.mapping.runtime import SHADOWED, Draft, Filtered
from capi_stream.intake.mapping.spec_expressions import MODIFIERS, SOURCES
from capi_stream.intake.mapping.spec_text import read_spec
from capi_stream.model import Dropped, PixelId
from tests.builders import MAPPING_TEXT, ROOT, SCHEMA_TEXT, avro_bytes, record
from tests.intake.sales import SALE, compiled, sale
from tests.intake.slow_twin import SlowTwin

STORES = {"berlin": PixelId("34")}
KAFKA = record(
    topic="shop.sales",
    key=b"key-1",
    headers=(("pixel", b"1"), ("pixel", b"77"), ("trace.id", "Zo\u00eb".encode()), ("broken", b"\xff"), ("none", None)),
    timestamp_ms=1_767_225_661_999,
)

EVERYTHING = """
filters:
  - reason: test_sale
    when: {is_test: true, kind: {not: PHONE}}
  - reason: no_buyer
    when: {not: {buyer: {present: true}}, any: [{number: [1, 2]}, {all: [{shop: null}, {total: null}]}]}
  - reason: some
    when: {any: [{tags: [vip, a]}, {total: [0.1, 12]}, {born: '1980-01-02'}, {at: [0, 5]}, {code: [1, b]}]}
pixel: {first: [{store: shop}, {from: number, when: {kind: TILL}}, {const: "99"}]}
event:
  event_name: {const: Purchase}
  event_time: at
  event_id: number
  action_source: {from: kind, values: {WEB: website, TILL: physical_store}, otherwise: other}
  opt_out: {const: true, when: {any: [{kind: [WEB, TILL]}, {is_test: true}]}}
  data_processing_options: {const: [LDU], when: {buyer.home.town: {present: true}}}
  user_data:
    em: buyer.mail
    ct: buyer.home.town
    db: born
    external_id: tags
    madid: device.id
  app_data:
    extinfo: {list: [{const: a2}, device.id, number, {from: weight, when: {is_test: true}}]}
    url_schemes: {list: [shop, number]}
  custom_data:
    value: {first: [total, weight], default: 0}
    currency: {const: EUR}
    order_id: code
    content_name: device.model
    content_category: {from: is_test, values: {"true": trial, "false": real}}
    search_string: {from: number, values: {"1": one}}
    content_ids: {each: lines, item: ean}
    sizes: {list: [number, weight, {from: total, when: {is_test: true}}, {const: x}]}
    nothing: {list: [weight]}
    contents:
      each: lines
      item:
        id: ean
        quantity: count
        item_price: {from: price, when: {gift: false}}
    heaviness: weight
    predicted_ltv: {from: number, scale: 2, default: 0}
    net_revenue: {from: code, as: integer, scale: 3}
    num_items: {from: weight, as: integer}
    item_number: {format: "{$kafka.topic}-{number}/{shop}"}
    status: {format: "{kind}"}
    read: {list: [{from: shop, as: number}, {from: number, as: timestamp-millis}, {from: shop, as: date-time}]}
    table: {first: [number, at], values: {"1": one}}
    truth: {first: [is_test], values: {"true": yes, "false": no}}
    "*": facts
"""


@pytest.mark.parametrize(
    ("event", "changes", "expected"),
    [
        ("{event_time: at}", {"at": 1_767_225_660_999_999}, {"event_time": 1_767_225_660}),
        ("{event_id: number}", {}, {"event_id": "7"}),
        ("{user_data: {em: buyer.mail}}", {"buyer": {"mail": "a@b.c", "home": None}}, {"user_data": {"em": "a@b.c"}}),
        ("{user_data: {em: buyer.mail}}", {"buyer": None}, {}),
        ("{user_data: {em: buyer.mail}}", {"buyer": {"mail": "", "home": None}}, {}),
        ("{user_data: {ct: buyer.home.town}}", {"buyer": {"mail": "", "home": None}}, {}),
        ("{user_data: {db: born}}", {"born": 3653}, {"user_data": {"db": "1980-01-02"}}),
        ("{custom_data: {value: total}}", {"total": b"\x04\xd2"}, {"custom_data": {"value": 12.34}}),
        ("{custom_data: {value: total}}", {"total": b"\xff\x85"}, {"custom_data": {"value": -1.23}}),
        ("{user_data: {external_id: tags}}", {"tags": ["a", None, ""]}, {"user_data": {"external_id": ["a"]}}),
        (
            "{user_data: {external_id: tags}, app_data: {extinfo: tags}}",  # in extinfo each item has its place
            {"tags": ["a2", None, ""]},
            {"user_data": {"external_id": ["a2"]}, "app_data": {"extinfo": ["a2", "", ""]}},
        ),
        ("{custom_data: {x: facts.speed}}", {"facts": {"speed": 1.5}}, {"custom_data": {"x": 1.5}}),
        ("{custom_data: {x: facts.speed}}", {"facts": {}}, {}),
        ("{custom_data: {x: device.id}}", {"device": {"model": "m", "id": "i"}}, {"custom_data": {"x": "i"}}),
        ("{custom_data: {x: device.id}}", {"device": {"model": "m"}}, {}),
        ("{custom_data: {x: device.id}}", {"device": "a text"}, {}),
        ("{custom_data: {x: code}}", {"code": 0}, {"custom_data": {"x": 0}}),
        ("{custom_data: {order_id: code}}", {"code": 0}, {"custom_data": {"order_id": "0"}}),
        (
            "{custom_data: {x: {const: {a: [1, 2.5, NO, null]}}}}",
            {},
            {"custom_data": {"x": {"a": [1, 2.5, "NO", None]}}},
        ),
        ("{custom_data: {x: {first: [weight, number]}}}", {}, {"custom_data": {"x": 7}}),
        ("{custom_data: {x: {first: [weight, number]}}}", {"weight": 0.0}, {"custom_data": {"x": 0.0}}),
        ("{custom_data: {x: {from: weight, default: 1}}}", {}, {"custom_data": {"x": 1}}),
        ("{custom_data: {x: {from: weight, default: 1, when: {is_test: true}}}}", {}, {}),
        ("{custom_data: {x: {from: kind, values: {WEB: w}, otherwise: o}}}", {}, {"custom_data": {"x": "w"}}),
        (
            "{custom_data: {x: {from: kind, values: {WEB: w}, otherwise: o}}}",
            {"kind": "TILL"},
            {"custom_data": {"x": "o"}},
        ),
        ("{custom_data: {x: {from: shop, values: {a: b}, otherwise: o}}}", {}, {}),
        ("{custom_data: {x: {first: [tags, number]}}}", {"tags": []}, {"custom_data": {"x": 7}}),
        ("{custom_data: {x: {first: [tags, number]}}}", {"tags": [None]}, {"custom_data": {"x": 7}}),
        ("{custom_data: {x: {from: tags, default: 1}}}", {"tags": []}, {"custom_data": {"x": 1}}),
        ("{custom_data: {x: {from: number, when: {tags: {present: true}}}}}", {"tags": []}, {}),
        ("{custom_data: {content_ids: {list: [number, shop]}}}", {}, {"custom_data": {"content_ids": ["7"]}}),
        ("{custom_data: {content_ids: {list: [shop]}}}", {}, {}),
        ("{app_data: {extinfo: {list: [shop, {const: a2}]}}}", {}, {"app_data": {"extinfo": ["", "a2"]}}),
        ("{app_data: {extinfo: {list: [shop, device.id]}}}", {}, {}),
        ("{custom_data: {x: {each: lines, item: count}}}", {"lines": None}, {}),
        ("{custom_data: {x: {each: lines, item: count}}}", {"lines": []}, {}),
        (
            "{custom_data: {x: {each: lines, item: ean}}}",
            {"lines": [{"ean": None}, {"ean": 4}]},
            {"custom_data": {"x": [4]}},
        ),
        ("{custom_data: {'*': facts}}", {"facts": {"speed": 1.5, "size": None}}, {"custom_data": {"speed": 1.5}}),
    ],
)
def test_a_form_makes_what_it_says(event: str, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert compiled(event).run(sale(**changes), KAFKA, STORES, []) == [Draft((), expected)]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("{kind: WEB}", True),
        ("{kind: [TILL, WEB]}", True),
        ("{kind: {not: WEB}}", False),
        ("{kind: {not: [TILL, PHONE]}}", True),
        ("{is_test: false}", True),
        ("{number: 7}", True),
        ("{shop: null}", True),
        ("{shop: berlin}", False),
        ("{shop: {not: berlin}}", True),
        ("{buyer: {present: true}}", False),
        ("{buyer: {present: false}}", True),
        ("{buyer.home.town: {present: false}}", True),
        ("{kind: WEB, is_test: true}", False),
        ("{any: [{kind: TILL}, {number: 7}]}", True),
        ("{all: [{kind: WEB}, {number: 8}]}", False),
        ("{not: {kind: TILL}, number: 7}", True),
    ],
)
def test_a_condition_holds_or_not(condition: str, *, holds: bool) -> None:
    outcome = compiled("{}", f"filters: [{{reason: this, when: {condition}}}]").run(sale(), KAFKA, STORES, [])

    assert outcome == (Filtered("this") if holds else [Draft((), {})])


@pytest.mark.parametrize(
    ("pixel", "changes", "expected"),
    [
        ("shop", {"shop": "12"}, ("12",)),
        ("number", {}, ("7",)),
        ("{store: shop}", {"shop": "berlin"}, ("34",)),
        ("{store: shop}", {"shop": "paris"}, ()),
        ("{store: shop}", {}, ()),
        ("{first: [shop, {const: '5'}]}", {}, ("5",)),
        ("$header.pixel", {}, ("77",)),
        ("$header.no-such-header", {}, ()),
        ("$header.broken", {}, ()),
        ("{from: $kafka.topic, values: {shop.sales: 88}}", {}, ("88",)),
        ("{from: kind, values: {WEB: ['5', '6']}, otherwise: '7'}", {}, ("5", "6")),
        ("{from: kind, values: {WEB: ['5', '6']}, otherwise: '7'}", {"kind": "TILL"}, ("7",)),
        ("$kafka.key", {}, ("key-1",)),
        ("{const: ['1', 2, '1']}", {}, ("1", "2")),
        ("tags", {"tags": ["5", None, "6"]}, ("5", "6")),
        ("{each: lines, item: ean}", {"lines": [{"ean": 4}, {"ean": 5}, {"ean": 4}]}, ("4", "5")),
        ("{each: lines, item: ean}", {"lines": []}, ()),
    ],
)
def test_the_pixels_come_from_wherever_the_record_names_them(
    pixel: str, changes: Any, expected: tuple[PixelId, ...]
) -> None:
    assert compiled("{}", f"pixel: {pixel}").run(sale(**changes), KAFKA, STORES, []) == [Draft(expected, {})]


def test_a_custom_property_never_shadows_a_parameter() -> None:
    dropped: list[Dropped] = []

    draft = compiled("{custom_data: {'*': facts}}").run(
        sale(facts={"value": 1.5, "speed": 2.0}), KAFKA, STORES, dropped
    )

    assert draft == [Draft((), {"custom_data": {"speed": 2.0}})]
    assert dropped == [SHADOWED]


def test_a_constant_list_is_made_anew_for_every_event() -> None:
    run = compiled("{data_processing_options: {const: [LDU]}}").run
    expected = [Draft((), {"data_processing_options": ["LDU"]})]

    first = run(sale(), KAFKA, STORES, [])
    assert first == expected
    assert isinstance(first, list)
    first[0].event["data_processing_options"].append("changed")

    assert run(sale(), KAFKA, STORES, []) == expected


def test_a_number_that_json_cannot_hold_is_a_fault_of_the_record() -> None:
    with pytest.raises(UnfitValueError, match="number_not_finite"):
        compiled("{custom_data: {x: weight}}").run(sale(weight=float("nan")), KAFKA, STORES, [])


def test_an_empty_text_in_a_list_stays_beside_other_types_too() -> None:
    """It became null, and a null in extinfo costs the event."""
    schema = """{"type": "record", "name": "Event", "fields": [
        {"name": "slots", "type": ["null", {"type": "array", "items": ["null", "string", "int"]}]}]}"""
    text = "event: {app_data: {extinfo: slots}, custom_data: {content_ids: slots}}"
    run = compile_mapping(text, "event.yaml", read_schema(schema), "Event").run

    assert run({"slots": ["a2", "", None, 0]}, KAFKA, STORES, []) == [
        Draft((), {"app_data": {"extinfo": ["a2", "", "", 0]}, "custom_data": {"content_ids": ["a2", "0"]}})
    ]
    assert run({"slots": None}, KAFKA, STORES, []) == [Draft((), {})]


def test_a_traceback_shows_the_generated_line() -> None:
    with pytest.raises(TypeError) as raised:
        compiled("{event_time: at}").run(sale(at=None), KAFKA, STORES, [])

    assert "= at // 1000000" in "".join(traceback.format_exception(raised.value))


def test_a_path_is_read_once() -> None:
    mapping = compile_mapping(MAPPING_TEXT, "commerce_event.yaml", read_schema(SCHEMA_TEXT), "CommerceEvent")

    assert [place.path for place in mapping.layout].count(("consent", "limited_data_use")) == 1


EXAMPLES = re.findall(
    r"```yaml\n(.*?)```\n```json\n(.*?)```\n```json\n(.*?)```", (ROOT / "docs/mapping.md").read_text(), re.DOTALL
)


def test_the_docs_have_an_example_of_every_form() -> None:
    assert len(EXAMPLES) == (ROOT / "docs/mapping.md").read_text().count("```yaml")
    words = " ".join(mapping for mapping, _, _ in EXAMPLES)
    assert all(f"{word}:" in words for word in (*SOURCES, *MODIFIERS, "filters", "pixel", "any", "not", "present"))


@pytest.mark.parametrize(("mapping", "written", "event"), EXAMPLES)
def test_an_example_of_the_docs_does_what_it_says(mapping: str, written: str, event: str) -> None:
    schema = re.findall(r"```json\n(.*?)```", (ROOT / "docs/mapping.md").read_text(), re.DOTALL)[0]
    kind = read_schema(schema)
    decoded = Decoder(kind, kind).whole(avro_bytes(json.loads(written, parse_float=Decimal), schema), 0)

    made = compile_mapping(mapping, "docs", kind, "shop.v1.Sale").run(decoded, KAFKA, STORES, [])

    assert isinstance(made, list)
    expected = json.loads(event)
    events = [json.loads(encode(draft.event)) for draft in made]
    assert events == (expected if isinstance(expected, list) else [expected])


def values_of(kind: Type) -> st.SearchStrategy[Any]:
    """Values of a type as they are decoded."""
    match kind:
        case RecordType():
            return st.fixed_dictionaries({field.name: values_of(field.type) for field in kind.fields})
        case Union(branches):
            return st.one_of([values_of(each) for each in branches])
        case Array(items):
            return st.lists(values_of(items), max_size=3)
        case Map(values):
            return st.dictionaries(st.sampled_from(["speed", "value", "", "x"]), values_of(values), max_size=3)
        case Enum(symbols=symbols):
            return st.sampled_from(symbols)
        case Primitive(logical="date"):
            return st.integers(-30_000, 30_000)
    return {
        "null": st.none(),
        "boolean": st.booleans(),
        "int": st.integers(0, 3),
        "long": st.integers(-(2**40), 2**40) | st.integers(0, 3),
        "double": st.floats(allow_nan=False, allow_infinity=False) | st.just(0.0),
        "string": st.sampled_from(["", "a", "berlin", "Zoë", "12.50", "-3", "2026-01-01T00:00:01.5Z"]),
        "bytes": st.binary(min_size=1, max_size=8),
    }[kind.kind]


@pytest.mark.parametrize(
    ("event", "is_sure"),
    [
        ("{opt_out: is_test}", True),
        ("{opt_out: number}", False),
        ("{custom_data: {contents: tags}}", False),
        ("{custom_data: {contents: {each: lines, item: ean}}}", False),
        ("{custom_data: {contents: {each: lines, item: {id: ean}}}}", True),
        ("{custom_data: {value: total, num_items: number, content_ids: tags, '*': facts}}", True),
    ],
)
def test_it_says_whether_what_it_makes_has_the_right_types_in_every_record(event: str, is_sure: bool) -> None:
    """What is not sure is checked in each event: a number is a flag only if it is 0 or 1."""
    assert compiled(event).is_sure == is_sure


def exactly(made: Any) -> Any:
    """What was made with its floats as the decimals that they are written as: the twin has decimals."""
    match made:
        case Filtered():
            return made
        case list() | tuple():
            return [exactly(each) for each in made]
        case dict():
            return {key: exactly(each) for key, each in made.items()}
        case float():
            return Decimal(repr(made))
    return made


def agrees_with_its_twin(mapping: str, schema: str) -> None:
    """Compare the two on records that hypothesis makes up."""
    kind = read_schema(schema)
    compiled_mapping = compile_mapping(mapping, "m.yaml", kind, "S")
    twin = SlowTwin(read_spec(mapping, "m.yaml")[0], kind, STORES)

    @settings(deadline=None, max_examples=100)
    @given(values_of(kind))
    def agrees(value: dict[str, Any]) -> None:
        assert exactly(compiled_mapping.run(value, KAFKA, STORES, [])) == exactly(twin(value, KAFKA))

    agrees()


def test_the_mapping_of_the_contract_does_what_its_slow_twin_does() -> None:
    agrees_with_its_twin(MAPPING_TEXT, SCHEMA_TEXT)


SEVERAL = """
pixel: {first: [shop, $header.pixel]}
events:
  - when: {kind: [WEB, TILL], buyer.home.town: {present: true}}
    event:
      event_name: {const: Purchase}
      event_time: $kafka.timestamp
      user_data: {em: buyer.mail, ct: buyer.home.town}
  - each: lines
    pixel: {from: gift, values: {"true": "5", "false": "6"}}
    event:
      event_name: {const: Line}
      event_id: {first: [$.code, $kafka.key]}
      user_data: {em: $.buyer.mail, ct: $.buyer.home.town}
      custom_data: {content_ids: {each: $.lines, item: $.number}, x: ean, y: $header.trace.id, z: $kafka.topic}
  - when: {$header.trace.id: Zo\u00eb, $.is_test: true, gift: false}
    each: lines
    event: {custom_data: {x: $.buyer.mail, y: {from: count, when: {$.is_test: true}}}}
  - event: {event_time: $kafka.timestamp, user_data: {em: buyer.mail, ct: buyer.home.town}}
"""


def test_several_events_of_a_record_do_what_their_slow_twin_does() -> None:
    """Among them paths that are first read in a branch or a loop, and then again behind it."""
    agrees_with_its_twin(SEVERAL, SALE)


def test_a_record_that_makes_no_event_makes_an_empty_list() -> None:
    mapping = compile_mapping("events: [{when: {kind: TILL}, event: {}}]", "m.yaml", read_schema(SALE), "Sale")
    assert mapping.run(sale(), KAFKA, STORES, []) == []


def test_a_mapping_with_every_form_does_what_its_slow_twin_does() -> None:
    agrees_with_its_twin(EVERYTHING, SALE)
