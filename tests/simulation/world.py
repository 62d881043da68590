"""One seed, one run: members, a cluster and an API, stepped in random order, checked after every step."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from capi_stream.delivery.engine import Engine
from capi_stream.delivery.settings import Limits
from capi_stream.model import Partition
from tests.simulation.api import Api
from tests.simulation.around import Around
from tests.simulation.broker import Broker
from tests.simulation.features import Feature
from tests.simulation.log import Log
from tests.simulation.member import Member
from tests.simulation.shape import CREDENTIALS, REPLAY_TOPIC, Shape, largest_post, limits_of, poll_records
from tests.simulation.topics import Topics

ROUNDS_TO_END = 400
HOUR = 3_600.0


class World:
    """A consumer group under a random schedule. `exercised` is what of the rarer things has happened in it."""

    def __init__(self, shape: Shape, engine: Callable[[Limits], Engine] = Engine) -> None:
        self.shape = shape
        self._random = random = Random(f"steps {shape.seed}")
        self._engine = engine
        self.now = 1_000.0
        self.log = Log(shape)
        self.api = Api(random, self.log.poison, self.log.cursed, shape.faults, largest_post(shape.seed))
        self.topics = Topics(random, shape.faults, _topics(shape))
        self.broker = Broker(self.log.written, random, shape.faults)
        self._around = Around(
            self.log, self.broker, self.api, self.topics, random, limits_of(shape.seed), poll_records(shape.seed)
        )
        self.members = [Member(self._around, engine) for _ in range(shape.members)]
        self._fenced: list[Member] = []  # that the group has given up, and that do not know it yet
        self._free: list[Partition] = list(self.log.written)  # that are nobody's

    @property
    def exercised(self) -> frozenset[Feature]:
        """What of the rarer things has happened."""
        return frozenset(self._around.exercised)

    def run(self) -> None:
        """A schedule with faults; perhaps a siege, in which one token stays dead; then a calm in which all settles."""
        for _ in range(self.shape.steps):
            self._step()
            self._check()
        for member in self.members:
            member.check_books()
        self.api.recover()
        self.topics.recover()
        if self.shape.faults and self._random.random() < 0.2:
            self._siege()
        self._calm()

    # Steps.

    def _step(self) -> None:
        self.now += self._random.choice((0.0, 0.0, 0.0, 0.1, 1.0, 1.0, 20.0))
        if self.shape.jumps and self._random.random() < self.shape.jumps:
            self.now += self._random.choice((20.0, 30.0, 49.0)) * HOUR
        if self._free and self._random.random() < 0.3:
            self._assign()
        if self.shape.cuts and self._random.random() < self.shape.cuts:
            self._cut(self._random.choice(list(self.log.written)))
        if self._random.random() < self.shape.moves:
            self._random.choice((self._crash, self._move, self._move_all, self._lose, self._fence, self._stop))()
        if self._random.random() < self.shape.faults / 4:
            self._random.choice((self._bad_weather, self._bad_weather, self._new_token, self._intervene, self._stray))()
        self._work(self._random.choice(self.members + self._fenced))
        self._notice()

    def _work(self, member: Member) -> None:
        match self._random.randrange(12):
            case 0 | 1:
                member.poll(self.now)
            case 2 | 3:
                member.take(self.now)
            case 4 | 5:
                member.answer(self.now)
            case 6:
                member.take_letters(self.now)
            case 7:
                member.report(self.now)
            case 8:
                member.ask_schemas() if self._random.random() < 0.5 else member.learn_schema(self.now)
            case 9:
                member.commit(self.now)
            case 10:
                member.serve_commit()
            case _:
                member.end_commit(self.now)

    def _bad_weather(self) -> None:
        self._random.choice((self.api, self.api, self.topics)).weather(self.now)

    def _new_token(self) -> None:
        """A token works again; members may see its file change, or find out by a probe."""
        credential = self._random.choice(tuple(CREDENTIALS.values()))
        self.api.dead.discard(credential)
        for member in self.members:
            if self._random.random() < 0.7:
                member.credential_changed(credential, self.now)

    def _intervene(self) -> None:
        """A person opens gates, wisely or not."""
        member = self._random.choice(self.members)
        member.open_gates(self.now) if self._random.random() < 0.5 else member.reset_fuses()

    def _stray(self) -> None:
        """A record of a partition that is not the member's (any more)."""
        member = self._random.choice(self.members)
        for partition, log in self.log.written.items():
            if log and partition not in member.lives:
                member.ignored(self._random.choice(log), self.now)

    def _cut(self, partition: Partition) -> None:
        """The oldest records of a partition are gone; or its topic is created anew, where readers can tell."""
        lives = [life for member in self.members + self._fenced if (life := member.lives.get(partition))]
        lowest = min([self.broker.committed[partition], *(life.position for life in lives)])
        if lowest and self._random.random() < 0.5:
            self.log.create_anew(partition, lowest)
        else:
            self.log.expire(partition, max([lowest, *(life.position for life in lives)]))

    # Members come and go.

    def _new_generation(self) -> None:
        for member in self.members:
            member.serve_all_commits()
        self.broker.generation += 1
        for member in self.members:
            member.generation = self.broker.generation

    def _assign(self) -> None:
        """What is free is somebody's; by a new generation."""
        self._new_generation()
        for partition in self._free:
            self._random.choice(self.members).assigned(partition)
        self._free.clear()

    def _crash(self) -> None:
        """Members are gone; what they had sent may still arrive, and nobody hears of it."""
        for gone in self._random.sample(self.members, self._random.randint(1, len(self.members))):
            if self._random.random() < 0.3:
                gone.give_up(list(gone.lives), self.now, dies=True)
            if self._random.random() < 0.5:
                gone.serve_all_commits()
            self._replace(gone)

    def _replace(self, gone: Member) -> None:
        self._free += gone.lives
        self.members[self.members.index(gone)] = Member(self._around, self._engine)

    def _move(self) -> None:
        """Cooperative: some partitions of one member are revoked."""
        member = self._random.choice(self.members)
        moving = [each for each in member.lives if self._random.random() < 0.6]
        member.give_up(moving, self.now)
        self._free += moving

    def _move_all(self) -> None:
        """Eager: all members give all back."""
        for member in self.members:
            self._free += member.lives
            member.give_up(list(member.lives), self.now)

    def _lose(self) -> None:
        """A member hears too late that some partitions are another's."""
        member = self._random.choice(self.members)
        member.serve_all_commits()
        moving = [each for each in member.lives if self._random.random() < 0.6]
        member.lose(moving)
        self._free += moving

    def _fence(self) -> None:
        """The group gives a member up, which works on and does not know it."""
        member = self._random.choice(self.members)
        if member.drain_until is None:
            self._replace(member)
            self._fenced.append(member)
            self._new_generation()

    def _stop(self) -> None:
        member = self._random.choice(self.members)
        if member.drain_until is None:
            member.stop(self.now)

    def _notice(self) -> None:
        """Fenced members hear that they are; drained ones leave."""
        for member in list(self._fenced):
            if self._random.random() < 0.05:
                member.lose(list(member.lives))
                self._fenced.remove(member)
        for member in list(self.members):
            if member.has_drained(self.now):
                self._free += member.lives
                member.give_up(list(member.lives), self.now)
                self._replace(member)

    # The end.

    def _calm(self) -> None:
        """Everything answers again: everything settles, and every engine gives back what it held."""
        for number in range(ROUNDS_TO_END):
            self._round()
            if number == 10:  # last: what it refuses at the end of the log must be committed again
                self.broker.faults = 0.0
            if self.broker.committed == self.log.ends and not any(each.is_busy for each in self.members):
                break
        assert self.broker.committed == self.log.ends, f"always ends: {self.broker.committed} of {self.log.ends}"
        assert not self.log.lost(), f"never lost: {self.log.lost()}"
        for member in self.members:
            held = member.engine.snapshot(self.now, self.now)
            assert not held.buffered_bytes, f"never unbounded: {held.buffered_bytes} bytes are held for nothing"
            assert not held.posts_in_flight + held.letters_in_flight, "always ends: a slot is held for nothing"

    def _siege(self) -> None:
        """One token stays dead: who has seen another destination settles all the same, by parking."""
        dead = self._random.choice(tuple(CREDENTIALS.values()))
        self.api.dead.add(dead)
        for _ in range(ROUNDS_TO_END):
            self._round()
            stuck = [member for member in self.members if self._has_more(member)]
            if not any(self._could_go_on(member, dead) for member in stuck):
                break
        else:
            raise AssertionError(f"always ends: while {dead} is dead, {self.broker.committed} of {self.log.ends}")
        self.api.dead.clear()

    def _has_more(self, member: Member) -> bool:
        return any(self.broker.committed[each] != self.log.ends[each] for each in member.lives)

    def _could_go_on(self, member: Member, dead: str) -> bool:
        return any(CREDENTIALS[destination.pixel] != dead for destination in member.storing.seen)

    def _round(self) -> None:
        """Each member does everything once, and time passes."""
        if self._free:
            self._assign()
        self._notice()
        for member in self.members:
            member.reset_fuses()
            for step in (member.poll, member.take, member.take_letters):
                step(self.now)
            member.ask_schemas()
            member.learn_schema(self.now)
            for _ in range(len(member.posting.out)):
                member.answer(self.now)
            for _ in range(len(member.storing.out)):
                member.report(self.now)
            member.commit(self.now)
            member.serve_commit()
            member.end_commit(self.now)
        self.now += self._random.choice((0.1, 1.0, 1.0, 20.0, 100.0))
        self._check()

    # What must hold after every step; the rest is checked where it happens.

    def _check(self) -> None:
        for member in self.members + self._fenced:
            member.check_memory()
        if not self.shape.faults and not self.shape.moves:
            for member in self.members:
                member.posting.check_poison_is_cheap()


def _topics(shape: Shape) -> tuple[str, ...]:
    return ("dead", "parked", REPLAY_TOPIC) if shape.forwarded else ("dead", "parked")
