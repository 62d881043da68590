"""The lines for the time of an event: a timestamp of the schema, or a text or a number that is one by its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from capi_stream.cli.mapping import names
from capi_stream.cli.mapping.guesses import Guess, guess
from capi_stream.cli.mapping.leaves import Leaf
from capi_stream.cli.mapping.lines import Line, unsure
from capi_stream.intake.avro.schemas import Primitive

NOT_FOUND = "no field found"


def event_time(found: Sequence[Leaf]) -> Iterator[Line]:
    """A field that is no timestamp is read if its name says that surely; else it is told in a comment."""
    what = guess([each for each in found if each.is_time], names.TIME, lambda leaf: True)
    if what is not None:
        yield Line(1, f"event_time: {what.leaf.text}", unsure(what.doubt))
        return
    named = [each for each in found if each.is_text or each.is_count]
    sure = guess(named, names.TIME._replace(weak=r"(?!)"), lambda leaf: True)
    if sure is not None:
        yield _read(sure)
        return
    yield Line(1, "event_time:", NOT_FOUND, is_off=True)
    if weak := guess(named, names.TIME, lambda leaf: True):
        yield _read(weak, is_off=True)


def _read(what: Guess, *, is_off: bool = False) -> Line:
    leaf = what.leaf
    if leaf.is_text:
        made, doubt = f"{{from: {leaf.text}, as: date-time}}", "if it is ISO 8601 with its zone"
    elif isinstance(leaf.found.only, Primitive) and leaf.found.only.kind == "long":
        made, doubt = f"{{from: {leaf.text}, as: timestamp-millis}}", "if it counts milliseconds; seconds need no as"
    else:
        made, doubt = leaf.text, "if it counts seconds since 1970"
    return Line(1, f"event_time: {made}", unsure("; ".join(filter(None, (doubt, what.doubt)))), is_off=is_off)
