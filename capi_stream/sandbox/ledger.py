"""What the sandbox was sent and what it took: the second set of books beside the service's own."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any


@dataclass(frozen=True, slots=True)
class Posted:
    """One request. `outcome` is `accepted` or the error's name; `faults` struck it; `token_in` is where its token was.

    `answered` is the status that was sent, None where no answer left. Never holds a token.
    """

    at: float
    method: str
    path: str
    pixel: str
    endpoint: str
    events: int
    body_bytes: int
    outcome: str
    answered: int | None
    faults: tuple[str, ...] = ()
    token_in: str | None = None
    fbtrace_id: str = ""
    connection: int = 0


@dataclass(frozen=True, slots=True)
class Keeping:
    """How much is remembered. `ids`: the event ids with how often each was accepted; else only counts.

    `events`: the newest bodies of each pixel, None for all. `requests`: the newest requests.
    """

    ids: bool = True
    events: int | None = None
    requests: int = 10_000


Key = tuple[str, str]  # pixel, endpoint


class Ledger:
    """Counts of all, and as much of the rest as `Keeping` says. Shared by the threads that answer."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._changed = threading.Condition()
        self.clear()

    def clear(self) -> None:
        """Forget everything, as if just started."""
        with self._changed:
            self._ids: dict[Key, Counter[str]] = {}
            self._events: dict[Key, deque[dict[str, Any]]] = {}
            self._taken: Counter[Key] = Counter()
            self._duplicates: Counter[Key] = Counter()
            self._outcomes: dict[Key, Counter[str]] = {}
            self._faults: Counter[str] = Counter()
            self._warnings: Counter[str] = Counter()
            self._requests: deque[Posted] = deque(maxlen=self._keeping.requests)

    def take(self, key: Key, events: Sequence[dict[str, Any]], warnings: Counter[str]) -> None:
        """Enter accepted `events`. An event without an id counts under ""."""
        with self._changed:
            self._taken[key] += len(events)
            self._warnings += warnings
            if self._keeping.ids:
                ids = self._ids.setdefault(key, Counter())
                known = len(ids)
                ids.update(map(_event_id, events))
                self._duplicates[key] += len(events) - (len(ids) - known)
            if self._keeping.events != 0:
                self._events.setdefault(key, deque(maxlen=self._keeping.events)).extend(events)
            self._changed.notify_all()

    def take_unread(self, key: Key, number: int) -> None:
        """Enter `number` accepted events that nobody has looked at."""
        with self._changed:
            self._taken[key] += number
            self._changed.notify_all()

    def enter(self, posted: Posted) -> None:
        """Enter a request that was answered, or left without an answer."""
        with self._changed:
            self._outcomes.setdefault((posted.pixel, posted.endpoint), Counter())[posted.outcome] += 1
            self._faults.update(posted.faults)
            if posted.token_in == "query":  # noqa: S105 - the name of a place
                self._warnings["token_in_url"] += 1
            self._requests.append(posted)
            self._changed.notify_all()

    def accepted(self, pixel: str | None, endpoint: str) -> Counter[str]:
        """How often each event id was accepted, by one pixel or (None) by all."""
        with self._changed:
            found: Counter[str] = Counter()
            for key, ids in self._ids.items():
                if key[1] == endpoint and pixel in (None, key[0]):
                    found.update(ids)
            return found

    def events(self, pixel: str | None, endpoint: str) -> list[dict[str, Any]]:
        """The accepted events that are remembered, in order of acceptance for each pixel."""
        with self._changed:
            kept = [events for key, events in self._events.items() if key[1] == endpoint and pixel in (None, key[0])]
            return [event for events in kept for event in events]

    def requests(self, last: int | None = None) -> list[Posted]:
        """The requests that are remembered, or only the `last` of them, oldest first."""
        with self._changed:
            return list(islice(self._requests, max(0, len(self._requests) - last) if last is not None else 0, None))

    def total(self, pixel: str | None = None) -> int:
        """How many events were accepted, duplicates included."""
        with self._changed:
            return self._total(pixel)

    def wait_for(self, events: int, pixel: str | None, seconds: float) -> bool:
        """Wait until so many `events` were accepted; False if it took longer than `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._total(pixel) >= events, seconds)

    def _total(self, pixel: str | None) -> int:
        return sum(number for (owner, _), number in self._taken.items() if pixel in (None, owner))

    def summary(self, pixel: str | None = None, *, with_ids: bool = False) -> dict[str, Any]:
        """All counts as JSON has them, of one pixel or of all; with event ids and their multiplicity if asked for."""
        with self._changed:
            keys = [key for key in {**self._outcomes, **self._taken} if pixel in (None, key[0])]
            return {
                "pixels": [self._row(key, with_ids=with_ids) for key in keys],
                "faults": dict(self._faults),
                "warnings": dict(self._warnings),
            }

    def _row(self, key: Key, *, with_ids: bool) -> dict[str, Any]:
        ids = self._ids.get(key, Counter())
        row: dict[str, Any] = {
            "pixel": key[0],
            "endpoint": key[1],
            "events_accepted": self._taken[key],
            "duplicates": self._duplicates[key] if self._keeping.ids else None,
            "requests": dict(self._outcomes.get(key, Counter())),
        }
        return {**row, "event_ids": dict(ids)} if with_ids else row


def _event_id(event: dict[str, Any]) -> str:
    event_id = event.get("event_id")
    return event_id if isinstance(event_id, str) else ""  # a sandbox without rules takes any JSON


def as_json(requests: Sequence[Posted]) -> list[dict[str, Any]]:
    """Requests as JSON has them."""
    return [asdict(posted) for posted in requests]
