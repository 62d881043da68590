"""Whether events can be told apart: of those with one id and name the API keeps one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from capi_stream.intake.mapping.expressions import constants_of, line_of
from capi_stream.intake.mapping.reading import ITEM, RECORD
from capi_stream.intake.mapping.reads import How, reads
from capi_stream.intake.mapping.spec import Mistake, Template


def repeated(template: Template) -> Iterator[Mistake]:
    """A mistake where all records get one event id, or all items of an array one id, name and pixel.

    Not where a condition reads the item: it may choose one of them.
    """
    members = template.event.members
    event_id = members.get("event_id")
    if event_id is None:
        return
    if not any(each.how is not How.TESTED for each in reads(event_id)) and any(constants_of(event_id)):
        yield Mistake(
            line_of(event_id) or template.event.place.line,
            "event_id is the same for every record, and of events with one id and name the API keeps one: make it from "
            "the record, or leave it out, and each gets an id of its own",
        )
    if template.each is None or _reads_item(template.condition):
        return
    if not any(map(_reads_item, (event_id, members.get("event_name"), template.pixel))):
        yield Mistake(
            line_of(event_id) or template.event.place.line,
            f"event_id is the same for every item of '{template.each.text}', and of events with one id and name the "
            "API keeps one: make it from the item too, or leave it out, and each gets an id of its own",
        )


def _reads_item(made: Any) -> bool:
    begins = [each.path.parts[0] for each in reads(made)]
    return any(begin == ITEM or not begin.startswith(RECORD) for begin in begins)
