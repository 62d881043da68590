"""The group's coordinator: it keeps committed offsets, and refuses those who are no members any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from random import Random
from typing import NamedTuple

from capi_stream.delivery.commits import METADATA_REFUSED
from capi_stream.model import Partition
from tests.simulation.texts import not_ours, said


class Place(NamedTuple):
    """What is committed for one partition. A `start` may be lower than what was committed: the log began anew."""

    partition: Partition
    offset: int
    text: str = ""
    is_start: bool = False


class Broker:
    """Committed offsets with their texts, and the generation whose members may commit."""

    def __init__(self, partitions: Iterable[Partition], random: Random, faults: float) -> None:
        self._random = random
        self.faults = faults
        self.generation = 0
        self.committed = dict.fromkeys(partitions, 0)
        self._texts: dict[Partition, list[str]] = {partition: [""] for partition in self.committed}
        self._text_limit = random.choice((4_096, 4_096, 4_096, 14))

    def commit(self, places: Collection[Place], generation: int) -> str | None:
        """Take `places` from a member of `generation`; the error that it hears, be it true or not."""
        if generation != self.generation:
            return "illegal_generation"
        is_faulty = self._random.random() < self.faults
        if is_faulty and self._random.random() < 0.5:
            return self._random.choice(("timed_out", "rebalance_in_progress", "not_coordinator"))
        is_refused = False
        for place in places:
            if len(place.text) > self._text_limit:
                is_refused = True
            else:
                self._take(place)
        if is_refused:
            return METADATA_REFUSED
        return "timed_out" if is_faulty else None

    def _take(self, place: Place) -> None:
        partition, offset, text, is_start = place
        before = self.committed[partition]
        assert offset >= before or is_start, f"never back: {partition} had {before} committed and gets {offset}"
        if offset < before:
            self._texts[partition].clear()
        self.committed[partition] = offset
        self._texts[partition].append(text)

    def start(self, partition: Partition) -> tuple[int, str, frozenset[int]]:
        """Where a new assignment begins, the text beside it (at times a wrong one), and what it truly claims."""
        offset, texts = self.committed[partition], self._texts[partition]
        if self._random.random() < self.faults / 2:
            return offset, not_ours(texts[-1], offset, texts, self._random), frozenset()
        base, claimed = said(texts[-1]) if texts[-1] else (offset, frozenset())
        return offset, texts[-1], claimed if base == offset else frozenset()
