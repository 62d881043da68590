"""The group's coordinator: it keeps committed offsets, and refuses those who are no members any more."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from capi_stream.delivery.commits import METADATA_REFUSED
from capi_stream.delivery.offsets import Commit
from capi_stream.model import Partition
from tests.simulation.texts import not_ours, said


class Broker:
    """Committed offsets with their texts, and the generation whose members may commit."""

    def __init__(self, partitions: Iterable[Partition], random: Random, faults: float) -> None:
        self._random = random
        self.faults = faults
        self.generation = 0
        self.committed = dict.fromkeys(partitions, 0)
        self._texts: dict[Partition, list[str]] = {partition: [""] for partition in self.committed}
        self._text_limit = random.choice((4_096, 4_096, 4_096, 14))

    def commit(self, commit: Commit, generation: int) -> str | None:
        """Take `commit` of a member of `generation`; the error that it hears, be it true or not."""
        if generation != self.generation:
            return "illegal_generation"
        is_faulty = self._random.random() < self.faults
        if is_faulty and self._random.random() < 0.5:
            return self._random.choice(("timed_out", "rebalance_in_progress", "not_coordinator"))
        is_refused = False
        for position in commit.positions:
            if len(position.metadata) > self._text_limit:
                is_refused = True
            else:
                self._take(position.tracker.partition, position.offset, position.metadata)
        if is_refused:
            return METADATA_REFUSED
        return "timed_out" if is_faulty else None

    def _take(self, partition: Partition, offset: int, text: str) -> None:
        before = self.committed[partition]
        assert offset >= before, f"never back: {partition} had {before} committed and gets {offset}"
        self.committed[partition] = offset
        self._texts[partition].append(text)

    def start(self, partition: Partition) -> tuple[int, str, frozenset[int]]:
        """Where a new assignment begins, the text beside it (at times a wrong one), and what it truly claims."""
        offset, texts = self.committed[partition], self._texts[partition]
        if self._random.random() < self.faults / 2:
            return offset, not_ours(texts[-1], offset, texts, self._random), frozenset()
        return offset, texts[-1], said(texts[-1])[1] if texts[-1] else frozenset()
