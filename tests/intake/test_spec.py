"""Whatever is wrong in a mapping is said before the first record: all at once, with line, place and what to write."""

from __future__ import annotations

import pytest

from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.mapping.compiled import compile_mapping
from capi_stream.intake.mapping.spec import MappingError
from tests.builders import MAPPING_TEXT, SCHEMA_TEXT
from tests.intake.sales import SALE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "event: {user_data: {em: buyer.mial}}",
            "em reads 'buyer.mial', which schema shop.v1.Sale does not have. Did you mean 'buyer.mail'?",
        ),
        ("event: {user_data: {em: mail}}", "user_data.em reads 'mail', which schema shop.v1.Sale does not have."),
        ("event: {user_data: {email: buyer.mail}}", "user_data has no parameter 'email'. Did you mean 'em'?"),
        ("event: {value: total}", "event has no parameter 'value'. It stands in custom_data."),
        (
            "event: {custom_data: {contents: {each: lines, item: {price: price}}}}",
            "custom_data.contents[] has no parameter 'price'. Did you mean 'item_price'?",
        ),
        (
            "event: {custom_data: {contents: {each: lines, item: {id: ena}}}}",
            "contents[].id reads 'ena', which an item of 'lines' (shop.v1.Line) does not have. Did you mean 'ean'?",
        ),
        (
            "event: {user_data: {em: lines.ean}}",
            "what stands before 'ean' is an array of shop.v1.Line: go over it with each and item",
        ),
        (
            "event: {custom_data: {x: {each: shop, item: a}}}",
            "custom_data.x reads 'shop', which is string: each goes over an array",
        ),
        (
            "event: {user_data: {em: buyer}}",
            "user_data.em reads 'buyer', which is shop.v1.Buyer, no single value: name one of its members",
        ),
        ("event: {custom_data: {x: raw}}", "custom_data.x reads 'raw', which is bytes: an event cannot hold that"),
        (
            "event: {event_time: local}",
            "event_time reads 'local', which is local-timestamp-millis, a time without a zone",
        ),
        (
            "event: {custom_data: {'*': shop}}",
            "custom_data.* reads 'shop', which is string: '*' adds the entries of a map",
        ),
        ("event: {event_time: shop}", "event_time takes integer, and is made from text"),
        ("event: {custom_data: {value: shop}}", "custom_data.value takes integer or number, and is made from text"),
        (
            "event: {user_data: {client_user_agent: tags}}",
            "user_data.client_user_agent takes integer or text, and is made from list",
        ),
        ("event: {action_source: {const: web}}", "action_source has no value 'web'; it knows app, business_messaging"),
        ("event: {action_source: {from: kind, values: {WEB: wbsite}, otherwise: other}}", "Did you mean 'website'?"),
        (
            "event: {event_name: {from: kind, values: {WEB: a, TIL: b}, otherwise: c}}",
            "event_name has values for TIL, which shop.v1.Kind does not have. Did you mean 'TILL'?",
        ),
        (
            "event: {event_name: {from: kind, values: {WEB: a}}}",
            "event_name has no values for TILL, PHONE; add them, or 'otherwise'",
        ),
        (
            "event: {event_name: {from: is_test, values: {yes: a}}}",
            "event_name has values for yes; a boolean is true or false",
        ),
        (
            "event: {event_name: {from: number, values: {one: a}}}",
            "event_name has values for one, which is no whole number",
        ),
        (
            "event: {event_name: {from: weight, values: {'1': a}}}",
            "event_name has values for double; they are for enums, texts, whole numbers and booleans, one of these",
        ),
        (
            "event: {event_name: {const: a, when: {kind: WEBB}}}",
            "event_name tests kind for 'WEBB', which shop.v1.Kind does not have. Did you mean 'WEB'?",
        ),
        (
            "event: {event_name: {const: a, when: {is_test: yes}}}",
            "event_name tests is_test for 'yes'; it is true or false",
        ),
        (
            "event: {event_name: {const: a, when: {shop: 5}}}",
            "event_name tests shop for 5; it is a text: write it in quotes",
        ),
        (
            "event: {event_name: {const: a, when: {shopp: x}}}",
            "reads 'shopp', which schema shop.v1.Sale does not have. Did you mean 'shop'?",
        ),
        ("event: {event_name: {const: a, when: {}}}", "event_name: a condition is an object"),
        (
            "event: {event_name: {const: a, when: {shop: {preset: true}}}}",
            "the test of shop has no key 'preset'; it knows present, not. Did you mean 'present'?",
        ),
        (
            "event: {event_name: 5}",
            "event_name wants a path, such as order.value, and has 5; write a constant as {const: ...}",
        ),
        ("event: {event_name: [a]}", "event_name wants a path, such as order.value, and has a list or an object"),
        ("event: {event_name: }", "event_name wants a path, such as order.value, and has nothing"),
        ("event: {event_name: a..b}", "event_name reads 'a..b': a path is names with single dots between them"),
        (
            "event: {event_name: {from: shop, const: a}}",
            "event_name needs one of from, const, first, each, list, format, store, and has from and const",
        ),
        (
            "event: {event_name: {default: a}}",
            "event_name needs one of from, const, first, each, list, format, store, and has none",
        ),
        ("event: {event_name: {from: shop, defalt: a}}", "event_name has no key 'defalt'; it knows from, const"),
        ("event: {event_name: {from: shop, otherwise: a}}", "event_name has 'otherwise' without 'values'"),
        ("event: {custom_data: {x: {each: lines}}}", "custom_data.x has 'each' without 'item'"),
        ("event: {custom_data: {x: {from: shop, item: a}}}", "custom_data.x has 'item' without 'each'"),
        ("event: {custom_data: {x: {first: shop}}}", "custom_data.x: first is a list"),
        (
            "event: {event_time: {from: number, as: timestamp-milis}}",
            "event_time has as 'timestamp-milis'; it can be number, integer, date-time, timestamp-millis,",
        ),
        ("event: {event_time: {from: is_test, as: integer}}", "takes integer or number or text, and is given flag"),
        ("event: {event_time: {from: at, as: timestamp-micros}}", "event_time needs no 'as': the schema says already"),
        (
            "event: {custom_data: {x: {from: total, scale: 2}}}",
            "needs no 'scale': the schema says already that it is a",
        ),
        ("event: {event_name: {from: number, values: {'7': a, '07': b}}}", "event_name has values for 7 twice"),
        ("event: {event_time: {from: number, as: date-time}}", "as date-time takes text, and is given integer"),
        ("event: {event_time: {from: shop, as: number}}", "event_time takes integer, and is made from number"),
        ("event: {custom_data: {value: {from: shop, scale: 2}}}", "scale takes integer or number, and is given text"),
        ("event: {custom_data: {value: {from: number, scale: 2.5}}}", "custom_data.value: scale is how many of"),
        ("event: {custom_data: {value: {from: number, scale: 19}}}", "digits stand behind the point: 0 to 18"),
        ("event: {event_id: {format: order}}", "event_id: format is a text with paths in braces, such as 'shop-{"),
        ("event: {event_id: {format: 'a{number'}}", "event_id: format is a text with paths in braces"),
        ("event: {event_id: {format: 'a{}'}}", "event_id reads '': a path is names with single dots between them"),
        ("event: {event_id: {format: 'a{nmber}'}}", "event_id reads 'nmber', which schema shop.v1.Sale does not have."),
        (
            "event: {event_id: {format: '{weight}'}}",
            "event_id format, of weight, takes integer or text, and is given number",
        ),
        (
            "event: {event_name: {first: [code, number], values: {a: b}}}",
            "event_name has values for integer or text; they are for enums, texts, whole numbers and booleans, one of",
        ),
        (
            "event: {event_name: {from: shop, as: integer, values: {a: b}}}",
            "event_name has values for a, which is no whole number",
        ),
        ("event: {event_name: shop, event_name: shop}", "event has 'event_name' twice; remove one"),
        ("event: {[a]: shop}", "event: a key is a plain word"),
        ("event: shop", "event is an object: write 'name: ...' lines under it"),
        ("pixel: total\nevent: {}", "pixel takes text, integer or a list of them, and is made from number"),
        ("pixel: shop", "it has no 'event': write there what each parameter is made from"),
        ("evnt: {}", "a mapping has no key 'evnt'; it knows filters, pixel, event, events. Did you mean 'event'?"),
        ("", "a mapping is an object with the keys filters, pixel and event or events"),
        ("event: {}\nevents: [{event: {}}]", "it has 'event' and 'events'"),
        ("events: []", "events is a list"),
        ("events: [{each: lines}]", "an item of events needs an 'event'"),
        ("events: [{each: shop, event: {}}]", "each reads 'shop', which is string: each goes over an array"),
        (
            "events: [{each: lines, event: {event_name: shop}}]",
            "reads 'shop', which an item of 'lines' (shop.v1.Line) does not have. Did you mean '$.shop', the record's?",
        ),
        (
            "events: [{each: lines, event: {event_name: {const: a}, event_id: $.number}}]",
            "event_id is the same for every item of 'lines', and of events with one id and name the API keeps one",
        ),
        ("event: {event_id: {const: a, when: {kind: WEB}}}", "event_id is the same for every record"),
        ("events: [{each: lines, event: {event_name: $.shp}}]", "Did you mean 'shop'?"),
        ("event: {event_name: $kafka.offset}", "but behind $ there are: $.PATH, $header.NAME, $kafka.topic"),
        ("event: {event_name: $header}", "but behind $ there are: $.PATH, $header.NAME, $kafka.topic"),
        ("event: {event_name: $}", "but behind $ there are: $.PATH, $header.NAME, $kafka.topic"),
        ("event: {event_time: $header.at}", "event_time takes integer, and is made from text"),
        ("event: {", "this is not YAML"),
        ("event: {}\nfilters: [{reason: No Good, when: {kind: WEB}}]", "a filter needs a 'reason' of small letters"),
        ("event: {}\nfilters: [{reason: x}]", "a filter needs a 'when'"),
        ("event: {custom_data: {x: &a {first: [*a]}}}", "nests deeper than 20 levels"),
        ('event: {event_name: {const: "\\ud800"}}', "half a surrogate pair"),
    ],
)
def test_a_mistake_says_what_to_write(text: str, message: str) -> None:
    with pytest.raises(MappingError) as raised:
        compile_mapping(text, "sale.yaml", read_schema(SALE), "shop.v1.Sale")

    assert message in str(raised.value)


def test_all_mistakes_are_said_at_once_each_with_its_line() -> None:
    text = (
        MAPPING_TEXT.replace("customer.emails", "customer.emial")
        .replace("DENIED", "DENY")
        .replace("default: 0", "dflt: 0")
    )

    with pytest.raises(MappingError) as raised:
        compile_mapping(text, "commerce.yaml", read_schema(SCHEMA_TEXT), "commerce.v1.CommerceEvent (id 7)")

    lines = text.splitlines()
    assert [lines[mistake.line - 1].strip() for mistake in raised.value.mistakes] == [
        "when: {consent.advertising: DENY}",
        "dflt: 0",
        "dflt: 0",
        "em: customer.emial",
    ]
    assert str(raised.value).splitlines()[-1] == (
        "mapping commerce.yaml, line 70: user_data.em reads 'customer.emial', which schema "
        "commerce.v1.CommerceEvent (id 7) does not have. Did you mean 'customer.emails'?"
    )
