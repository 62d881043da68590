"""Which lines a first mapping has: for each parameter the field that is probably meant, with what is doubtful in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from capi_stream.cli.mapping import names
from capi_stream.cli.mapping.amounts import item_price, value
from capi_stream.cli.mapping.guesses import ACTION_SOURCES, STANDARD_EVENTS, Guess, fitting, guess, translated
from capi_stream.cli.mapping.leaves import Leaf
from capi_stream.cli.mapping.lines import DECIDE, Line, unsure
from capi_stream.cli.mapping.times import event_time
from capi_stream.intake.mapping.paths import Found

DENIAL = re.compile(r"den(y|ied)|refuse|revoke|withdrawn|opt_?out|^no$|none|false", re.IGNORECASE)
NOT_FOUND = "no field found"
NEEDED = {
    "value": f"{DECIDE}no field found; a purchase without it is refused",
    "currency": f"{DECIDE}no field found; a purchase without it is refused: {{const: EUR}}, if that is what is paid in",
}
SHORT_TABLE = 4  # entries: more stand on a line each


@dataclass(slots=True)
class _Beginning:
    """The lines of one mapping."""

    found: Sequence[Leaf]
    lines: list[Line] = field(default_factory=list)

    @property
    def outer(self) -> list[Leaf]:
        """What can be read without going over an array."""
        return [each for each in self.found if not each.within]

    def made(self, depth: int, name: str, what: Guess | None, missing: str = NOT_FOUND) -> None:
        """A line for a parameter that a guess was made for, or one that says that none was found."""
        if what is None:
            self.lines.append(Line(depth, f"{name}:", missing, is_off=True))
        else:
            self.lines.append(Line(depth, f"{name}: {what.leaf.text}", unsure(what.doubt)))


def guessed(found: Sequence[Leaf]) -> list[Line]:
    """The lines for a record with these leaves. They need not compile, and an object in them may have no member."""
    making = _Beginning(found)
    _filters(making)
    _pixel(making)
    making.lines.append(Line(0, "event:"))
    _event(making)
    making.lines.append(Line(1, "user_data:"))
    for name, called in names.CUSTOMER.items():
        making.made(2, name, _customer(making, name, called))
    making.lines.append(Line(1, "custom_data:"))
    _custom(making)
    return making.lines


def _customer(making: _Beginning, name: str, called: names.Names) -> Guess | None:
    if name in ("fn", "ln", "db"):  # a number could be anything: `nombre` is a name in Spanish, a count in French
        return guess(making.outer, called, lambda leaf: leaf.kinds == {"text"})
    return guess(making.outer, called, fitting(f"user_data.{name}"))


def _filters(making: _Beginning) -> None:
    tests = guess(making.outer, names.TEST, lambda leaf: leaf.kinds == {"flag"})
    consent = guess(making.outer, names.CONSENT, lambda leaf: leaf.kinds == {"flag"} or bool(leaf.symbols))
    if tests or consent:
        making.lines.append(Line(0, "filters:", is_off=tests is None))
    if tests:
        making.lines.append(Line(1, "- reason: test_record", unsure("is this what the field means?")))
        making.lines.append(Line(1, f"  when: {{{tests.leaf.text}: true}}"))
    if consent:
        denial = (
            next(filter(DENIAL.search, consent.leaf.symbols), consent.leaf.symbols[-1])
            if consent.leaf.symbols
            else "false"
        )
        making.lines.append(Line(1, "- reason: no_consent", is_off=True))
        making.lines.append(
            Line(
                1, f"  when: {{{consent.leaf.text}: {denial}}}", unsure("which values forbid advertising?"), is_off=True
            )
        )


def _pixel(making: _Beginning) -> None:
    pixel = guess(
        making.outer, names.PIXEL, lambda leaf: leaf.kinds <= {"text", "integer", "list"} and not leaf.is_time
    )
    store = guess(making.outer, names.STORE, lambda leaf: bool(leaf.kinds) and leaf.kinds <= {"text", "integer"})
    if pixel:
        making.made(0, "pixel", pixel)
    elif store:
        remark = unsure("if the configuration's pixels have stores; else it is the default pixel")
        making.lines.append(Line(0, f"pixel: {{store: {store.leaf.text}}}", remark, is_off=True))
    else:
        making.lines.append(Line(0, "pixel:", "no field found: the default pixel of the configuration", is_off=True))


def _event(making: _Beginning) -> None:
    making.lines.extend(_event_name(making.outer))
    making.lines.extend(event_time(making.outer))
    own = guess(making.outer, names.EVENT_ID, fitting("event_id"))
    order = guess(making.outer, names.ORDER_ID, fitting("event_id"))
    if own is None and order is not None:
        own = Guess(order.leaf, "it must be the eventID of the browser's pixel, or both are counted")
    making.made(1, "event_id", own)
    making.lines.extend(_action_source(making.outer))
    for name, called in names.EVENT.items():
        making.made(1, name, guess(making.outer, called, fitting(name)))


def _event_name(found: Sequence[Leaf]) -> Iterator[Line]:
    for leaf in found:
        if known := translated(leaf.symbols, STANDARD_EVENTS):
            others = [each for each in leaf.symbols if each not in known]
            doubt = f"what of {', '.join(others)}? Without a name such records are refused" if others else ""
            yield from _table("event_name", leaf, known, doubt)
            return
    named = guess(found, names.EVENT_NAME, lambda leaf: leaf.kinds == {"text"} and not leaf.symbols)
    if named:
        yield Line(1, f"event_name: {named.leaf.text}", unsure("are these names that Meta knows, such as Purchase?"))
    else:
        yield Line(1, "event_name:", NOT_FOUND, is_off=True)


def _action_source(found: Sequence[Leaf]) -> Iterator[Line]:
    for leaf in found:
        if known := translated(leaf.symbols, ACTION_SOURCES):
            others = [each for each in leaf.symbols if each not in known]
            doubts = [f"what of {', '.join(others)}? Without a source such records are refused"] if others else []
            doubts += ["an event of an app needs app_data too"] if "app" in known.values() else []
            yield from _table("action_source", leaf, known, ". ".join(doubts))
            return
    yield Line(1, "action_source:", NOT_FOUND, is_off=True)


def _table(name: str, leaf: Leaf, known: Mapping[str, str], doubt: str) -> Iterator[Line]:
    """What an enum's symbols mean, on one line if they are few. An unknown one means nothing: no name is made up."""
    entries = [f"{_key(symbol)}: {value}" for symbol, value in known.items()]
    has_otherwise = len(known) < len(leaf.symbols)
    if len(entries) <= SHORT_TABLE:
        rest = ", otherwise: null" if has_otherwise else ""
        yield Line(1, f"{name}: {{from: {leaf.text}, values: {{{', '.join(entries)}}}{rest}}}", unsure(doubt))
        return
    yield Line(1, f"{name}:", unsure(doubt))
    yield Line(2, f"from: {leaf.text}")
    yield Line(2, "values:")
    yield from (Line(3, entry) for entry in entries)
    if has_otherwise:
        yield Line(2, "otherwise: null")


def _key(symbol: str) -> str:
    return symbol if symbol.lower() not in ("null", "true", "false") and symbol.isidentifier() else f'"{symbol}"'


def _custom(making: _Beginning) -> None:
    making.lines.append(value(making.outer) or Line(2, "value:", NEEDED["value"], is_off=True))
    for name, called in names.CUSTOM.items():
        making.made(2, name, guess(making.outer, called, fitting(f"custom_data.{name}")), NEEDED.get(name, NOT_FOUND))
    making.made(2, "order_id", guess(making.outer, names.ORDER_ID, fitting("custom_data.order_id")))
    _contents(making)
    for leaf in making.outer:
        if leaf.is_spreadable:
            remark = unsure("sends every entry as it is; is there personal data among them?")
            making.lines.append(Line(2, f'"*": {leaf.text}', remark, is_off=True))
            break


def _contents(making: _Beginning) -> None:
    arrays = dict.fromkeys(each.within for each in making.found if each.within)
    likely = sorted(arrays, key=lambda array: not _is_called(array[-1], names.LINES))
    for array in likely:
        inner = [each for each in making.found if each.within == array]
        members = list(_members(inner))
        if any(line.text.startswith("id:") and not line.is_off for line in members):
            is_sure = _is_called(array[-1], names.LINES)
            making.lines.append(Line(2, "contents:", "" if is_sure else unsure("are these what was bought?")))
            making.lines.append(Line(3, f"each: {'.'.join(array)}"))
            making.lines.append(Line(3, "item:"))
            making.lines.extend(members)
            return
    making.lines.append(Line(2, "contents:", "no array of items with an id found", is_off=True))


def _is_called(name: str, called: names.Names) -> bool:
    leaf = Leaf((name,), (), frozenset(), Found(()))
    return guess([leaf], called, lambda each: True) is not None


def _members(inner: Sequence[Leaf]) -> Iterator[Line]:
    for name, called in names.ITEM.items():
        what = guess(inner, called, fitting(f"custom_data.contents[].{name}"))
        if name == "item_price":
            yield item_price(inner) or Line(4, f"{name}:", NOT_FOUND, is_off=True)
        elif what is None:
            yield Line(4, f"{name}:", NOT_FOUND, is_off=True)
        else:
            yield Line(4, f"{name}: {what.leaf.text}", unsure(what.doubt))
