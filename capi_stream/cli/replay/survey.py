"""What a replay has before it, from the headers of its letters alone: how many, and what should be mended first."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from capi_stream.cli.replay.plan import Plan
from capi_stream.intake.intake import Intake
from capi_stream.kafka.browser import Browser
from capi_stream.letter_heads import read
from capi_stream.model import Partition, Record
from capi_stream.replay.newer import Newer
from capi_stream.replay.reading import MENDABLE, PASSED_OVER, Wish


@dataclass(slots=True)
class Survey:
    """`left` letters lie before the replay with `wish`, which ends at `ends`.

    `passed_over` counts why letters would be left where they lie; those with newer ones in their place are not known
    before all are seen. `others` are the reasons of those that the filters do not take.
    """

    wish: Wish
    ends: Mapping[Partition, int]
    left: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    def sees(self, letters: Iterable[Record], intake: Intake) -> None:
        """Take in all of them. Nothing of a letter is kept, but what a replay has left: there may be millions."""
        for letter in letters:
            head = read(letter.headers)
            self.left += 1
            reason = self.wish.passes_over(head, intake.reads)
            if reason is not None:
                self.passed_over[reason] += 1
            if reason == "not_chosen" and head is not None:
                self.others[head.reason] += 1
            if head is not None:
                self.wish.newer.learn(head)

    def hindrances(self, plan: Plan) -> Iterator[str]:
        """What keeps the replay from being done: each would be passed over for good."""
        for reason in sorted(MENDABLE.intersection(self.passed_over) - plan.leave):
            number = self.passed_over[reason]
            yield f"{number:,} letters would be passed over for good, {reason}: {PASSED_OVER[reason]}."
            yield f"What to do: mend that first; or leave them where they lie, with --leave {reason}."


def survey(plan: Plan) -> Survey:
    """Look at what the replay has left to do. Raises KafkaFailure."""
    with _browser(plan) as browser:
        if plan.to_topic:
            browser.exists(plan.to_topic, "--to-topic")
        ends = {partition: high for partition, (_, high) in browser.ends().items()}
        seen = Survey(plan.wish(time.time(), Newer()), ends)
        seen.sees(browser.left(ends), Intake(plan.settings.intake))
    return seen


def is_some_left(plan: Plan, seen: Survey) -> bool:
    """Whether nobody has settled some of what `seen` saw: another process has it, or one that was killed had."""
    with _browser(plan) as browser:
        return next(browser.left(seen.ends), None) is not None


def _browser(plan: Plan) -> Browser:
    return Browser(plan.settings.consumer, plan.topic, plan.group, plan.named)
