"""What becomes of a record in one word, and of how many of its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from capi_stream.intake.judging import NO_DESTINATION
from capi_stream.model import Malformed, Mapped, Reading, Tombstone

Fates = dict[str, list[str] | str]
"""By an event's pixel: the endpoints it goes to, or the reason why it goes to none."""

NO_PIXEL = ""
"""Stands for the pixel of an event that has none."""

VERDICTS = {
    "sent": "it would be sent",
    "partly": "a part of it would be sent",
    "rejected": "it would be rejected: a dead letter",
    "filtered": "it would not be sent: filtered",
    "nothing": "nothing would be sent: it has no value (a tombstone)",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many events, each for each of its pixels, meet which fate."""

    sent: int = 0
    rejected: int = 0
    filtered: int = 0


def counted(fates: Iterable[Fates]) -> Counts:
    """Of the fates of all events of a record."""
    every = [fate for each in fates for fate in each.values()]
    sent = sum(isinstance(fate, list) for fate in every)
    filtered = every.count(NO_DESTINATION)
    return Counts(sent, len(every) - sent - filtered, filtered)


def verdict(reading: Reading, counts: Counts) -> str:
    """A key of VERDICTS. A record without events is judged as a whole."""
    match reading:
        case Tombstone():
            return "nothing"
        case Mapped(rejections=rejections) if not rejections and counts == Counts():
            return "filtered"
        case Malformed():
            return "rejected"
    if counts.sent:
        return "partly" if counts.rejected or counts.filtered else "sent"
    return "filtered" if counts.filtered and not counts.rejected else "rejected"


def sentence(word: str, counts: Counts, fates: list[Fates]) -> str:
    """The verdict `word` for a person; where the record makes several events, how many of them meet which fate."""
    every = counts.sent + counts.rejected + counts.filtered
    if every < 2:
        return VERDICTS[word]
    unit = "events, each counted for each of its pixels," if is_for_several_pixels(fates) else "events"
    rest = [
        f"{count} {what}"
        for count, what in ((counts.rejected, "rejected: a dead letter"), (counts.filtered, "filtered"))
        if count
    ]
    return ", ".join([f"{counts.sent} of {every} {unit} would be sent", *rest])


def is_for_several_pixels(fates: Iterable[Fates]) -> bool:
    """Whether an event of the record is for more than one pixel."""
    return any(len(each) > 1 for each in fates)
