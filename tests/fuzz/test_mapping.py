"""Any text is a mapping or has mistakes that can be told; a mapping makes events of any record of its schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.avro.decoding import Decoder, Undecodable
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import RecordType, SchemaError
from capi_stream.intake.mapping.coercions import UnfitValueError
from capi_stream.intake.mapping.compiled import CompiledMapping, compile_mapping
from capi_stream.intake.mapping.runtime import Draft, Filtered
from capi_stream.intake.mapping.spec import MappingError
from capi_stream.intake.parameters.shape import check_shape
from capi_stream.intake.parameters.table import CUSTOM_DATA, EVENT, USER_DATA
from tests.builders import MAPPING_TEXT, ROOT, record
from tests.fuzz.fuzzing import assert_linear, corpus, fuzzed, name_of
from tests.fuzz.schemas import schemas, value_of

SALE = read_schema((ROOT / "tests/schemas/sale.avsc").read_text())
assert isinstance(SALE, RecordType)


def compiled(text: str, schema: RecordType = SALE) -> CompiledMapping | MappingError:
    """The mapping in `text`, or what is wrong with it."""
    try:
        return compile_mapping(text, "fuzz.yaml", schema, schema.name)
    except MappingError as error:
        str(error).encode()  # it stands in logs
        return error


def mapped(mapping: CompiledMapping, kind: RecordType, value: bytes) -> None:
    """What the mapping makes of one record: the same of all its fields and of those that it says it reads."""
    made = run(partial(mapping.run, Decoder(kind, kind).whole(value, 0)))
    values = Decoder(kind, kind, mapping.layout)(value, 0)
    assert not isinstance(values, Undecodable)
    assert made == run(partial(mapping.run_laid_out, values))
    if not isinstance(made, list):
        return
    assert all(isinstance(each, Draft) for each in made)
    if mapping.is_sure:
        assert [check_shape(each.event) for each in made] == [None] * len(made)


def run(mapping: Callable[..., list[Draft] | Filtered]) -> list[Draft] | Filtered | str:
    """Drafts, Filtered, or the reason why no event can hold what is in the record."""
    try:
        return mapping(record(b""), {}, [])
    except UnfitValueError as error:
        return error.reason


@pytest.mark.parametrize("file", corpus("mapping"), ids=name_of)
def test_the_corpus(file: Path) -> None:
    made = compiled(file.read_bytes().decode("utf-8", "surrogateescape"))
    assert isinstance(made, MappingError) == file.name.startswith("refused_"), made


WORDS = st.sampled_from(
    [
        *("filters", "pixel", "event", "events", "reason", "when", "each", "item", "from", "const", "first", "store"),
        *("as", "scale", "format", "number", "integer", "date-time", "timestamp-millis", "{kind}", "{{", "a{$.at}b"),
        *("values", "otherwise", "default", "all", "any", "not", "present", "equals", "in", "*"),
        *("event_name", "event_time", "user_data", "custom_data", "em", "contents", "value", "app_data", "extinfo"),
        *("number", "kind", "WEB", "at", "total", "code", "tags", "facts", "facts.a", "buyer.mail", "buyer.home.town"),
        *(
            "lines",
            "ean",
            "price",
            "device",
            "device.model",
            "raw",
            "$record.topic",
            "$record.headers.x",
            "$record.key",
        ),
        *("", "~", "1", "1.5", "true", "\ud800", "'", '"""', "\\", "\n", "{0}", "a.b.c", "\u2028"),
    ]
)
NODES: st.SearchStrategy[Any] = st.recursive(
    WORDS | st.integers() | st.floats() | st.none() | st.booleans() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
EXPRESSIONS = WORDS | st.fixed_dictionaries(
    {},
    optional={
        "from": WORDS,
        "format": WORDS,
        "as": WORDS,
        "scale": NODES,
        "values": NODES,
        "otherwise": NODES,
        "when": NODES,
    },
)
TEMPLATES = st.fixed_dictionaries(
    {"event_name": EXPRESSIONS},
    optional={
        "event_time": EXPRESSIONS,
        "user_data": st.dictionaries(st.sampled_from(sorted(USER_DATA)), EXPRESSIONS | NODES, max_size=3),
        "custom_data": st.dictionaries(st.sampled_from(sorted(CUSTOM_DATA)), EXPRESSIONS | NODES, max_size=3),
    },
)
MAPPINGS = st.fixed_dictionaries(
    {"event": TEMPLATES | NODES},
    optional={
        "filters": st.lists(NODES | st.fixed_dictionaries({"reason": st.just("a"), "when": NODES})),
        "pixel": NODES,
    },
)
TEXTS = (MAPPINGS | NODES).map(lambda node: yaml.safe_dump(node, sort_keys=False))


@fuzzed(300)
@given(
    TEXTS | st.lists(WORDS | st.sampled_from([": ", "\n", "- ", "[", "{", "&a ", "*a", "!!", "|", "  "])).map("".join)
)
def test_any_text(text: str) -> None:
    compiled(text)


@fuzzed(150)
@given(st.integers(min_value=0), st.text(max_size=3), st.integers(min_value=0, max_value=3))
def test_the_contracts_mapping_with_a_few_characters_changed(at: int, put: str, cut: int) -> None:
    at %= len(MAPPING_TEXT)
    compiled(MAPPING_TEXT[:at] + put + MAPPING_TEXT[at + cut :])


@cache
def _running(text: str) -> CompiledMapping:
    made = compiled(text)
    assert isinstance(made, CompiledMapping), made
    return made


RUNNING = [file.read_text() for file in corpus("mapping") if not file.name.startswith("refused_")]


@fuzzed(200)
@given(st.data())
def test_any_sale(draws: st.DataObject) -> None:
    assert isinstance(SALE, RecordType)
    value = value_of(_draw(draws), SALE)
    for text in RUNNING:
        mapped(_running(text), SALE, value)


def _draw(draws: st.DataObject) -> st.DrawFn:
    return cast("st.DrawFn", draws.draw)


def _records(schema: Any) -> RecordType | None:
    try:
        made = read_schema(json.dumps(schema))
        Decoder(made, made)
        return made if isinstance(made, RecordType) and made.fields else None
    except SchemaError:
        return None


FIELDS = st.lists(schemas(st.sampled_from(["a", "b", "c"])), min_size=1, max_size=4).map(
    lambda kinds: {
        "type": "record",
        "name": "R",
        "fields": [{"name": f"f{at}", "type": kind} for at, kind in enumerate(kinds)],
    }
)
PATHS = st.lists(st.sampled_from(["f0", "f1", "f2", "f3"]), min_size=1, max_size=3).map(".".join)
PLACES = [("event", name) for name in EVENT] + [("user_data", name) for name in USER_DATA]
PLACES += [("custom_data", name) for name in [*CUSTOM_DATA, "own"]]


@fuzzed(300)
@given(FIELDS.map(_records).filter(bool), st.lists(st.tuples(st.sampled_from(PLACES), PATHS), min_size=1), st.data())
def test_any_record_of_any_schema(
    kind: RecordType, paths: list[tuple[tuple[str, str], str]], draws: st.DataObject
) -> None:
    """Paths that the schema does not have, or of a type that the parameter cannot have, are left out one by one."""
    event: dict[str, Any] = {}
    for (place, name), path in paths:
        wanted = {place: {name: path}} if place != "event" else {name: path}
        if isinstance(compiled(yaml.safe_dump({"event": wanted}), kind), CompiledMapping):
            (event if place == "event" else event.setdefault(place, {}))[name] = path
    mapping = compiled(yaml.safe_dump({"event": event or {"event_name": {"const": "Lead"}}}), kind)
    if isinstance(mapping, CompiledMapping):
        mapped(mapping, kind, value_of(_draw(draws), kind))


WIDE: dict[str, Callable[[int], str]] = {
    "members": lambda size: "event: {custom_data: {" + ", ".join(f"a{n}: kind" for n in range(size)) + "}}",
    "paths": lambda size: "event: {custom_data: {" + ", ".join(f"a{n}: 'facts.f{n}'" for n in range(size)) + "}}",
    "first": lambda size: "event: {event_name: {first: [" + ", ".join(["shop"] * size) + "]}}",
    "format": lambda size: "event: {event_id: {format: '" + "{shop}" * size + "'}}",
    "braces": lambda size: "event: {event_id: {format: '" + "{" * size + "'}}",
    "values": lambda size: (
        "event: {event_name: {from: kind, values: {" + ", ".join(f"{n}: a" for n in range(size)) + "}}}"
    ),
    "filters": lambda size: (
        "filters:\n" + "- {reason: a, when: {is_test: true}}\n" * size + "event: {event_name: kind}"
    ),
    "events": lambda size: "events:\n" + "- event: {event_name: kind}\n" * size,
    "constant": lambda size: "event: {event_name: {const: [" + "a, " * size + "a]}}",
    "text": lambda size: "event: {event_name: {const: '" + "a" * size + "'}}",
    "unknown keys": lambda size: "\n".join(f"key{n}: a" for n in range(size)),
    "unknown paths": lambda size: "event: {custom_data: {" + ", ".join(f"a{n}: b{n}" for n in range(size)) + "}}",
    "conditions": lambda size: (
        "filters: [{reason: a, when: {any: ["
        + "{is_test: true}, " * size
        + "{is_test: true}]}}]\nevent: {event_name: kind}"
    ),
    "brackets": lambda size: "[" * (12 * size),  # the scanner looks 1,024 characters ahead, and no further
    "blocks": lambda size: "".join("- " for _ in range(size)),
    "comments": "#".__mul__,
    "lines": "\n".__mul__,
    "documents": "---\n".__mul__,
    "anchors": lambda size: "event: {custom_data: {" + ", ".join(f"a{n}: &a{n} kind" for n in range(size)) + "}}",
    "aliases": lambda size: "event: {custom_data: {a: &a kind, " + ", ".join(f"b{n}: *a" for n in range(size)) + "}}",
    "quotes": "'".__mul__,
    "colons": ": ".__mul__,
    "questions": "? ".__mul__,
}


@pytest.mark.parametrize("shape", WIDE)
def test_time_grows_with_the_text_and_no_faster(shape: str) -> None:
    assert_linear(compiled, WIDE[shape], 100)


def test_aliases_of_aliases_cost_no_more_than_their_lines() -> None:
    def made(size: int) -> str:
        lines = ["a: &a0 [kind, kind]"] + [f"b{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, size)]
        return "\n".join([*lines, f"event: {{event_name: {{const: *a{size - 1}}}}}"])

    assert_linear(compiled, made, 5)
