"""What one call of `replay` is to do, from its options."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from capi_stream.cli.letters.options import Filters
from capi_stream.cli.usage import UsageError
from capi_stream.config import Settings
from capi_stream.config.replaying import Replay, group_of, replayed
from capi_stream.replay.choosing import MOST_REPLAYS
from capi_stream.replay.reading import Wish


@dataclass(frozen=True, slots=True)
class Plan:
    """The options, and what follows from them. `settings` are those of the live service."""

    settings: Settings
    config: Path
    filters: Filters
    replay_id: str
    most: int
    rate: float
    to_topic: str
    parked: bool
    follow: bool

    def check(self, unix_now: float, *, is_meant: bool) -> None:
        """Raises UsageError, ValueError where it cannot be done. `is_meant`: it is to be done, not only looked at."""
        if self.follow and not (self.parked and is_meant):
            raise UsageError("--follow goes with --parked and --yes: only parked records come back by themselves.")
        self.wish(unix_now)
        replayed(self.settings, self._replay)

    def wish(self, unix_now: float) -> Wish:
        """Which letters, as of Unix second `unix_now`, and what to do with them. Raises UsageError."""
        return Wish(self.filters.choice(unix_now), self.most, self.to_topic)

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
    def command(self) -> str:
        """The command that does it."""
        words = ["capi-stream", "replay", "-c", str(self.config), *self.filters.words()]
        words += ["--parked"] if self.parked else []
        words += ["--to-topic", self.to_topic] if self.to_topic else []
        words += ["--rate", f"{self.rate:g}"] if self.rate else []
        words += ["--max-replays", str(self.most)] if self.most != MOST_REPLAYS else []
        return shlex.join([*words, "--id", self.replay_id, "--yes"])

    @property
    def _replay(self) -> Replay:
        return Replay(self.replay_id, self.filters.fingerprint(), self.parked, self.follow, self.to_topic)
