"""The witness: what went into an engine and what came out, written down beside it, and the invariants held against it.

Each record is delivered as an object of its own, which travels through the engine and comes back in batches and
letters. So every part of every delivery is known to wait, to be out, or to be settled, whatever the engine believes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from capi_stream.delivery.runs import LIMIT_CHARACTERS
from capi_stream.model import Partition, Record
from tests.simulation.log import Done, Part, Written
from tests.simulation.texts import is_cut, said

UNREAD: Part = (None, -1)  # the part of a record that waits for its schema


class Where(Enum):
    """Where a part is that is not settled."""

    WAITING = "waiting"
    POSTED = "posted"
    STORING = "storing"


@dataclass(slots=True, eq=False)
class Delivered(Record):
    """One record as one member got it, with its open parts; without a `life` the engine must ignore it.

    `lost_at` says when a part was first posted in vain so that it may have been accepted.
    """

    written: Written = field(kw_only=True)
    life: Life | None = None
    cost_bytes: int = 0
    parts: dict[Part, Where] = field(default_factory=dict)
    accepted: set[Part] = field(default_factory=set)
    posted: set[Part] = field(default_factory=set)
    lost_at: dict[Part, float] = field(default_factory=dict)

    @classmethod
    def of(cls, written: Written, life: Life | None = None) -> Delivered:
        """`written` as it is read once more."""
        return cls(
            written.partition, written.offset, 1_700_000_000_000, None, written.value, written=written, life=life
        )

    def __str__(self) -> str:
        return f"{self.partition.topic}/{self.partition.number} at {self.offset}"

    def went(self, part: Part, where: Where) -> None:
        """The engine handed `part` out, to be posted or stored."""
        assert self.life is not None, f"never foreign: {self} was to be ignored and is handed out"
        assert self.life.is_live, f"never foreign: {self} was revoked and is handed out to be {where.value}"
        if where is Where.STORING:
            assert part not in self.accepted, f"never both: {self} {part} was accepted and becomes a letter"
        assert part in self.parts, f"never twice: {self} {part} is settled or unknown, and is {where.value} again"
        was = self.parts[part]
        assert was is Where.WAITING, f"never twice: {self} {part} is {was.value} and {where.value} as well"
        self.parts[part] = where

    def came_back(self, part: Part) -> None:
        """Nobody took `part`: it waits again."""
        self.parts[part] = Where.WAITING

    def settle(self, part: Part, where: Where) -> None:
        """The API accepted `part`, or the broker acknowledged its letter, and the engine is told so."""
        assert self.life is not None
        del self.parts[part]
        self.life.done.add((self.written, part))
        if where is Where.POSTED:
            self.accepted.add(part)
        if not self.parts:
            self.life.advance()


@dataclass(slots=True, eq=False)
class Life:
    """One assignment of one partition to one member. `claimed` was settled before, as the text says that it was given.

    `committable` is the lowest offset that is not settled, or one past the last delivered; `done` is what all settled;
    `position` is read next.
    """

    partition: Partition
    committable: int
    claimed: frozenset[int]
    done: set[Done]
    is_live: bool = True
    last_seen: int = field(init=False)
    position: int = field(init=False)
    pending: deque[Delivered] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.position = self.committable
        self.last_seen = self.committable - 1

    def received(self, record: Delivered) -> None:
        """`record` is delivered."""
        self.last_seen = record.offset
        self.position = record.offset + 1
        self.pending.append(record)
        self.advance()

    def advance(self) -> None:
        """Move on over what is settled."""
        while self.pending and not self.pending[0].parts:
            self.pending.popleft()
        self.committable = self.pending[0].offset if self.pending else self.last_seen + 1

    @property
    def span(self) -> int:
        """Offsets from the committable one to the last delivered."""
        return max(0, self.last_seen + 1 - self.committable)

    @property
    def held_bytes(self) -> int:
        """What the records that are not settled hold, with their events."""
        return sum(record.cost_bytes for record in self.pending if record.parts)

    def check_commit(self, offset: int, text: str, *, with_text: bool) -> None:
        """`offset`, and what `text` says is settled above it, is true, and is all of it; or all that fits."""
        where = f"{self.partition.topic}/{self.partition.number}"
        assert offset <= self.committable, f"never early: {where} commits {offset}, {self.committable} is not settled"
        assert offset == self.committable, (
            f"always ends: {where} commits {offset}, all below {self.committable} is done"
        )
        base, runs = said(text) if text else (offset, frozenset())
        assert base == offset, f"never early: {where} the text beside {offset} is of {base}"
        unsettled = {record.offset for record in self.pending if record.parts}
        unseen = {each for each in runs if each > self.last_seen and each not in self.claimed}
        assert not runs & unsettled, f"never early: {where} the text claims {sorted(runs & unsettled)}"
        assert not unseen, f"never early: {where} the text claims {sorted(unseen)}, which nobody has seen"
        assert len(text) <= LIMIT_CHARACTERS, f"never refused twice: {where} a text of {len(text)} characters"
        settled = {each.offset for each in self.pending if not each.parts}
        settled |= {each for each in self.claimed if each > self.last_seen}
        if is_cut(text):
            last = max(runs)
            settled = {each for each in settled if each <= last}
        assert not with_text or settled <= runs, f"never twice: {where} the text leaves out {sorted(settled - runs)}"


def delivered(record: Record) -> Delivered:
    """`record`, which must be one that was delivered, the object itself."""
    assert isinstance(record, Delivered), f"never foreign: {record.partition} {record.offset} was not delivered so"
    return record
