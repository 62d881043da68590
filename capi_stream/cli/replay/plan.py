"""What one call of `replay` is to do, from its options."""

from __future__ import annotations

import hashlib
import math
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from capi_stream.cli.letters.options import Filters
from capi_stream.cli.usage import UsageError
from capi_stream.config.replaying import Replay, group_of, replayed
from capi_stream.config.settings import Settings
from capi_stream.replay.choosing import MOST_REPLAYS
from capi_stream.replay.newer import Newer
from capi_stream.replay.reading import MENDABLE, Wish


@dataclass(frozen=True, slots=True)
class Plan:
    """The options, and what follows from them. `settings` are those of the live service; the filters' times are fixed.

    `leave` are reasons of MENDABLE for which letters are passed over all the same.
    """

    settings: Settings
    config: Path
    filters: Filters
    replay_id: str
    most: int
    rate: float
    to_topic: str
    parked: bool
    follow: bool
    leave: frozenset[str] = frozenset()

    def check(self, unix_now: float, *, is_meant: bool) -> None:
        """Raises UsageError, ValueError where it cannot be done. `is_meant`: it is to be done, not only looked at."""
        if self.follow and not (self.parked and is_meant):
            raise UsageError("--follow goes with --parked and --yes: only parked records come back by themselves.")
        if not (self.rate == 0 or (self.rate >= 1 and math.isfinite(self.rate))):
            raise UsageError(f"--rate {self.rate:g}: this is 1 or more letters a second; 0 knows no bound.")
        if unknown := sorted(self.leave - MENDABLE):
            raise UsageError(f"--leave {unknown[0][:40]}: this is one of {', '.join(sorted(MENDABLE))}.")
        self.wish(unix_now)
        replayed(self.settings, self._replay)

    def wish(self, unix_now: float, newer: Newer | None = None) -> Wish:
        """Which letters, as of Unix second `unix_now`, and what to do with them. Raises UsageError."""
        return Wish(self.filters.choice(unix_now), self.most, self.to_topic, newer or Newer())

    @property
    def own_settings(self) -> Settings:
        """The settings of the service that does it."""
        return replayed(self.settings, self._replay)

    @property
    def group(self) -> str:
        """Its consumer group."""
        return group_of(self.settings.consumer.properties["group.id"], self._replay)

    @property
    def family(self) -> str:
        """What the names of the groups of all replays of these letters begin with."""
        live = self.settings.consumer.properties["group.id"]
        return group_of(live, replace(self._replay, replay_id="", choice="")) + "-"

    @property
    def topic(self) -> str:
        """Where its letters lie."""
        producer = self.settings.producer
        return producer.parked_topic if self.parked else producer.dead_letter_topic

    @property
    def named(self) -> str:
        """The setting that names that topic."""
        return "parked.topic" if self.parked else "dead_letters.topic"

    @property
    def warning(self) -> str:
        """What is to be known of --to-topic."""
        whose = f"whoever reads {self.to_topic} sees them again, not this service alone"
        how = "It reads them by mapping and rules as they stand then"
        return f"They are published to {self.to_topic} with their own keys and values: {whose}. {how}."

    @property
    def command(self) -> str:
        """The command that does it."""
        words = ["capi-stream", "replay", "-c", str(self.config), *self._chosen]
        words += ["--parked"] if self.parked else []
        words += ["--rate", f"{self.rate:g}"] if self.rate else []
        words += [word for reason in sorted(self.leave) for word in ("--leave", reason)]
        return shlex.join([*words, "--id", self.replay_id, "--yes"])

    @property
    def _chosen(self) -> list[str]:
        """What decides which letters are done with: another choice under the same id is another replay."""
        words = self.filters.words()
        words += ["--to-topic", self.to_topic] if self.to_topic else []
        return words + (["--max-replays", str(self.most)] if self.most != MOST_REPLAYS else [])

    @property
    def _replay(self) -> Replay:
        chosen = "\0".join(self._chosen)
        fingerprint = hashlib.sha256(chosen.encode()).hexdigest()[:8] if chosen else ""
        return Replay(self.replay_id, fingerprint, self.parked, self.follow, self.to_topic)
