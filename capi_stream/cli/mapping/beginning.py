"""The text of a first mapping, guessed from a schema: what is unsure is marked, and it always compiles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from capi_stream.cli.mapping import guesses
from capi_stream.cli.mapping.guesses import Guess, Names, fitting, guess, translated
from capi_stream.cli.mapping.leaves import Leaf, leaves
from capi_stream.intake.avro.decoding import Decoder
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import RecordType, SchemaError
from capi_stream.intake.mapping.compiled import compile_mapping
from capi_stream.intake.mapping.paths import Found
from capi_stream.intake.mapping.spec import MappingError

DENIAL = re.compile(r"den(y|ied)|refuse|revoke|withdrawn|opt_?out|^no$|none|false", re.IGNORECASE)
SHORT_TABLE = 4  # entries: more stand on a line each


class UnusableSchemaError(Exception):
    """A schema that no mapping can read. The message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line below `event`, at its depth; a remark stands behind it. One that is off is a comment."""

    depth: int
    text: str
    remark: str = ""
    is_off: bool = False

    def __str__(self) -> str:
        written = f"{'  ' * self.depth}{'# ' if self.is_off else ''}{self.text}"
        return f"{written}  # {self.remark}" if self.remark else written


@dataclass(slots=True)
class _Beginning:
    """The lines of one mapping."""

    found: Sequence[Leaf]
    lines: list[Line] = field(default_factory=list)

    @property
    def outer(self) -> list[Leaf]:
        """What can be read without going over an array."""
        return [each for each in self.found if not each.within]

    def made(self, depth: int, name: str, what: Guess | None, missing: str = "no field found") -> None:
        """A line for a parameter that a guess was made for, or one that says that none was found."""
        if what is None:
            self.lines.append(Line(depth, f"{name}:", missing, is_off=True))
        else:
            self.lines.append(Line(depth, f"{name}: {what.leaf.text}", _unsure(what.doubt)))


def first_mapping(schema_text: str, schema_name: str, language: str) -> str:
    """A mapping for records of the schema, whose file is called `schema_name`. Raises UnusableSchemaError.

    `language` is where an editor finds the JSON Schema of mappings.
    """
    try:
        schema = read_schema(schema_text)
        Decoder(schema, schema)
    except SchemaError as error:
        raise UnusableSchemaError(str(error)) from None
    if not isinstance(schema, RecordType):
        raise UnusableSchemaError("it is no record; a mapping reads fields")
    lines = _lines(leaves(schema))
    head = [
        f"# yaml-language-server: $schema={language}",
        f"# A first mapping for {schema.name} ({schema_name}), guessed from the names of its fields.",
        "# Read every line. The language: docs/mapping.md. Then: capi-stream mapping test, capi-stream explain.",
    ]
    while True:
        text = "\n".join([*head, *map(str, lines), ""])
        try:
            compile_mapping(text, schema_name, schema, schema.name)
        except MappingError as error:
            lines = _without(lines, {each.line - len(head) - 1: each.text for each in error.mistakes})
        else:
            return text


def _without(lines: Sequence[Line], wrong: Mapping[int, str]) -> list[Line]:
    """The lines, with those that do not compile made comments, and whatever stands below them."""
    made: list[Line] = []
    depth = None
    for at, line in enumerate(lines):
        depth = None if depth is not None and line.depth <= depth else depth
        if at in wrong and not line.is_off and depth is None:
            depth = line.depth
        is_off = line.is_off or depth is not None
        made.append(Line(line.depth, line.text, f"unsure: {wrong[at]}" if at in wrong else line.remark, is_off))
    if [each.is_off for each in made] == [each.is_off for each in lines]:
        raise AssertionError(f"a guessed mapping does not compile: {'; '.join(wrong.values())}")
    return _with_members(made)


def _with_members(lines: Sequence[Line]) -> list[Line]:
    """The lines; objects that have no member left are comments too."""
    made = list(lines)
    for at in reversed(range(len(made))):
        line = made[at]
        if line.text.endswith(":") and not line.is_off and line.depth:
            below = at + 1
            while below < len(made) and made[below].depth > line.depth and made[below].is_off:
                below += 1
            if below == len(made) or made[below].depth <= line.depth:
                made[at] = Line(line.depth, line.text, line.remark, is_off=True)
    return made


def _unsure(doubt: str) -> str:
    return f"unsure: {doubt}" if doubt else ""


def _lines(found: Sequence[Leaf]) -> list[Line]:
    making = _Beginning(found)
    _filters(making)
    _pixel(making)
    making.lines.append(Line(0, "event:"))
    _event(making)
    making.lines.append(Line(1, "user_data:"))
    for name, names in guesses.CUSTOMER.items():
        making.made(2, name, _customer(making, name, names))
    making.lines.append(Line(1, "custom_data:"))
    _custom(making)
    return _with_members(making.lines)


def _customer(making: _Beginning, name: str, names: Names) -> Guess | None:
    fits = fitting(f"user_data.{name}")
    if name == "db":  # a number could be anything
        return guess(making.outer, names, lambda leaf: leaf.kinds == {"text"})
    return guess(making.outer, names, fits)


def _filters(making: _Beginning) -> None:
    tests = guess(making.outer, guesses.TEST, lambda leaf: leaf.kinds == {"flag"})
    consent = guess(making.outer, guesses.CONSENT, lambda leaf: leaf.kinds == {"flag"} or bool(leaf.symbols))
    if tests or consent:
        making.lines.append(Line(0, "filters:", is_off=tests is None))
    if tests:
        making.lines.append(Line(1, "- reason: test_record", "unsure: is this what the field means?"))
        making.lines.append(Line(1, f"  when: {{{tests.leaf.text}: true}}"))
    if consent:
        value = (
            next(filter(DENIAL.search, consent.leaf.symbols), consent.leaf.symbols[-1])
            if consent.leaf.symbols
            else "false"
        )
        making.lines.append(Line(1, "- reason: no_consent", is_off=True))
        making.lines.append(
            Line(
                1, f"  when: {{{consent.leaf.text}: {value}}}", "unsure: which values forbid advertising?", is_off=True
            )
        )


def _pixel(making: _Beginning) -> None:
    pixel = guess(
        making.outer, guesses.PIXEL, lambda leaf: leaf.kinds <= {"text", "integer", "list"} and not leaf.is_time
    )
    store = guess(making.outer, guesses.STORE, lambda leaf: bool(leaf.kinds) and leaf.kinds <= {"text", "integer"})
    if pixel:
        making.made(0, "pixel", pixel)
    elif store:
        remark = "unsure: if the configuration's pixels have stores; else it is the default pixel"
        making.lines.append(Line(0, f"pixel: {{store: {store.leaf.text}}}", remark, is_off=True))
    else:
        making.lines.append(Line(0, "pixel:", "no field found: the default pixel of the configuration", is_off=True))


def _event(making: _Beginning) -> None:
    making.lines.extend(_event_name(making.outer))
    times = [each for each in making.outer if each.is_time]
    time = guess(times, guesses.TIME, lambda leaf: True)
    if time is None and times:
        time = Guess(times[0], "it is a time, but when did the event happen?")
    if time is None:
        making.lines.append(Line(1, "event_time: $kafka.timestamp", "unsure: no field is a timestamp"))
    else:
        making.made(1, "event_time", time)
    own = guess(making.outer, guesses.EVENT_ID, fitting("event_id"))
    order = guess(making.outer, guesses.ORDER_ID, fitting("event_id"))
    if own is None and order is not None:
        own = Guess(order.leaf, "it must be the eventID of the browser's pixel, or both are counted")
    making.made(1, "event_id", own)
    making.lines.extend(_action_source(making.outer))
    for name, names in guesses.EVENT.items():
        making.made(1, name, guess(making.outer, names, fitting(name)))


def _event_name(found: Sequence[Leaf]) -> Iterator[Line]:
    for leaf in found:
        if known := translated(leaf.symbols, guesses.STANDARD_EVENTS):
            others = [each for each in leaf.symbols if each not in known]
            doubt = f"what of {', '.join(others)}? Without a name such records are refused" if others else ""
            yield from _table("event_name", leaf, known, "null", doubt)
            return
    named = guess(found, Names(r"event_?(name|type|kind)"), lambda leaf: leaf.kinds == {"text"} and not leaf.symbols)
    if named:
        yield Line(1, f"event_name: {named.leaf.text}", "unsure: are these names that Meta knows, such as Purchase?")
    else:
        yield Line(1, "event_name: {const: Purchase}", "unsure: no field says what happened")


def _action_source(found: Sequence[Leaf]) -> Iterator[Line]:
    for leaf in found:
        if known := translated(leaf.symbols, guesses.ACTION_SOURCES):
            others = [each for each in leaf.symbols if each not in known]
            doubts = [f"what of {', '.join(others)}?"] if others else []
            doubts += ["an event of an app needs app_data too"] if "app" in known.values() else []
            yield from _table("action_source", leaf, known, "other", " ".join(doubts))
            return
    yield Line(1, "action_source: {const: website}", "unsure: no field says where it happened")


def _table(name: str, leaf: Leaf, known: Mapping[str, str], otherwise: str, doubt: str) -> Iterator[Line]:
    """What an enum's symbols mean, on one line if they are few."""
    entries = [f"{_key(symbol)}: {value}" for symbol, value in known.items()]
    has_otherwise = len(known) < len(leaf.symbols)
    if len(entries) <= SHORT_TABLE:
        rest = f", otherwise: {otherwise}" if has_otherwise else ""
        yield Line(1, f"{name}: {{from: {leaf.text}, values: {{{', '.join(entries)}}}{rest}}}", _unsure(doubt))
        return
    yield Line(1, f"{name}:", _unsure(doubt))
    yield Line(2, f"from: {leaf.text}")
    yield Line(2, "values:")
    yield from (Line(3, entry) for entry in entries)
    if has_otherwise:
        yield Line(2, f"otherwise: {otherwise}")


def _key(symbol: str) -> str:
    return symbol if symbol.lower() not in ("null", "true", "false") and symbol.isidentifier() else f'"{symbol}"'


def _custom(making: _Beginning) -> None:
    for name, names in guesses.CUSTOM.items():
        what = guess(making.outer, names, fitting(f"custom_data.{name}"))
        if name == "value" and what and (guesses.CENTS.search(what.leaf.spoken) or what.leaf.kinds == {"integer"}):
            remark = "unsure: a whole number may count cents; the API wants 12.50"
            making.lines.append(Line(2, f"value: {what.leaf.text}", remark, is_off=True))
        elif name == "currency" and what is None:
            making.lines.append(Line(2, "currency: {const: EUR}", "unsure: no field found"))
        else:
            making.made(2, name, what)
    making.made(2, "order_id", guess(making.outer, guesses.ORDER_ID, fitting("custom_data.order_id")))
    _contents(making)
    for leaf in making.outer:
        if leaf.kinds == {"map"}:
            remark = "unsure: sends every entry as it is; is there personal data among them?"
            making.lines.append(Line(2, f'"*": {leaf.text}', remark, is_off=True))
            break


def _contents(making: _Beginning) -> None:
    arrays = dict.fromkeys(each.within for each in making.found if each.within)
    likely = sorted(arrays, key=lambda array: not _is_called(array[-1], guesses.LINES))
    for array in likely:
        inner = [each for each in making.found if each.within == array]
        members = list(_members(inner))
        if any(line.text.startswith("id:") and not line.is_off for line in members):
            is_sure = _is_called(array[-1], guesses.LINES)
            making.lines.append(Line(2, "contents:", "" if is_sure else "unsure: are these what was bought?"))
            making.lines.append(Line(3, f"each: {'.'.join(array)}"))
            making.lines.append(Line(3, "item:"))
            making.lines.extend(members)
            return
    making.lines.append(Line(2, "contents:", "no array of items with an id found", is_off=True))


def _is_called(name: str, names: Names) -> bool:
    leaf = Leaf((name,), (), frozenset(), Found(()))
    return guess([leaf], names, lambda each: True) is not None


def _members(inner: Sequence[Leaf]) -> Iterator[Line]:
    for name, names in guesses.ITEM.items():
        what = guess(inner, names, fitting(f"custom_data.contents[].{name}"))
        if what is None:
            yield Line(4, f"{name}:", "no field found", is_off=True)
        else:
            yield Line(4, f"{name}: {what.leaf.text}", _unsure(what.doubt))
