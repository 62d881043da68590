"""The books after a storm, kept by nobody of ours: the topics, the API's stand-in and the broker's log of commits.

What was published, less what was accepted, dead-lettered, parked or filtered, must be nothing. No commit may have
passed an order before it was settled. An order may be accepted twice, but only with the same event id.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from capi_stream.sandbox.ledger import Key, Ledger
from tests.faults.group_log import Commit, commits
from tests.faults.traffic import Kind
from tests.real.clients import read_all
from tests.service.shop import Shop, header
from tests.simulation.texts import said

Place = tuple[int, int]  # partition, offset

ENDS = {
    Kind.GOOD: {"accepted", "parked"},
    Kind.NAMELESS: {"accepted", "parked"},
    Kind.INVALID: {"purchase_without_value", "parked"},
    Kind.POISON: {"malformed_parameter", "parked"},
    Kind.GARBLED: {"not_framed"},
    Kind.TOMBSTONE: {"filtered"},
}
"""What may become of each kind."""


class DatedLedger(Ledger):
    """The API's books with the time of each acceptance, taken before its answer leaves."""

    def clear(self) -> None:
        """Forget everything, as if just started."""
        super().clear()
        self.dated: list[tuple[float, str, str]] = []  # when, order id, event id

    def take(self, key: Key, events: Sequence[dict[str, Any]], warnings: Counter[str]) -> None:
        """Enter accepted `events`, with their time."""
        now = time.time()
        self.dated.extend((now, event["custom_data"]["order_id"], event["event_id"]) for event in events)
        super().take(key, events, warnings)


@dataclass(slots=True)
class Order:
    """One record of the topic and all that became of it: (Unix milliseconds, end)."""

    key: str
    ends: list[tuple[int, str]] = field(default_factory=list)
    event_ids: list[str] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        """What sort of order it is."""
        return Kind.of(self.key)

    @property
    def settled_at(self) -> float:
        """When it was first accepted, stored or filtered; infinite if it never was."""
        if self.kind is Kind.TOMBSTONE:
            return -math.inf
        return min((at for at, _ in self.ends), default=math.inf)

    @property
    def is_wrong(self) -> bool:
        """Whether something became of it that its kind does not allow."""
        return not {end for _, end in self.ends} <= ENDS[self.kind]


class _Settling:
    """When each order of one partition was settled, and when all up to it were."""

    def __init__(self, orders: Mapping[Place, Order], partition: int) -> None:
        self.at = {offset: order.settled_at for (number, offset), order in orders.items() if number == partition}
        self._offsets = sorted(self.at)
        self._latest = list(accumulate((self.at[offset] for offset in self._offsets), max))

    def all_below(self, offset: int) -> float:
        """When the last order below `offset` was settled."""
        number = bisect_left(self._offsets, offset)
        return self._latest[number - 1] if number else -math.inf


class Books:
    """Everything that was read, once the storm is over. `violations` says what should not be."""

    def __init__(self, orders: dict[Place, Order], commits: list[Commit]) -> None:
        self.orders = orders
        self.commits = commits

    def violations(self) -> list[str]:
        """All that breaks the promise, in words."""
        return [*self._lost(), *self._wrong(), *self._renamed(), *self._early()]

    def _lost(self) -> Iterator[str]:
        for (partition, offset), order in self.orders.items():
            if order.settled_at == math.inf:
                yield f"lost: {order.key} at {partition}/{offset} was published, and nothing became of it"

    def _wrong(self) -> Iterator[str]:
        for order in self.orders.values():
            if order.is_wrong:
                yield f"wrong: {order.key} became {[end for _, end in order.ends]}"

    def _renamed(self) -> Iterator[str]:
        for order in self.orders.values():
            if len(set(order.event_ids)) > 1:
                yield f"renamed: {order.key} was sent as {order.event_ids}, and can be counted twice"

    def _early(self) -> Iterator[str]:
        """Commits of an offset, or of a text beside it, before everything that they say is settled was."""
        partitions = {number: _Settling(self.orders, number) for number in {partition for partition, _ in self.orders}}
        for commit in self.commits:
            settling = partitions[commit.partition]
            base, above = said(commit.text) if commit.text else (commit.offset, frozenset())
            if base != commit.offset:
                yield f"early: the text of {commit} belongs to {base}"
            if settling.all_below(commit.offset) > commit.at_ms:
                yield f"early: {commit}, and all below it was settled at {settling.all_below(commit.offset)}"
            for offset in above:
                if settling.at.get(offset, -math.inf) > commit.at_ms:
                    yield f"early: {commit} says that {offset} is settled, which was so at {settling.at[offset]}"

    @property
    def ends(self) -> Counter[str]:
        """How often each end came, filtered ones aside."""
        return Counter(end for order in self.orders.values() for _, end in order.ends)

    @property
    def sent_twice(self) -> int:
        """Acceptances beyond the first of each order."""
        return sum(max(0, len(order.event_ids) - 1) for order in self.orders.values())

    @property
    def stored_twice(self) -> int:
        """Letters beyond the first of each order."""
        return sum(max(0, len(order.ends) - len(order.event_ids) - 1) for order in self.orders.values())

    @property
    def backward(self) -> int:
        """Commits below the one before of the same partition."""
        highest: dict[int, int] = {}
        steps = 0
        for commit in self.commits:
            steps += commit.offset < highest.get(commit.partition, 0)
            highest[commit.partition] = commit.offset
        return steps


def read_books(shop: Shop, ledger: DatedLedger) -> Books:
    """The books of `shop` as its topics, the API's stand-in and the broker have them."""
    orders = {
        (_whole(message.partition()), _whole(message.offset())): Order(_key(message.key()))
        for message in read_all(shop.broker, shop.topic)
    }
    by_key = {order.key: order for order in orders.values()}
    for at, order_id, event_id in ledger.dated:
        by_key[order_id].ends.append((math.floor(at * 1_000), "accepted"))
        by_key[order_id].event_ids.append(event_id)
    for topic in (shop.dead_letters, shop.parked):
        for letter in shop.letters(topic):
            order = orders[int(header(letter, "source_partition")), int(header(letter, "source_offset"))]
            assert _key(letter.key()) == order.key, f"the letter of {order.key} names the place of another"
            end = "parked" if topic == shop.parked else header(letter, "reason")
            order.ends.append((letter.timestamp()[1], end))
    return Books(orders, commits(shop.broker, shop.group, shop.topic))


def _key(key: bytes | str | None) -> str:
    assert isinstance(key, bytes)
    return key.decode()


def _whole(number: int | None) -> int:
    assert number is not None
    return number
