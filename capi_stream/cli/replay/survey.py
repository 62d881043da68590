"""What a replay has before it, from the headers of its letters alone: how many, and what should be mended first."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from capi_stream.cli.replay.plan import Plan
from capi_stream.intake.intake import Intake
from capi_stream.kafka.browser import Browser
from capi_stream.letter_heads import Head, read
from capi_stream.model import Partition
from capi_stream.replay.newer import Newer
from capi_stream.replay.reading import MENDABLE, PASSED_OVER, Wish


@dataclass(frozen=True, slots=True)
class Survey:
    """`left` letters lie before the replay; `wish` takes `reasons` of them, why they are there, and leaves the others.

    `others` are the reasons of those that the filters do not take; `ends` is where the letters end.
    """

    wish: Wish
    ends: Mapping[Partition, int]
    left: int
    reasons: Counter[str]
    others: Counter[str]
    passed_over: Counter[str]

    def hindrances(self, plan: Plan) -> Iterator[str]:
        """What keeps the replay from being done: each would be passed over for good."""
        for reason in sorted(MENDABLE.intersection(self.passed_over) - plan.leave):
            number = self.passed_over[reason]
            yield f"{number:,} letters would be passed over for good, {reason}: {PASSED_OVER[reason]}."
            yield f"What to do: mend that first; or leave them where they lie, with --leave {reason}."


def survey(plan: Plan) -> Survey:
    """Look at what the replay has left to do. Raises KafkaFailure."""
    heads: list[Head | None] = []
    newer = Newer()
    with Browser(plan.settings.consumer, plan.topic, plan.group, plan.named) as browser:
        if plan.to_topic:
            browser.exists(plan.to_topic, "--to-topic")
        ends = {partition: high for partition, (_, high) in browser.ends().items()}
        for letter in browser.left(ends):
            head = read(letter.headers)
            heads.append(head)
            if head is not None:
                newer.learn(head)
    return _of(heads, plan.wish(time.time(), newer), Intake(plan.settings.intake), ends)


def is_some_left(plan: Plan, seen: Survey) -> bool:
    """Whether nobody has settled some of what `seen` saw: another process has it, or one that was killed had."""
    with Browser(plan.settings.consumer, plan.topic, plan.group, plan.named) as browser:
        return next(browser.left(seen.ends), None) is not None


def _of(heads: list[Head | None], wish: Wish, intake: Intake, ends: Mapping[Partition, int]) -> Survey:
    reasons, others, passed_over = Counter[str](), Counter[str](), Counter[str]()
    for head in heads:
        passed = wish.passes_over(head, intake.reads)
        if passed is not None:
            passed_over[passed] += 1
        if passed == "not_chosen" and head is not None:
            others[head.reason] += 1
        elif passed is None and head is not None:
            reasons[head.reason] += 1
    return Survey(wish, ends, len(heads), reasons, others, passed_over)
