"""The partitions that are ours now: where each starts, and which of them the client may not fetch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from confluent_kafka import OFFSET_INVALID, Consumer, TopicPartition

from capi_stream.kafka.settings import Rebalance
from capi_stream.kafka.starts import Start
from capi_stream.model import Partition


class Assignment:
    """Our part of the group's partitions, as the client has it and as the service wants it.

    A partition whose start we decided stays paused until the broker has that start as committed: a crash after the
    first record would else decide anew, elsewhere.
    """

    def __init__(self, consumer: Consumer, rebalance: Rebalance) -> None:
        self._consumer = consumer
        self._is_incremental = rebalance != "eager"  # an eager group refuses incremental_assign, and the other way
        self._starts: dict[Partition, int] = {}
        self._wanted: frozenset[Partition] = frozenset()  # paused by the service
        self._paused: frozenset[Partition] = frozenset()  # paused in the client
        self._floors: dict[Partition, int] = {}
        self.uncommitted_starts: dict[Partition, Start] = {}

    @property
    def partitions(self) -> frozenset[Partition]:
        """What is ours."""
        return frozenset(self._starts)

    # What is ours.

    def add(self, starts: Mapping[Partition, Start]) -> None:
        """Read these partitions too, each from its start."""
        offsets = [TopicPartition(*partition, start.offset) for partition, start in starts.items()]
        if self._is_incremental:
            self._consumer.incremental_assign(offsets)
        else:
            self._consumer.assign(offsets)
        self._started({partition: start.offset for partition, start in starts.items()})
        self.uncommitted_starts.update({partition: start for partition, start in starts.items() if start.is_resolved})
        self.reconcile()

    def remove(self, partitions: Iterable[Partition]) -> list[Partition]:
        """Forget those of `partitions` that are ours, and return them; the client lets go of them by itself."""
        gone = [partition for partition in partitions if partition in self._starts]
        for partition in gone:
            del self._starts[partition]
            self.uncommitted_starts.pop(partition, None)
            self._floors.pop(partition, None)
        self._paused = self._paused.difference(gone)
        return gone

    def move(self, partition: Partition, offset: int) -> None:
        """Read `partition` on from `offset`, and never commit less for it.

        Only unassign and assign recovers a partition whose position was not in the log: `seek` raises.
        """
        here = TopicPartition(*partition, offset)
        if self._is_incremental:
            self._consumer.incremental_unassign([here])
            self._consumer.incremental_assign([here])
            self._started({partition: offset})
        else:
            others = {each: self.position(each) for each in self._starts if each != partition}
            self._consumer.assign([here, *(TopicPartition(*each, at) for each, at in others.items())])
            self._started({partition: offset, **others})
        self._floors[partition] = offset
        self.uncommitted_starts[partition] = Start(offset, is_resolved=True)
        self.reconcile()

    def _started(self, starts: Mapping[Partition, int]) -> None:
        # librdkafka remembers a pause over revoke and assign: so what is fresh is resumed first, then reconciled.
        self._consumer.resume(_listed(starts))
        self._paused = self._paused.difference(starts)
        self._starts.update(starts)

    # Where we are.

    def position(self, partition: Partition) -> int:
        """The offset of `partition` that is read next."""
        at: int = self._consumer.position([TopicPartition(*partition)])[0].offset
        return self._starts[partition] if at == OFFSET_INVALID else at

    def floor(self, partition: Partition) -> int:
        """What lies below this offset of `partition` is gone from the log: committing it would lead into the gap."""
        return self._floors.get(partition, 0)

    def start_committed(self, partition: Partition, start: Start) -> None:
        """The broker has this very `start` of `partition`: an earlier one may have had the same offset."""
        if self.uncommitted_starts.get(partition) is start:
            del self.uncommitted_starts[partition]

    # What is paused.

    def keep_paused(self, wanted: Collection[Partition]) -> None:
        """Pause `wanted`, as far as it is ours, and no others."""
        self._wanted = frozenset(wanted)
        self.reconcile()

    def reconcile(self) -> None:
        """Make the client's pauses what they should be."""
        target = (self._wanted | self.uncommitted_starts.keys()) & self._starts.keys()
        if pausing := target - self._paused:
            self._consumer.pause(_listed(pausing))
        if resuming := self._paused - target:
            self._consumer.resume(_listed(resuming))
        self._paused = target


def _listed(partitions: Iterable[Partition]) -> list[TopicPartition]:
    return [TopicPartition(*partition) for partition in partitions]
