"""A whole record, from its bytes to its events or letters: whatever it holds, an answer and no exception."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.intake import Intake
from capi_stream.intake.parameters.rules import check
from capi_stream.intake.parameters.settings import IdentifierSettings, Rules
from capi_stream.model import Malformed, Mapped, NeedSchema, SchemaRef
from tests.builders import SCHEMA_ID, SCHEMA_TEXT, UNIX_NOW, avro_bytes, commerce_event, intake_settings, record
from tests.fuzz.fuzzing import assert_linear, corpus, fuzzed, name_of
from tests.fuzz.schemas import value_of

FRAME = b"\0" + SCHEMA_ID.to_bytes(4, "big")
CONTRACT = read_schema(SCHEMA_TEXT)


def taught(**changes: Any) -> Intake:
    """Intake that knows the contract."""
    made = Intake(intake_settings(**changes))
    made.learned(SchemaRef("", SCHEMA_ID), SCHEMA_TEXT)
    return made


LENIENT, STRICT = Rules(), Rules(strict_website=True, future="clamp")
PLAIN = taught(rules=LENIENT)
WITH_EXTRAS = taught(
    rules=STRICT,
    identifiers=IdentifierSettings("always", phone_code_from_country=True, fbc_from_url=True),
)


def read(value: bytes) -> None:
    """What both make of a record of these bytes."""
    for intake, rules in ((PLAIN, LENIENT), (WITH_EXTRAS, STRICT)):
        reading = intake(record(value), UNIX_NOW)
        assert isinstance(reading, Mapped | Malformed | NeedSchema)
        if isinstance(reading, Mapped):
            for event in reading.events:  # what was not checked anew, since a mapping had made it, is as it should be
                assert check(json.loads(event.body), UNIX_NOW, rules) is None
            letters = reading.rejections
        else:
            letters = [reading.rejection] if isinstance(reading, Malformed) else []
        for letter in letters:
            letter.detail.encode()


@pytest.mark.parametrize("file", corpus("pipeline"), ids=name_of)
def test_the_corpus(file: Path) -> None:
    read(file.read_bytes())


@fuzzed(250)
@given(st.data())
def test_any_record_of_the_contract(draws: st.DataObject) -> None:
    read(FRAME + value_of(cast("st.DrawFn", draws.draw), CONTRACT))


TEXT = st.text(max_size=20)


@fuzzed(200)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "occurred_at": st.integers(-(2**63), 2**63 - 1),
            "event_id": TEXT,
            "page": st.fixed_dictionaries({"url": TEXT.map("https://x/?fbclid=".__add__)}),
            "customer_emails": st.lists(TEXT, max_size=2),
            "customer_phones": st.lists(st.from_regex(r"\+?[0-9 ()]{0,16}", fullmatch=True), max_size=2),
            "customer_country": st.none() | TEXT | st.sampled_from(["US", "de"]),
            "customer_date_of_birth": st.integers(-(2**31), 2**31 - 1),
            "customer_fbc": st.none() | TEXT,
            "order_value": st.decimals(-(10**6), 10**6, places=4),
            "order_currency": st.none() | TEXT,
            "properties": st.dictionaries(TEXT, TEXT, max_size=3),
        },
    )
)
def test_an_almost_ordinary_event(changes: dict[str, Any]) -> None:
    read(FRAME + avro_bytes(commerce_event(**changes)))


GROWING: dict[str, Callable[[int], dict[str, Any]]] = {
    "emails": lambda size: commerce_event(customer_emails=[f"a{n}@example.com" for n in range(size)]),
    "the same email": lambda size: commerce_event(customer_emails=["a@example.com"] * size),
    "phones": lambda size: commerce_event(
        customer_phones=[f"6505550{n:03}" for n in range(size)], customer_country="US"
    ),
    "a name": lambda size: commerce_event(customer_first_name="a" + "\u0301\u0316" * size),
    "a city": lambda size: commerce_event(customer_city="a" + "\u0301\u0316" * size),
    "an address": lambda size: commerce_event(page={"url": "https://x/?" + "fbclid=&" * size, "referrer_url": None}),
    "properties": lambda size: commerce_event(properties={f"p{n}": "v" for n in range(size)}),
    "items": lambda size: commerce_event(
        order_items=[{"sku": f"s{n}", "quantity": 1, "unit_price": Decimal("1.50")} for n in range(size)]
    ),
    "an id": lambda size: commerce_event(event_id="a" * 10 * size),
}


@pytest.mark.parametrize("shape", GROWING)
def test_time_grows_with_the_record_and_no_faster(shape: str) -> None:
    assert_linear(read, lambda size: FRAME + avro_bytes(GROWING[shape](size)), 1_000)
