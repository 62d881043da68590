"""What a condition compares: every type by its own constants, and a constant that can never be equal is a mistake."""

from __future__ import annotations

from typing import Any

import pytest

from capi_stream.intake.mapping.runtime import Filtered
from capi_stream.intake.mapping.spec import MappingError
from tests.builders import record
from tests.intake.sales import compiled, sale


def is_filtered(condition: str, **changes: Any) -> bool:
    """Whether the mapping filters a sale by `condition`, in flow YAML."""
    mapping = compiled("{event_name: {const: Lead}}", f"filters: [{{reason: x, when: {condition}}}]")
    return isinstance(mapping.run(sale(**changes), record(timestamp_ms=5_999), {}, []), Filtered)


@pytest.mark.parametrize(
    ("condition", "changes", "expected"),
    [
        ("{total: 0.1}", {"total": b"\x0a"}, True),  # a decimal is no float: 0.10 is 0.1
        ("{total: [0.2, 12]}", {"total": b"\x04\xb0"}, True),
        ("{total: 12}", {"total": b"\x04\xb1"}, False),
        ("{weight: 2}", {"weight": 2.0}, True),
        ("{born: '1980-01-02'}", {"born": 3653}, True),
        ("{born: '1980-01-03'}", {"born": 3653}, False),
        ("{at: 1767225660}", {"at": 1_767_225_660_999_999}, True),
        ("{$kafka.timestamp: 5}", {}, True),
        ("{shop: [null, berlin]}", {"shop": None}, True),
        ("{shop: [null, berlin]}", {"shop": "bonn"}, False),
        ("{code: [5, five]}", {"code": "five"}, True),
        ("{code: [5, five]}", {"code": 5}, True),
        ("{tags: vip}", {"tags": ["new", None, "vip"]}, True),  # of a list, one
        ("{tags: vip}", {"tags": ["new", None]}, False),
        ("{tags: {not: [vip, old]}}", {"tags": ["new"]}, True),
        ("{tags: {not: [vip, old]}}", {"tags": ["new", "old"]}, False),
    ],
)
def test_a_condition_compares_as_the_type_says(condition: str, changes: dict[str, Any], expected: bool) -> None:
    assert is_filtered(condition, **changes) is expected


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("{total: much}", "tests total for 'much'; it is a number"),
        ("{weight: '2'}", "tests weight for '2'; it is a number"),
        ("{at: yesterday}", "tests at for 'yesterday'; it is a time: write whole seconds since 1970"),
        ("{$kafka.timestamp: abc}", "tests $kafka.timestamp for 'abc'; it is a time"),
        ("{born: 1980}", "tests born for 1980; it is a date: write it as '2026-01-31'"),
        ("{born: '1980-02-31'}", "tests born for '1980-02-31'; it is a date"),
        ("{shop: ''}", "tests shop for ''; an empty text counts as null: write null"),
        ("{kind: [null, WEB]}", "tests kind for null, which it never is"),
        ("{kind: []}", "tests kind for an empty list: nothing is in it"),
        ("{tags: 5}", "tests tags for 5; it is a text: write it in quotes"),
        ("{tags: [null]}", "tests tags for null, which it never is"),
        ("{code: true}", "tests code for true; it is"),
        ("{number: 99999999999999999999}", "tests number for '99999999999999999999'; it is a whole number"),
        ("{total: 12.505}", "tests total for 12.505; it has 2 digits behind the point"),
        ("{at: 1767225660123}", "tests at for 1767225660123; it is a time: write whole seconds since 1970"),
        ("{buyer: x}", "reads 'buyer', which is shop.v1.Buyer, no single value: name one of its members"),
        ("{lines: x}", "which is shop.v1.Line, no single value"),
    ],
)
def test_a_condition_that_can_never_hold_is_a_mistake(condition: str, message: str) -> None:
    with pytest.raises(MappingError) as raised:
        is_filtered(condition)
    assert message in str(raised.value)
