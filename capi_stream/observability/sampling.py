"""What repeats is told once a minute, with how often it happened meanwhile."""

from __future__ import annotations

import logging
import math
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

import structlog

SAME_LINE_SECONDS = 60.0
FORGOTTEN_SECONDS = 3_600.0  # what was kept back before then is no news any more
MOST_KEYS = 10_000  # with the longest of texts a few MB; beyond it who passed longest ago may pass again

REPEATING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "admin_request_failed": ("error",),
        "kafka_read_error": ("topic", "partition", "error"),
        "kafka_start_not_committed": ("error",),
        "schema_unknown": (),  # whatever the id: ids come from records
    }
)
"""Events that a fault writes again and again -> the keys by which two lines are the same."""


class Ration:
    """Lets each key through once in `seconds`, and counts what it kept back. Remembers at most MOST_KEYS."""

    def __init__(self, seconds: float = SAME_LINE_SECONDS) -> None:
        self._seconds = seconds
        self._passed_at: OrderedDict[Hashable, float] = OrderedDict()  # the latest last
        self._kept_back: Counter[Hashable] = Counter()

    def passes(self, key: Hashable, now: float) -> bool:
        """Whether `key` is new, or has not passed for that long."""
        if not self.is_over(key, now):
            self._kept_back[key] += 1
            return False
        self._passed_at[key] = now
        self._passed_at.move_to_end(key)
        self._forget(now)
        return True

    def is_over(self, key: Hashable, now: float) -> bool:
        """Whether `key` would pass at `now`; counts nothing."""
        return now >= self._passed_at.get(key, -math.inf) + self._seconds

    def repeats(self, key: Hashable) -> int:
        """How often `key` was kept back since it passed last; counted anew from here."""
        return self._kept_back.pop(key, 0)

    def _forget(self, now: float) -> None:
        """Who passed long ago, and who passed first of too many."""
        while len(self._passed_at) > MOST_KEYS or now - next(iter(self._passed_at.values())) > FORGOTTEN_SECONDS:
            key, _ = self._passed_at.popitem(last=False)
            self._kept_back.pop(key, None)


class Sampled:
    """A structlog processor: of the events in REPEATING the same line passes once a minute, with its `repeats`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ration = Ration()

    def __call__(self, _: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """`line`, or structlog's DropEvent."""
        same_by = REPEATING.get(line["event"])
        if same_by is None:
            return line
        key = (line["event"], *(str(line.get(name)) for name in same_by))
        if not self._ration.passes(key, self._clock()):
            raise structlog.DropEvent
        return {**line, "repeats": self._ration.repeats(key)}


class Seldom(logging.Filter):
    """Lets a library's line through once a minute. Lines are the same that differ in numbers alone.

    librdkafka writes one for every try to connect: a thousand in a minute without Kafka (seen). What matters of an
    outage, its start and its end, is logged by the kafka room.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ration = Ration()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` is new, or has not been seen for a minute."""
        return self._ration.passes(re.sub(r"[0-9]+", "0", record.getMessage()), record.created)
