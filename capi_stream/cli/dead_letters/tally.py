"""What lies in one topic of letters, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from capi_stream.cli.dead_letters.lying import Lying
from capi_stream.cli.dead_letters.options import Kind
from capi_stream.cli.dead_letters.words import NONE, code
from capi_stream.cli.letters.chart import chart
from capi_stream.cli.letters.shown import shown_pixel
from capi_stream.letter_heads import Head
from capi_stream.replay.choosing import Choice

AGES = (("<1 h", 3_600), ("<6 h", 21_600), ("<1 d", 86_400), ("<3 d", 259_200), ("<7 d", 604_800))  # seconds
OLDER, UNKNOWN = "older", "unknown"
AGES_IN_ORDER = (*(name for name, _ in AGES), OLDER, UNKNOWN)

NAMES = {Kind.DEAD: "dead letters", Kind.PARKED: "parked records"}


class Tally:
    """Counts the letters of `topic` that `choice` takes, by what their headers say; and beside them what is foreign."""

    def __init__(self, kind: Kind, topic: str, choice: Choice, unix_now: float) -> None:
        self._kind, self._topic, self._choice, self._unix_now = kind, topic, choice, unix_now
        self.letters = 0
        self.foreign = 0  # whatever the filters: these cannot be asked
        self.without_value = 0
        self.replayed = 0
        self.encrypted = 0  # still: no key opens them
        self.left_out = 0  # letters that the filters do not take
        self.reasons: Counter[str] = Counter()
        self.pixels: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.ages: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()

    def counts(self, each: Lying) -> None:
        """One more record that lies there."""
        if each.head is None:
            self.foreign += 1
        elif not each.is_chosen(self._choice):
            self.left_out += 1
            return
        else:
            self._counts_letter(each.head)
        self.without_value += each.record.value is None

    def _counts_letter(self, head: Head) -> None:
        self.letters += 1
        self.replayed += head.replay_count > 0
        self.encrypted += head.is_sealed
        self.reasons[head.reason] += 1
        self.pixels[shown_pixel(head.pixel) if head.pixel else NONE] += 1
        self.codes[code(head)] += 1
        self.ages[age(head.last_failed_at, self._unix_now)] += 1
        self.sources[head.source_topic] += 1

    def lines(self) -> Iterator[str]:
        """For a person."""
        none = "none" if self.left_out else "there is none"
        yield f"{NAMES[self._kind]}, topic {self._topic}: {f'{self.letters:,}' if self.letters else none}"
        for what, number in (
            ("replayed before", self.replayed),
            ("without a value", self.without_value),
            ("encrypted, and no key of letters.encryption_key_file opens them", self.encrypted),
            ("no letters of ours, beside them", self.foreign),
            ("left out by the filters", self.left_out),
        ):
            if number:
                yield f"  {what}: {number:,}"
        yield from chart("by reason", self.reasons)
        yield from chart("by pixel", self.pixels)
        yield from chart("by the API's code and subcode", self.codes)
        yield from chart("by age, since they failed last", self.ages, AGES_IN_ORDER)
        if len(self.sources) > 1:
            yield from chart("by the topic where they were first read", self.sources)

    def values(self) -> dict[str, Any]:
        """For a program."""
        return {
            "topic": self._topic,
            "letters": self.letters,
            "foreign": self.foreign,
            "without_value": self.without_value,
            "replayed": self.replayed,
            "encrypted": self.encrypted,
            "left_out": self.left_out,
            "by_reason": dict(self.reasons),
            "by_pixel": dict(self.pixels),
            "by_code": dict(self.codes),
            "by_age": {name: self.ages[name] for name in AGES_IN_ORDER},
            "by_source_topic": dict(self.sources),
        }


def age(failed_at_ms: int | None, unix_now: float) -> str:
    """One of AGES_IN_ORDER; of a time that is later than tomorrow nothing is known: clocks do not differ so much."""
    if failed_at_ms is None:
        return UNKNOWN
    seconds = unix_now - failed_at_ms / 1_000
    return UNKNOWN if seconds < -86_400 else next((name for name, limit in AGES if seconds < limit), OLDER)
