"""A storm: members of the service are killed, stopped, frozen and started at random while the world fails around them.

Everything is drawn from one seed. What the machine makes of it differs from run to run, so what must hold is asked of
the books afterwards and not of the course of events.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Any

from confluent_kafka.admin import AdminClient

from capi_stream.cli.demo.members import Member
from capi_stream.sandbox.ledger import Keeping, Posted
from tests.faults.books import Books, DatedLedger, read_books
from tests.faults.traffic import POISON, Traffic
from tests.faults.weather import Weather, World
from tests.real.clients import client, wait_until
from tests.service.shop import logged, merged

SLOTS = 3  # the most members at a time
RECOVER_SECONDS = 90.0
SETTLE_SECONDS = 180.0
WRONG_SETTINGS = 2  # the exit code
POSTS, BATCH_EVENTS = 4, 50
SETTINGS: Mapping[str, Any] = {
    "delivery": {
        "posts_in_flight": POSTS,
        "posts_in_flight_per_pixel": 2,
        "batch_events": BATCH_EVENTS,
        "park_after_seconds": 4,
    },
    "api": {"timeouts_seconds": {"post": 4}},
    "deadlines": {"drain_seconds": 15, "store_seconds": 3, "revoke_seconds": 8, "commit_floor_seconds": 3},
}


LOSING = {"lost", "reset", "cut", "lost_behind_proxy"}


def is_lost(posted: Posted) -> bool:
    """Whether its events were accepted and the answer did not come through."""
    return posted.outcome == "accepted" and bool(LOSING & set(posted.faults))


@dataclass(slots=True)
class Slot:
    """A place for one member, as a StatefulSet has them: with a static id, the place keeps it."""

    number: int
    member: Member | None = None
    thaws_at: float | None = None

    @property
    def running(self) -> Member | None:
        """Its member, if that has not ended."""
        return self.member if self.member is not None and self.member.exit_code is None else None


class Storm:
    """One storm over `world`; `changes` are to the service's settings, and `is_static` gives each slot an id."""

    def __init__(self, world: World, changes: Mapping[str, Any], *, is_static: bool, seed: int) -> None:
        self._world = world
        self._shop = world.shop
        self._changes = changes
        self._is_static = is_static
        self._random = Random(f"storm {seed}")
        self._seed = seed
        self._slots = [Slot(number) for number in range(SLOTS)]
        ways = (self._kill, self._stop, self._freeze)
        self._ways_to_go = cycle(self._random.sample(ways, len(ways)))  # in turn: each comes in every storm
        self._began = time.monotonic()
        self.counts: Counter[str] = Counter()
        self.answers_lost = 0  # events that were accepted while nobody heard of it

    def blow(self, weathers: Iterable[Weather], rate: float) -> Books:
        """All `weathers`, in a drawn order, under `rate` orders a second; then calm, and the books."""
        ledger = DatedLedger(Keeping(events=0, requests=1_000_000))
        self._shop.sandbox.ledger = ledger
        self._shop.sandbox.poison(POISON)
        drawn = list(weathers)
        self._random.shuffle(drawn)
        with Traffic(self._shop, rate, Random(f"traffic {self._seed}")) as traffic:
            for weather in drawn:
                self._recover()
                self._have(weather)
        traffic.check()
        self._settle()
        self.answers_lost = sum(posted.events for posted in ledger.requests() if is_lost(posted))
        return read_books(self._shop, ledger)

    def _recover(self) -> None:
        """Whatever was before: with a member that may work, events are accepted again."""
        before = self._accepted()

        def is_delivering() -> bool:
            if not self._working():
                self._start_one()
            return self._accepted() > before

        wait_until(is_delivering, RECOVER_SECONDS, "events are accepted again")

    def _accepted(self) -> int:
        return self._shop.sandbox.ledger.total()

    def _have(self, weather: Weather) -> None:
        """One weather, and the members' moves in it."""
        self._note(weather.__name__)
        with weather(self._world):
            for _ in range(self._random.randint(2, 4)):
                time.sleep(self._random.uniform(0.5, 2.0))
                self._move()
            time.sleep(self._random.uniform(0.5, 2.0))
        self._note(f"{weather.__name__} ends")

    # Members come and go.

    def _move(self) -> None:
        """One member comes, or one that works goes."""
        self._thaw(time.monotonic())
        working = self._working()
        if not working or self._random.random() < 0.5:
            self._start_one()
        else:
            next(self._ways_to_go)(self._random.choice(working))

    def _working(self) -> list[Slot]:
        """Those whose member has started, and is neither frozen nor stopping."""
        return [slot for slot in self._slots if slot.running and slot.thaws_at is None and slot.running.is_ready()]

    def _start_one(self) -> None:
        free = [slot for slot in self._slots if slot.running is None]
        if free:
            self._start(self._random.choice(free))

    def _start(self, slot: Slot) -> None:
        assert slot.member is None or slot.member.exit_code != WRONG_SETTINGS, slot.member.last_words()
        identity = {"kafka": {"static_membership": f"slot-{slot.number}"}} if self._is_static else {}
        slot.member = self._shop.start(**merged(merged(SETTINGS, self._changes), identity))
        self._count("start", slot)

    def _kill(self, slot: Slot) -> None:
        assert slot.member is not None
        slot.member.kill()
        self._count("SIGKILL", slot)

    def _stop(self, slot: Slot) -> None:
        assert slot.member is not None
        slot.member.signal(signal.SIGTERM)
        self._count("SIGTERM", slot)

    def _freeze(self, slot: Slot) -> None:
        """As a virtual machine that moves: sometimes for longer than its session lasts."""
        assert slot.member is not None
        slot.member.signal(signal.SIGSTOP)
        slot.thaws_at = time.monotonic() + self._random.uniform(1.0, 10.0)
        self._count("SIGSTOP", slot)

    def _thaw(self, now: float) -> None:
        for slot in self._slots:
            if slot.thaws_at is not None and slot.thaws_at <= now:
                assert slot.member is not None
                slot.member.signal(signal.SIGCONT)
                slot.thaws_at = None

    # The end.

    def _settle(self) -> None:
        """All is well again: whoever ended by itself is started again, as Kubernetes would, until all is committed."""
        self._note("calm for good")
        self._thaw(math.inf)

        def is_settled() -> bool:
            for slot in self._slots[:2]:
                if slot.running is None:
                    self._start(slot)
            return self._shop.committed == self._shop.ends

        try:
            wait_until(is_settled, SETTLE_SECONDS, "all is committed")
        except AssertionError:
            self._note(f"committed {self._shop.committed} of {self._shop.ends}; the group: {self._group()}")
            raise
        self._note("all is committed")
        for member in [slot.running for slot in self._slots if slot.running]:
            was_told = logged(member, "draining")  # a second signal would end it at once
            code = member.wait(60) if was_told else member.stop(60)
            has_begun = bool(member.log.read_text())  # else it was still importing, and nobody heard the signal
            assert code == 0 or not has_begun, f"member {member.number} was asked to stop and ended with {code}"
        self._note("all members have stopped")

    def _group(self) -> list[str]:
        """The members of the group, as the broker has them."""
        admin = AdminClient(client(self._shop.broker))
        described = admin.describe_consumer_groups([self._shop.group])[self._shop.group].result(10)
        return [
            f"{each.member_id}: {[part.partition for part in each.assignment.topic_partitions]}"
            for each in described.members
        ]

    def crashes(self) -> list[str]:
        """Members that ended by an exception that nobody caught: the ends of their logs."""
        return [
            f"member {member.number}:\n{member.last_words(30)}"
            for member in self._shop.members
            if "Traceback" in member.log.read_text() or logged(member, "crashed")
        ]

    def said(self) -> Counter[str]:
        """How often the members logged what, so that it can be seen whether a weather was felt."""
        lines = (line for member in self._shop.members for line in member.log.read_text().splitlines())
        return Counter(json.loads(line)["event"] for line in lines if line.startswith("{"))

    def _count(self, move: str, slot: Slot) -> None:
        self.counts[move] += 1
        self._note(f"{move} of member {slot.member.number if slot.member else '?'}")

    def _note(self, what: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self._began:7.1f} s  {what}\n")
