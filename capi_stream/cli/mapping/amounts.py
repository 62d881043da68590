"""The line for an amount of money: a number, or a text or a count of cents, by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from capi_stream.cli.mapping import names
from capi_stream.cli.mapping.guesses import Guess, fitting, guess
from capi_stream.cli.mapping.leaves import Leaf
from capi_stream.cli.mapping.lines import DECIDE, Line, unsure

_is_number = fitting("custom_data.value")
_counts_cents = re.compile(rf"({names.CENTS})({names.AS_TEXT})?$").search
_says_paid = re.compile(r"(^|_)(paid|net)$").search  # as a text, rather a yes or no


def value(found: Sequence[Leaf]) -> Line | None:
    """What the event is worth. The record's own field is meant rather than one of a part of it."""
    own = [each for each in found if len(each.path) == 1]
    what = _amount(own, names.VALUE) or _amount(found, names.VALUE)
    if what and what.leaf.is_count and not _counts_cents(what.leaf.spoken):
        remark = f"{DECIDE}if it counts cents, so; else without scale: the API wants 12.50"
        return Line(2, f"value: {{from: {what.leaf.text}, scale: 2}}", remark, is_off=True)
    return what and _line(2, "value", what)


def item_price(found: Sequence[Leaf]) -> Line | None:
    """What one piece of an item costs."""
    what = _amount(found, names.ITEM["item_price"])
    return what and _line(4, "item_price", what)


def _amount(found: Sequence[Leaf], called: names.Names) -> Guess | None:
    """The field of that name; of several the one that needs to be told the least of."""

    def fits(leaf: Leaf) -> bool:
        return _is_number(leaf) or (leaf.is_text and not _says_paid(leaf.spoken))

    return guess(sorted(found, key=lambda leaf: (leaf.is_text, leaf.is_count)), called, fits)


def _line(depth: int, name: str, what: Guess) -> Line:
    leaf, doubts = what.leaf, [what.doubt] if what.doubt else []
    keys = ""
    if is_in_cents := _counts_cents(leaf.spoken) is not None and (leaf.is_text or leaf.is_count):
        doubts.insert(0, "it counts cents, by its name")
    if leaf.is_text:
        keys += f", as: {'integer' if is_in_cents else 'number'}"
        doubts.insert(0, "if it is written as 1250" if is_in_cents else "if it is written as 12.50")
    elif leaf.is_count and not is_in_cents:
        doubts.insert(0, "if it counts cents, add scale: 2")
    keys += ", scale: 2" if is_in_cents else ""
    made = f"{{from: {leaf.text}{keys}}}" if keys else leaf.text
    return Line(depth, f"{name}: {made}", unsure("; ".join(doubts)))
