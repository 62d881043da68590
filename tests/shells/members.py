"""A member of a consumer group as the service would run it, driven by hand."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Self

from capi_stream.delivery.ledger import RecordCounts
from capi_stream.delivery.offsets import Commit, OffsetTracker, Position
from capi_stream.kafka.consumer import GroupConsumer
from capi_stream.kafka.settings import ConsumerSettings
from capi_stream.model import Partition, Record

QUICK = {"heartbeat.interval.ms": "300", "session.timeout.ms": "6000"}  # the classic protocol's, for quick rebalances


def settings(bootstrap: str | Mapping[str, Any], *topics: str, group: str = "", **changes: Any) -> ConsumerSettings:
    """Settings of a member; without `group`, of a group of its own."""
    common = {"bootstrap.servers": bootstrap} if isinstance(bootstrap, str) else dict(bootstrap)
    quick = {} if changes.get("rebalance") == "consumer" else QUICK
    properties = {**common, **quick, "group.id": group or f"group-{uuid.uuid4().hex[:8]}"}
    given: dict[str, Any] = {"connect_seconds": 10.0, "watermarks_every_seconds": 0.2}
    return ConsumerSettings(properties=properties, topics=topics, **(given | changes))


class Member:
    """Notes what it is told, in order, and what it reads."""

    def __init__(self, settings: ConsumerSettings) -> None:
        self.starts: dict[Partition, int] = {}
        self.metadata: dict[Partition, str] = {}
        self.told: list[tuple[str, frozenset[Partition]]] = []
        self.records: list[Record] = []
        self.on_revoking: Callable[[Collection[Partition]], None] = lambda _: None
        self.consumer = GroupConsumer(settings, self)

    # RebalanceListener.

    def joined(self) -> None: ...

    def assigned(self, partition: Partition, start: int, metadata: str) -> None:
        self.starts[partition] = start
        self.metadata[partition] = metadata
        self.told.append(("assigned", frozenset({partition})))

    def revoking(self, partitions: Collection[Partition]) -> None:
        self.told.append(("revoking", frozenset(partitions)))
        self.on_revoking(partitions)
        self._forget(partitions)

    def lost(self, partitions: Collection[Partition]) -> None:
        self.told.append(("lost", frozenset(partitions)))
        self._forget(partitions)

    def _forget(self, partitions: Collection[Partition]) -> None:
        for partition in partitions:
            self.starts.pop(partition, None)

    # What the test does with it.

    def __enter__(self) -> Self:
        self.consumer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.consumer.close(5.0)

    def poll(self) -> None:
        self.records += self.consumer.poll(1_000, 0.05)

    def read(self, count: int, seconds: float = 15.0) -> list[bytes | None]:
        """The values read so far, once there are `count`."""
        poll_until(lambda: len(self.records) >= count, self, seconds=seconds)
        return [record.value for record in self.records]

    def join(self, partitions: int) -> None:
        """Poll until it has that many partitions."""
        poll_until(lambda: len(self.starts) == partitions, self)

    def commit(self, partition: Partition, offset: int, metadata: str = "") -> str | None:
        """Commit as the loop does, and poll until the answer is there; its error."""
        commit = commit_of({partition: offset}, metadata)
        self.consumer.commit(commit)
        ended: list[tuple[Commit, str | None]] = []

        def has_ended() -> bool:
            ended.extend(self.consumer.commits_ended())
            return bool(ended)

        poll_until(has_ended, self)
        assert [each for each, _ in ended] == [commit]
        return ended[0][1]


def poll_until(condition: Callable[[], object], *members: Member, seconds: float = 15.0) -> None:
    """Poll the members in turn until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, [member.told for member in members]
        for member in members:
            member.poll()


def commit_of(offsets: Mapping[Partition, int], metadata: str = "") -> Commit:
    """A commit as the engine hands it out."""
    return Commit(
        tuple(
            Position(OffsetTracker(partition, 0, RecordCounts()), offset, metadata)
            for partition, offset in offsets.items()
        )
    )
