"""The consumer group's member: records in, pauses and commits out, and what a rebalance asks of the service.

One thread uses it, and every callback runs inside its `poll` and `close`. A callback never raises: an exception that
leaves one inside `consume` would swallow records of partitions that are kept. It is kept, and the next poll raises it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from capi_stream.delivery.offsets import Commit
from capi_stream.kafka.assignment import Assignment
from capi_stream.kafka.clients import Ear, connected, consumer_properties, has_member_epoch, log
from capi_stream.kafka.committing import Committing, StartCommits
from capi_stream.kafka.ends import Ends
from capi_stream.kafka.failures import OFFSET_GONE, answer_of, ends_service, failure, passes, slug
from capi_stream.kafka.records import partitions_of, reader
from capi_stream.kafka.settings import ConsumerSettings
from capi_stream.kafka.starts import Starts, existing_partitions
from capi_stream.kafka.watermarks import Watermarks
from capi_stream.model import Partition, Record

CLOSING_POLL_SECONDS = 0.05


class RebalanceListener(Protocol):
    """Who must know which partitions are ours. Called from inside `poll` and `close`, on their thread."""

    def joined(self) -> None:
        """The group has given us our share, be it none: it may have more members than partitions."""

    def assigned(self, partition: Partition, start: int, metadata: str) -> None:
        """`partition` is ours from offset `start` on; `metadata` is the text committed beside it, else empty."""

    def revoking(self, partitions: Collection[Partition]) -> None:
        """`partitions` go to another member when this returns: settle, commit (`commit_now`), forget."""

    def lost(self, partitions: Collection[Partition]) -> None:
        """`partitions` are another member's already: forget them, commit nothing."""


class GroupConsumer:
    """A member of the consumer group. Raises KafkaFailure where the service cannot go on."""

    def __init__(self, settings: ConsumerSettings, listener: RebalanceListener) -> None:
        self._settings = settings
        self._listener = listener
        self._may_join_silently = settings.rebalance == "consumer"  # KIP-848 calls nobody for an empty assignment
        self._record = reader(settings.letter_keys)
        self._ear = Ear("consumer")
        self._committing = Committing()
        self._consumer: Consumer = connected(
            Consumer, consumer_properties(settings), self._ear.heard, on_commit=self._on_commit
        )
        self._starts = Starts(self._consumer, settings)
        self._assignment = Assignment(self._consumer, settings.rebalance)
        self._start_commits = StartCommits(self._consumer, self._committing, self._assignment)
        self._watermarks: Watermarks | None = None
        self._ended: list[tuple[Commit, str | None]] = []
        self._is_closing = False
        self._kept: BaseException | None = None  # what a callback would have raised
        self.rebalances: Counter[str] = Counter()  # assigned, revoked, lost
        self._rebalances_ended: list[tuple[str, float]] = []
        self._ends: Ends | None = None  # where the settings say that it stops there

    # Start and end.

    def start(self) -> None:
        """Connect, check topics and rights, and join the group. Raises KafkaFailure."""
        existing: list[Partition] = []
        for topic in self._settings.topics:
            existing += answer_of(
                partial(existing_partitions, self._consumer, topic),
                f"look for topic {topic}",
                self._settings.connect_seconds,
                between=self._serve,
            )
        self._starts.learn(existing)
        if self._settings.stops_at_ends:
            self._ends = Ends({partition: self._starts.ends(partition)[1] for partition in existing})
        self._consumer.subscribe(
            list(self._settings.topics),
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )
        self._watermarks = Watermarks(self._settings)

    def _serve(self) -> None:
        self._starts.hear()
        self._ear.check()

    def close(self, timeout: float) -> None:
        """Give all partitions back, then leave the group. Raises what a callback raised.

        With a commit that nobody answered within `timeout` seconds it leaves without a word, and its session times out
        instead: the client's own close would wait as long as that commit (seen: 45 s, and with a broker that hangs, for
        ever).
        """
        with self._keeping():
            self._give_back(self._assignment.partitions)
        self._is_closing = True  # what a rebalance may still hand us is left alone: we are on our way out
        if self._watermarks is not None:
            self._watermarks.close()
        deadline = time.monotonic() + timeout
        while self._committing.is_waiting and time.monotonic() < deadline:
            self._consumer.poll(CLOSING_POLL_SECONDS)
        if self._committing.is_waiting:
            log.warning("kafka_left_silently", reason="a commit was not answered")
        else:
            self._consumer.close()
        if self._kept is not None:
            raise self._kept

    # Records.

    def poll(self, max_records: int, timeout: float) -> list[Record]:
        """Up to `max_records` records; returns early only when it has that many. Serves all callbacks.

        Raises KafkaFailure, or what a callback raised; records that came with it are then not handed out.
        """
        self._check()
        try:
            messages = self._consumer.consume(max_records, timeout)
        except KafkaException as exception:
            raise failure("read as a member of the group", exception.args[0]) from None
        self._check()
        records = []
        for message in messages:
            error = message.error()
            if error is None:
                records.append(self._record(message))
            else:
                self._met(message, error)
        if records:
            self._ear.works()
        if self._ends is not None:
            records = self._ends.within(records)
        if self._may_join_silently and has_member_epoch(self._consumer):
            self._joined()
        self._start_commits.send_due(time.monotonic())
        return records

    def _check(self) -> None:
        if self._kept is not None:
            raise self._kept
        self._ear.check()
        if self._committing.failure is not None:
            raise self._committing.failure

    def _met(self, message: Message, error: KafkaError) -> None:
        topic, number = message.topic(), message.partition()
        where = f"read topic {topic}" if topic else "read as a member of the group"
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  it has no other name
            self._met_end(message)
        elif error.code() in OFFSET_GONE and topic is not None and number is not None:
            self._jump(Partition(topic, number))
        elif passes(error):
            log.warning("kafka_read_error", topic=topic, partition=number, error=slug(error), detail=error.str())
        elif ends_service(error):
            raise failure(where, error)
        else:  # it may have cost a record, and going on would commit past it
            raise failure(f"{where}, partition {number}, at offset {message.offset()}", error)

    def _met_end(self, message: Message) -> None:
        topic, number, offset = message.topic(), message.partition(), message.offset()
        if self._ends is not None and topic is not None and number is not None and offset is not None:
            self._ends.nothing_comes(Partition(topic, number), offset)

    @property
    def has_ended(self) -> bool:
        """Whether all that is ours was read up to its end; never without ends, and never while nothing is ours: what
        others have comes to us when they leave."""
        ours = self._assignment.partitions
        return self._ends is not None and bool(ours) and len(self._ends.reached(ours)) == len(ours)

    def _jump(self, partition: Partition) -> None:
        """Go on where the settings say: the log does not have the position of `partition` any more.

        Forward, what is in memory still settles, so its tracker is kept. Backward (the log was cut, or the topic
        created anew), offsets that were seen come again for other records: the partition begins a new life.
        """
        if partition not in self._assignment.partitions:
            return
        position = self._assignment.position(partition)
        start = self._starts.after_gap(partition, position)
        log.warning("kafka_offset_gone", topic=partition.topic, partition=partition.number, offset=position,
                    goes_on_at=start.offset)  # fmt: skip
        self._assignment.move(partition, start.offset)
        if start.offset < position:
            if self._ends is not None:
                self._ends.cut(partition, self._starts.ends(partition)[1])
            self._listener.lost([partition])
            self._listener.assigned(partition, start.offset, "")

    def keep_paused(self, wanted: Collection[Partition]) -> None:
        """Pause `wanted`, and what was read up to its end, and no others."""
        ended = () if self._ends is None else self._ends.reached(self._assignment.partitions)
        self._assignment.keep_paused({*wanted, *ended} if ended else wanted)

    # Commits.

    def commit(self, commit: Commit | None) -> None:
        """Send `commit`; `commits_ended` tells how it ended. None sends nothing."""
        if commit is not None:
            self._committing.send(self._consumer, self._offsets(commit), partial(self._commit_ended, commit))

    def commits_ended(self) -> list[tuple[Commit, str | None]]:
        """The commits that ended since the last call, each with None or the name of its error."""
        ended, self._ended = self._ended, []
        return ended

    def commit_now(self, commit: Commit, timeout: float) -> str | None:
        """Commit and wait at most `timeout` seconds; None, or the error's name. Also inside `revoking`."""
        if self._kept is not None:
            return "not_sent"  # a callback broke: nobody can vouch for what is settled
        return self._committing.send_and_see(self._consumer, self._offsets(commit), timeout)

    def _offsets(self, commit: Commit) -> list[TopicPartition]:
        at = ((position.tracker.partition, position) for position in commit.positions)
        return [
            TopicPartition(*partition, max(position.offset, self._assignment.floor(partition)), position.metadata)
            for partition, position in at
        ]

    def _commit_ended(self, commit: Commit, error: str | None) -> None:
        self._ended.append((commit, error))

    # Shown.

    def rebalances_ended(self) -> list[tuple[str, float]]:
        """What has changed our assignment since the last call (assigned, revoked, lost), and how many seconds it took:
        no record was read meanwhile."""
        ended, self._rebalances_ended = self._rebalances_ended, []
        return ended

    @property
    def outage(self) -> str | None:
        """Why no broker can be reached; None while one can."""
        return self._ear.outage

    def high_watermarks(self) -> Mapping[Partition, int]:
        """Where the assigned partitions end, a few seconds ago. May be called from any thread."""
        return {} if self._watermarks is None else self._watermarks.known()

    # Callbacks.

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:  # noqa: BLE001 - poll raises it; from here it would cost records
            self._kept = self._kept or error

    def _on_commit(self, error: KafkaError | None, offsets: Sequence[TopicPartition]) -> None:
        with self._keeping():
            self._committing.answered(error, offsets)
            if error is None:
                self._ear.works()

    def _on_assign(self, _: Consumer, offsets: Sequence[TopicPartition]) -> None:
        with self._keeping():
            if self._is_closing or self._kept is not None:
                return
            self._joined()
            if not offsets:
                return
            began = time.monotonic()
            starts = self._starts.of(partitions_of(offsets))
            if self._ends is not None:
                self._ends.came_back(starts)
            self._assignment.add(starts)
            for partition, start in starts.items():
                self._listener.assigned(partition, start.offset, start.metadata)
            self._start_commits.send_due(time.monotonic())
            self._changed("assigned", starts, began)

    def _joined(self) -> None:
        self._may_join_silently = False
        self._listener.joined()

    def _on_revoke(self, _: Consumer, offsets: Sequence[TopicPartition]) -> None:
        with self._keeping():
            self._give_back(partitions_of(offsets))

    def _give_back(self, partitions: Iterable[Partition]) -> None:
        began = time.monotonic()
        ours = [partition for partition in partitions if partition in self._assignment.partitions]
        if ours and self._kept is None:
            self._listener.revoking(ours)
        self._assignment.remove(ours)
        self._changed("revoked", ours, began)

    def _on_lost(self, _: Consumer, offsets: Sequence[TopicPartition]) -> None:
        with self._keeping():
            began = time.monotonic()
            ours = self._assignment.remove(partitions_of(offsets))
            if ours and self._kept is None:
                self._listener.lost(ours)
            self._changed("lost", ours, began)

    def _changed(self, how: str, partitions: Collection[Partition], began: float) -> None:
        if partitions:
            self.rebalances[how] += 1
            self._rebalances_ended.append((how, time.monotonic() - began))
            _tell(how, [f"{topic}/{number}" for topic, number in sorted(partitions)])
            if self._watermarks is not None:
                self._watermarks.watch(self._assignment.partitions)


def _tell(how: str, partitions: list[str]) -> None:
    match how:
        case "assigned":
            log.info("partitions_assigned", partitions=partitions)
        case "revoked":
            log.info("partitions_revoked", partitions=partitions)
        case _:
            log.warning("partitions_lost", partitions=partitions, effect="some is sent twice")
