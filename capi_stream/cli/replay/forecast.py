"""What a replay would do, counted: how many letters would be sent, refused again, left alone, and why."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import assert_never

from capi_stream.cli.letters.chart import chart
from capi_stream.cli.letters.opening import Opened, Opening, Passed
from capi_stream.cli.letters.shown import shown_name, shown_pixel
from capi_stream.cli.replay.plan import Plan
from capi_stream.cli.replay.survey import Survey
from capi_stream.kafka.browser import Browser
from capi_stream.kafka.groups import groups
from capi_stream.model import Malformed, Mapped, NeedSchema, Reading, Tombstone
from capi_stream.replay.reading import MENDABLE, PASSED_OVER

AGES = (("1 hour", 3_600), ("6 hours", 21_600), ("1 day", 86_400), ("3 days", 259_200), ("7 days", 604_800))
OLDER = "older"
SENT, REFUSED, FILTERED = "would be sent", "refused again", "filtered"
WAITING = "wait for a schema that no registry told"


def forecast(plan: Plan, seen: Survey) -> Forecast:
    """Read what the replay has left to do, and which `seen.wish` takes. Raises KafkaFailure."""
    made, opening = Forecast(seen.others), Opening(plan.settings, seen.wish)
    with Browser(plan.settings.consumer, plan.topic, plan.group, plan.named) as browser:
        for each in opening.opened(browser.left()):
            made.counts(each, time.time())
    made.groups = [each for each in groups(plan.settings.consumer, plan.family) if each != plan.group]
    return made


class Forecast:
    """Counts letters by what would become of each."""

    def __init__(self, others: Counter[str] | None = None) -> None:
        self.fates: Counter[str] = Counter()  # letters by what would become of them
        self.sent: Counter[str] = Counter()  # pixel and event name
        self.refused: Counter[str] = Counter()  # stage and reason
        self.filtered: Counter[str] = Counter()
        self.passed_over: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()  # why the letters that are taken are there
        self.ages: Counter[str] = Counter()
        self.groups: list[str] = []  # of other replays that have read the same letters
        self._others = others or Counter()  # the reasons of those that the filters do not take

    def counts(self, each: Opened | Passed, unix_now: float) -> None:
        """One more letter."""
        match each:
            case Passed(_, reason):
                self.passed_over[reason] += 1
            case Opened(_, _, Mapped(filtered=["too_old"])):
                self.passed_over["too_old"] += 1
            case Opened(_, head, reading):
                self.reasons[head.reason] += 1
                self.ages[_age(head.last_failed_at, unix_now)] += 1
                self._fate(reading)

    def _fate(self, reading: Reading) -> None:
        match reading:
            case Mapped(events=events, rejections=rejections, filtered=filtered):
                self.fates[SENT if events else REFUSED if rejections else FILTERED] += 1
                self.sent.update(f"{shown_pixel(event.pixel)}  {shown_name(event.name)}" for event in events)
                self.refused.update(f"{rejection.stage}  {rejection.reason}" for rejection in rejections)
                self.filtered.update(filtered)
            case Malformed(rejection):
                self.fates[REFUSED] += 1
                self.refused[f"{rejection.stage}  {rejection.reason}"] += 1
            case Tombstone():
                self.fates[FILTERED] += 1
                self.filtered["tombstone"] += 1
            case NeedSchema():
                self.fates[WAITING] += 1
            case _:
                assert_never(reading)

    @property
    def is_complete(self) -> bool:
        """Whether what would become of each is known."""
        return not self.fates[WAITING]

    def lines(self, plan: Plan) -> Iterator[str]:
        """For a person."""
        yield f"{self._taken + self.passed_over.total():,} letters in {plan.topic}: {self._in_short(plan)}"
        yield from chart("why they are there", self.reasons)
        yield from chart("when they failed last", self.ages, [f"within {name}" for name, _ in AGES] + [OLDER])
        if plan.to_topic:
            yield f"\n{plan.warning}"
        else:
            yield from chart("events that would be sent, by pixel and name", self.sent)
            yield from chart("would be refused again, as new letters", self.refused)
            yield from chart("would be filtered, and be done with", self.filtered)
        yield from self._left()
        yield ""
        yield f"Nothing was sent. To do it: {plan.command}" if self._taken else "Nothing is to be sent."

    @property
    def _taken(self) -> int:
        return self.reasons.total()

    def _in_short(self, plan: Plan) -> str:
        fates = [(f"published to {plan.to_topic}", self._taken)] if plan.to_topic else list(self.fates.items())
        counts = [*fates, ("left where they lie", self.passed_over.total())]
        return ", ".join(f"{number:,} {fate}" for fate, number in counts if number) or "none is left to do"

    def _left(self) -> Iterator[str]:
        if self.passed_over:
            yield "\nleft where they lie"
        for reason, number in self.passed_over.most_common():
            yield f"  {reason:<20}  {number:>8,}  {PASSED_OVER[reason]}"
        if MENDABLE.intersection(self.passed_over):
            yield "What to do: mend that first. What a replay has passed over, it takes under another --id alone."
        if self._others and not self._taken:
            there = ", ".join(f"{reason} ({number:,})" for reason, number in self._others.most_common(10))
            yield f"The filters take none. The reasons that there are: {there}"
        if self.groups and self._taken:
            yield "\nOther replays have read these letters: what they sent is sent again where the filters overlap."
            yield from (f"  {group}" for group in self.groups)


def _age(failed_at_ms: int | None, unix_now: float) -> str:
    seconds = unix_now - (failed_at_ms or 0) / 1_000
    return next((f"within {name}" for name, limit in AGES if seconds < limit), OLDER)
