"""Schemas from a registry, fetched beside the loop: a registry that is down delays, and never costs a record."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from queue import SimpleQueue
from typing import NamedTuple

from capi_stream.delivery.outcomes import backoff
from capi_stream.kafka.clients import log
from capi_stream.kafka.schema_sources import source_of, whole
from capi_stream.kafka.settings import RegistrySettings
from capi_stream.kafka.stored_schemas import Refused
from capi_stream.model import SchemaKey

UNKNOWN_CODE = 40403  # the registry's own word; a 404 without it is some proxy's page
IDLE_SECONDS = 1.0
MOST_UNKNOWN = 1_000  # each is asked for again: ids come from records, and a producer's mistake can name millions


@dataclass(frozen=True, slots=True)
class Fetched:
    """The registry's schema for `key`, with the texts of all schemas that it refers to."""

    key: SchemaKey
    schema_text: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """The registry went on saying that it knows no `key`."""

    key: SchemaKey


@dataclass(frozen=True, slots=True)
class Lapsed:
    """That `key` is unknown counts no more, since so many others are: a record that names it makes it wanted anew."""

    key: SchemaKey


Said = Fetched | Unknown | Lapsed


class _Verdict(NamedTuple):
    """The registry knows it not: said from `since` on, and believed until `ask_again_at` (monotonic)."""

    since: float
    ask_again_at: float


class SchemaFetcher:
    """Asks for what is wanted until it has an answer. Raises KafkaFailure for properties that cannot be used."""

    def __init__(self, settings: RegistrySettings) -> None:
        self._settings = settings
        self._source = source_of(settings)
        self.fetches: Counter[str] = Counter()  # outcome -> number: fetched, unknown, failed
        self.outage: str | None = None  # why the registry cannot be asked, while it cannot
        self._wanted: frozenset[SchemaKey] = frozenset()
        self._answered: set[SchemaKey] = set()
        self._doubted_since: dict[SchemaKey, float] = {}  # of those that are wanted
        self._verdicts: OrderedDict[SchemaKey, _Verdict] = OrderedDict()  # the latest last
        self._failures = 0
        self._chance = random.Random()  # noqa: S311  it spreads, and hides nothing
        self._answers: SimpleQueue[Said] = SimpleQueue()
        self._turn = threading.Event()
        threading.Thread(target=self._run, name="schemas", daemon=True).start()

    # For the loop.

    def want(self, keys: Collection[SchemaKey]) -> None:
        """Records wait for `keys`, and for no others. Says so as often as it likes."""
        before, self._wanted = self._wanted, frozenset(keys)
        if not before.issuperset(self._wanted):
            self._turn.set()

    def fetched(self) -> list[Said]:
        """What the registry said since the last call."""
        answers: list[Said] = []
        while not self._answers.empty():
            answers.append(self._answers.get_nowait())
        return answers

    # In the thread.

    def _run(self) -> None:
        while True:
            self._turn.wait(self._pause())
            self._turn.clear()
            now = time.monotonic()
            for key in self._due(now):
                self._ask(key, now)

    def _due(self, now: float) -> list[SchemaKey]:
        """What records wait for, and what was unknown for so long that it may be there now."""
        wanted = self._wanted - self._answered
        for key in self._doubted_since.keys() - wanted:
            del self._doubted_since[key]
        old = [key for key, verdict in self._verdicts.items() if verdict.ask_again_at <= now]
        return [*(wanted - self._verdicts.keys()), *old]

    def _pause(self) -> float:
        if not self._failures:
            return IDLE_SECONDS
        return backoff(self._failures, self._chance.random(), cap=self._settings.longest_backoff_seconds)

    def _ask(self, key: SchemaKey, now: float) -> None:
        try:
            found = whole(self._source, self._source.by_key(key))
        except Refused as error:
            if error.code == UNKNOWN_CODE:
                self._is_unknown(key, now)
            else:
                self._failed(str(error))
        except Exception as error:  # noqa: BLE001  whatever the network, HTTP or a proxy's page may raise: it is an outage
            self._failed(type(error).__name__)
        else:
            self._works("fetched")
            self._answered.add(key)
            self._verdicts.pop(key, None)
            self._answers.put(Fetched(key, *found))

    def _is_unknown(self, key: SchemaKey, now: float) -> None:
        """Believe it only after it was said for a while: replicas lag. The verdict does not hold for ever either."""
        self._works("unknown")
        before = self._verdicts.pop(key, None)
        since = before.since if before is not None else self._doubted_since.setdefault(key, now)
        if now - since < self._settings.unknown_after_seconds:
            return
        self._verdicts[key] = _Verdict(since, now + self._settings.unknown_for_seconds)
        self._answers.put(Unknown(key))
        if len(self._verdicts) > MOST_UNKNOWN:
            longest_ago, _ = self._verdicts.popitem(last=False)
            self._answers.put(Lapsed(longest_ago))
        log.warning("schema_unknown", schema=key, asked_for_seconds=round(now - since, 1))

    def _works(self, outcome: str) -> None:
        self.fetches[outcome] += 1
        self._failures = 0
        if self.outage is not None:
            self.outage = None
            log.info("registry_reachable")

    def _failed(self, why: str) -> None:
        self.fetches["failed"] += 1
        self._failures += 1
        if self.outage is None:
            log.warning("registry_unreachable", reason=why)
        self.outage = f"the schema registry does not answer ({why})"
