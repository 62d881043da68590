"""What `as` and `scale` make of a value, and what they leave out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from capi_stream.intake.mapping.conversions import converted, scaled
from capi_stream.intake.parameters.table import BY_PLACE
from capi_stream.model import Dropped
from tests.builders import record
from tests.intake.sales import compiled, sale


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("number", "12.50", Decimal("12.50")),
        ("number", " -3 ", Decimal(-3)),
        ("number", 1.5, 1.5),
        ("integer", "2.9", 2),
        ("integer", -0.5, -1),
        ("integer", Decimal("7.00"), 7),
        ("integer", 1_767_225_660.999, 1_767_225_660),
        ("date-time", "2026-01-01T00:01:00Z", 1_767_225_660),
        ("date-time", "2026-01-01 01:01:00.999+01:00", 1_767_225_660),
        ("date-time", "2026-01-01t00:01:00z", 1_767_225_660),
        ("date-time", "1969-12-31T23:59:59.5Z", -1),
        ("timestamp-millis", 1_767_225_660_999, 1_767_225_660),
        ("timestamp-millis", "1767225660999", 1_767_225_660),
        ("timestamp-millis", -1, -1),
        ("timestamp-micros", 1_767_225_660_999_999, 1_767_225_660),
        ("timestamp-nanos", 1_767_225_660_999_999_999, 1_767_225_660),
    ],
)
def test_a_value_is_read_as_it_is_meant(name: str, value: Any, expected: Any) -> None:
    dropped: list[Dropped] = []
    made = converted(value, name, dropped, "value")
    assert (made, type(made), dropped) == (expected, type(expected), [])


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("number", "1,234.50", "not_a_number"),
        ("number", "12,50", "not_a_number"),
        ("number", "1e9", "not_a_number"),
        ("number", "NaN", "not_a_number"),
        ("number", "٣", "not_a_number"),
        ("number", "9" * 41, "not_a_number"),
        ("integer", "", "not_a_number"),
        ("integer", float("inf"), "not_a_number"),
        ("integer", "9" * 19, "not_a_number"),  # beyond 64 bits
        ("timestamp-millis", "2026-01-01", "not_a_number"),
        ("date-time", "2026-01-01T00:01:00", "malformed"),  # of no zone
        ("date-time", "2026-01-01", "malformed"),
        ("date-time", "2026-13-01T00:00:00Z", "malformed"),
        ("date-time", "0001-01-01T00:00:00+23:59" + " " * 50 + "x", "malformed"),
        ("date-time", "soon", "malformed"),
    ],
)
def test_a_value_that_cannot_be_read_so_is_left_out_and_counted(name: str, value: Any, reason: str) -> None:
    dropped: list[Dropped] = []
    assert converted(value, name, dropped, "event_time") is None
    assert dropped == [Dropped("event_time", reason)]


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [(1250, 2, "12.50"), (-5, 3, "-0.005"), (12, 0, "12"), (0.1, 1, "0.01"), (Decimal("1.25"), 1, "0.125")],
)
def test_a_scale_moves_the_point_exactly(value: Any, scale: int, expected: str) -> None:
    assert str(scaled(value, scale)) == expected


def test_what_is_left_out_is_counted_by_names_of_the_api_alone() -> None:
    """Names of one's own would make a series of metrics each."""
    dropped: list[Dropped] = []
    event = (
        "{event_time: {from: shop, as: date-time}, user_data: {lead_id: {from: shop, as: integer}}, custom_data: "
        "{own: {from: shop, as: number}, content_ids: {each: tags, item: {from: $.shop, as: integer}}, contents: "
        "{each: tags, item: {quantity: {from: $.shop, as: integer}}}, deep: {er: {from: shop, as: integer}}}}"
    )
    compiled(event).run(sale(shop="berlin", tags=["a"]), record(), {}, dropped)

    assert {each.field for each in dropped} == {"event_time", "lead_id", "custom_data", "content_ids", "quantity"}
    known = {name for parameters in BY_PLACE.values() for name in parameters}
    assert {each.field for each in dropped} <= known


def test_a_format_is_null_where_one_of_its_paths_is() -> None:
    mapping = compiled("{event_id: {format: 'o-{number}-{shop}'}}")
    made = [mapping.run(sale(shop=shop), record(), {}, []) for shop in ("berlin", None, "")]
    assert [each[0].event for each in made if isinstance(each, list)] == [{"event_id": "o-7-berlin"}, {}, {}]
