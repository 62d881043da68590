"""Where a mapping reads a record: through lists, back to the record, and what for."""

from __future__ import annotations

import pytest

from capi_stream.intake.mapping.reads import How, reads
from capi_stream.intake.mapping.spec_text import read_spec

SEVERAL = """
filters: [{reason: x, when: {consent.ads: DENIED}}]
pixel: shop
events:
  - each: %s
    when: {kind: GIFT, $.is_test: false}
    pixel: {from: own}
    event:
      event_id: c
      event_name: $.d
      event_time: $kafka.timestamp
      user_data: {em: {first: [mail, $.buyer.mail], when: {mail: {present: true}}}}
      custom_data: {contents: {each: e, item: {id: f, title: {format: "{g}-{$.h}"}}}, "*": facts}
"""


@pytest.mark.parametrize("array", ["a.b", "$.a.b"])
def test_paths_are_followed_through_lists_and_back_to_the_record(array: str) -> None:
    spec, mistakes = read_spec(SEVERAL % array, "x")
    assert not mistakes
    assert [(".".join(each.parts), each.makes, each.how) for each in reads(spec)] == [
        ("consent.ads", "filter x", How.TESTED),
        ("shop", "pixel", How.MADE),
        ("a.b", "each", How.GONE_OVER),
        ("a.b[].kind", "an item of events", How.TESTED),
        ("is_test", "an item of events", How.TESTED),
        ("a.b[].own", "pixel", How.MADE),
        ("a.b[].c", "event_id", How.MADE),
        ("d", "event_name", How.MADE),
        ("$kafka.timestamp", "event_time", How.MADE),
        ("a.b[].mail", "user_data.em", How.TESTED),
        ("a.b[].mail", "user_data.em", How.MADE),
        ("buyer.mail", "user_data.em", How.MADE),
        ("a.b[].e", "custom_data.contents", How.GONE_OVER),
        ("a.b[].e[].f", "custom_data.contents[].id", How.MADE),
        ("a.b[].e[].g", "custom_data.contents[].title", How.MADE),
        ("h", "custom_data.contents[].title", How.MADE),
        ("a.b[].facts", "custom_data.*", How.MADE),
    ]


def test_names_are_those_of_the_schema() -> None:
    spec, _ = read_spec("event: {custom_data: {contents: {each: lines, item: {id: ean}}}}", "x")
    assert [each.names for each in reads(spec)] == [("lines",), ("lines", "ean")]
