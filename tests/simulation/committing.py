"""The commits of one simulated member: sent, served by the broker, and answered, each at a time of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from capi_stream.delivery.commits import METADATA_REFUSED
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.offsets import Commit
from capi_stream.model import Partition
from tests.simulation.broker import Broker
from tests.simulation.witness import Life


@dataclass(slots=True, eq=False)
class Sent:
    """A commit on its way to the broker, and back once it `is_served`."""

    commit: Commit
    is_served: bool = False
    error: str | None = None


class Committing:
    """What is on its way. One connection keeps the order."""

    def __init__(self, engine: Engine, broker: Broker, *, with_text: bool) -> None:
        self._engine = engine
        self._broker = broker
        self._with_text = with_text
        self._sent: list[Sent] = []

    def send(self, lives: Mapping[Partition, Life], now: float) -> None:
        """Send the commit that is due, of none but `lives`."""
        if commit := self._engine.commit(now):
            self._check(commit, lives)
            self._sent.append(Sent(commit))

    def send_last(self, lives: Mapping[Partition, Life], generation: int, now: float) -> None:
        """Commit what is settled of `lives`, which are being revoked, and wait for the answer."""
        if commit := self._engine.final_commit(lives):
            self._check(commit, lives)
            self._ended(commit, self._broker.commit(commit, generation), now)

    def _check(self, commit: Commit, lives: Mapping[Partition, Life]) -> None:
        for position in commit.positions:
            partition = position.tracker.partition
            assert partition in lives, f"never foreign: {partition} is committed and is not ours"
            lives[partition].check_commit(position.offset, position.metadata, with_text=self._with_text)
            assert self._with_text or not position.metadata, "never refused twice: the broker takes no such text"

    def serve(self, generation: int) -> None:
        """The broker takes the oldest commit that is on its way, or refuses it."""
        for sent in self._sent:
            if not sent.is_served:
                sent.error = self._broker.commit(sent.commit, generation)
                sent.is_served = True
                return

    def serve_all(self, generation: int) -> None:
        """The broker serves all that is on its way."""
        for _ in self._sent:
            self.serve(generation)

    def end(self, now: float) -> None:
        """The answer to the oldest commit arrives."""
        if self._sent and self._sent[0].is_served:
            sent = self._sent.pop(0)
            self._ended(sent.commit, sent.error, now)

    def _ended(self, commit: Commit, error: str | None, now: float) -> None:
        self._with_text = self._with_text and error != METADATA_REFUSED
        self._engine.commit_ended(commit, error, now)
