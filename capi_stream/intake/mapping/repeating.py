"""Events made of the items of an array: whether they can be told apart by what the API keeps one event of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from capi_stream.intake.mapping.expressions import line_of
from capi_stream.intake.mapping.reading import RECORD
from capi_stream.intake.mapping.reads import reads
from capi_stream.intake.mapping.spec import Mistake, Template


def repeated(template: Template) -> Iterator[Mistake]:
    """A mistake where all items get one event id, name and pixel: the API would keep one of the events.

    Not where a condition reads the item: it may choose one of them.
    """
    members = template.event.members
    event_id = members.get("event_id")
    if template.each is None or event_id is None or _reads_item(template.condition):
        return
    if not any(map(_reads_item, (event_id, members.get("event_name"), template.pixel))):
        yield Mistake(
            line_of(event_id) or template.event.place.line,
            f"event_id is the same for every item of '{template.each.text}', and of events with one id and name the "
            "API keeps one: make it from the item too, or leave it out, and each gets an id of its own",
        )


def _reads_item(made: Any) -> bool:
    return any(not each.path.parts[0].startswith(RECORD) for each in reads(made))
