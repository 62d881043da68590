"""One seed, one run: members, a cluster and an API, stepped in random order, checked after every step."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from capi_stream.delivery.batches import Batch
from capi_stream.delivery.engine import Engine
from capi_stream.model import Destination, Partition
from tests.simulation.api import Api
from tests.simulation.cluster import Cluster
from tests.simulation.member import LIMITS, POLL_RECORDS, Member

Events = list[tuple[Destination, str]]
LARGEST_RECORD_BYTES = 2_500 * 3  # a record with two events, one of them for two destinations, and what each costs
STEPS_TO_END = 20_000


class World:
    """A consumer group under a random schedule."""

    def __init__(self, seed: int, engine: Callable[[], Engine] = lambda: Engine(LIMITS)) -> None:
        self.random = Random(seed)
        self._engine = engine
        self.now = 1_000.0
        self.faults = self.random.choice((0.0, 0.1, 0.4))
        self.cluster = Cluster(self.random, self.random.randrange(1, 5), 80, self.random.choice((0.0, 0.02, 0.2)))
        self.api = Api(self.random, self.cluster.poison, self.faults)
        self.members = [self._member() for _ in range(self.random.randrange(1, 4))]
        for partition in self.cluster.logs:
            self.random.choice(self.members).assigned(partition)

    def _member(self) -> Member:
        return Member(self.cluster, self.api, self.random, self._engine())

    def run(self, steps: int = 300) -> None:
        """A schedule with faults, and then a calm one in which everything must settle."""
        for _ in range(steps):
            self._step()
            self.check()
        self._calm()
        for _ in range(STEPS_TO_END):
            if self._is_done():
                break
            self._work(self.random.choice(self.members))
            self.now += self.random.choice((0.0, 0.1, 1.0, 100.0))
            self.check()
        assert self._is_done(), f"always ends: {self.cluster.committed} of {self._ends()}"
        self._check_everything_settled()

    def _step(self) -> None:
        self.now += self.random.choice((0.0, 0.0, 0.1, 1.0, 20.0))
        chance = self.random.random()
        if chance < 0.02:
            self._crash()
        elif chance < 0.05:
            self._rebalance()
        else:
            self._work(self.random.choice(self.members))

    def _work(self, member: Member) -> None:
        match self.random.randrange(8):
            case 0:
                member.poll(self.now)
            case 1 | 2:
                member.take(self.now)
            case 3 | 4:
                member.answer(self.now)
            case 5:
                member.store(self.now, self.faults)
                if self.random.random() < 0.3:
                    member.learn_schema(self.now)
            case 6:
                member.commit(self.now)
            case _:
                member.end_commit(self.now, self.faults)

    def _crash(self) -> None:
        """A member is gone; what it had posted may still be accepted, and nobody hears of it."""
        gone = self.random.choice(self.members)
        for batch in gone.batches:
            self._accept_unheard(batch)
        self.members[self.members.index(gone)] = self._member()
        for partition in gone.positions:
            self.random.choice(self.members).assigned(partition)

    def _accept_unheard(self, batch: Batch) -> None:
        if self.random.random() < 0.5:
            self.api.judge(batch)

    def _rebalance(self) -> None:
        """Some partitions of one member, or all (eager), go to others; now and then without a word (lost)."""
        giver, taker = self.random.choice(self.members), self.random.choice(self.members)
        moving = [each for each in giver.positions if self.random.random() < 0.6]
        if self.random.random() < 0.3:
            moving = list(giver.positions)
        if self.random.random() < 0.2:
            giver.lose(moving, self.now)
        else:
            giver.give_up(moving, self.now, self.faults)
        for partition in moving:
            taker.assigned(partition)

    def _calm(self) -> None:
        self.faults = self.api.fault_share = 0.0

    def _is_done(self) -> bool:
        return self.cluster.committed == self._ends()

    def _ends(self) -> dict[Partition, int]:
        return {partition: self.cluster.end(partition) for partition in self.cluster.logs}

    # What must hold.

    def check(self) -> None:
        """The invariants that hold after every step."""
        self._check_never_early()
        for member in self.members:
            held = member.engine.snapshot(self.now, 0.0).buffered_bytes
            poll = POLL_RECORDS * LARGEST_RECORD_BYTES * max(1, len(member.positions))
            assert held <= LIMITS.buffer_bytes + poll, "never unbounded"

    def _check_never_early(self) -> None:
        for partition, committed in self.cluster.committed.items():
            for written in self.cluster.logs[partition]:
                if written.record.offset >= committed:
                    break
                self._check_settled(partition, written.record.offset, written.events, refused=written.refused)

    def _check_settled(self, partition: Partition, offset: int, events: Events, *, refused: bool) -> None:
        if refused:
            of_intake = [each for each in self.cluster.letters if each[:2] == (partition, offset) and each[3] is None]
            assert of_intake, f"never early: {partition} {offset} has no letter"
        for destination, event_id in events:
            if not self.api.accepted[destination, event_id]:
                letter = (partition, offset, event_id, destination)
                assert letter in self.cluster.letters, f"never early: {partition} {offset} {event_id}"

    def _check_everything_settled(self) -> None:
        for _, _, event_id, destination in self.cluster.dead:
            assert destination is None or event_id in self.cluster.poison, f"{event_id} is good and was dead-lettered"
        assert not any(event_id in self.cluster.poison for _, event_id in self.api.accepted), "poison was accepted"
        for member in self.members:
            assert not member.batches
