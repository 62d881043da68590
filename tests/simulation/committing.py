"""The commits of one simulated member: sent, served by the broker, and answered, each at a time of its own.

As in the consumer, a start that was decided here is committed before anything is read from it, and from then on no
offset below it: what lies there is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from capi_stream.delivery.commits import METADATA_REFUSED
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.offsets import Commit
from capi_stream.model import Partition
from tests.simulation.around import Around
from tests.simulation.broker import Place
from tests.simulation.features import Feature
from tests.simulation.texts import is_cut
from tests.simulation.witness import Life


@dataclass(slots=True, eq=False)
class Sent:
    """What is on its way to the broker, and back once it `is_served`: a commit of the engine's, or one of starts."""

    places: list[Place]
    commit: Commit | None = None
    is_served: bool = False
    error: str | None = None


class Committing:
    """What is on its way. One connection keeps the order. `starts` are those that the broker does not have yet."""

    def __init__(self, engine: Engine, around: Around) -> None:
        self._engine = engine
        self._broker = around.broker
        self._exercised = around.exercised
        self._with_text = around.limits.commit_metadata
        self._sent: list[Sent] = []
        self._floors: dict[Partition, int] = {}
        self.starts: dict[Partition, Place] = {}

    def start_at(self, partition: Partition, offset: int) -> None:
        """Nothing below `offset` of `partition` is there any more."""
        self._floors[partition] = offset
        self.starts[partition] = Place(partition, offset, is_start=True)

    def forget(self, partition: Partition) -> None:
        """`partition` is another's, or begins anew."""
        self._floors.pop(partition, None)
        self.starts.pop(partition, None)

    def send(self, lives: Mapping[Partition, Life], now: float) -> None:
        """Send the starts and the commit that are due, of none but `lives`."""
        if self.starts and all(sent.commit for sent in self._sent):
            self._sent.append(Sent(list(self.starts.values())))
        if commit := self._engine.commit(now):
            self._check(commit, lives)
            self._sent.append(Sent(self._places(commit), commit))

    def send_last(self, lives: Mapping[Partition, Life], generation: int, now: float) -> None:
        """Commit what is settled of `lives`, which are being revoked, and wait for the answer."""
        if commit := self._engine.final_commit(lives):
            self._check(commit, lives)
            self._ended(
                Sent(self._places(commit), commit, error=self._broker.commit(self._places(commit), generation)), now
            )

    def _places(self, commit: Commit) -> list[Place]:
        at = ((each.tracker.partition, each) for each in commit.positions)
        return [Place(part, max(each.offset, self._floors.get(part, 0)), each.metadata) for part, each in at]

    def _check(self, commit: Commit, lives: Mapping[Partition, Life]) -> None:
        for position in commit.positions:
            partition = position.tracker.partition
            assert partition in lives, f"never foreign: {partition} is committed and is not ours"
            lives[partition].check_commit(position.offset, position.metadata, with_text=self._with_text)
            assert self._with_text or not position.metadata, "never refused twice: the broker takes no such text"
            if is_cut(position.metadata):
                self._exercised.add(Feature.CUT_TEXT)

    def serve(self, generation: int) -> None:
        """The broker takes the oldest commit that is on its way, or refuses it."""
        for sent in self._sent:
            if not sent.is_served:
                sent.error = self._broker.commit(sent.places, generation)
                sent.is_served = True
                return

    def serve_all(self, generation: int) -> None:
        """The broker serves all that is on its way."""
        for _ in self._sent:
            self.serve(generation)

    def end(self, now: float) -> None:
        """The answer to the oldest commit arrives."""
        if self._sent and self._sent[0].is_served:
            self._ended(self._sent.pop(0), now)

    def _ended(self, sent: Sent, now: float) -> None:
        if sent.commit is not None:
            self._with_text = self._with_text and sent.error != METADATA_REFUSED
            self._engine.commit_ended(sent.commit, sent.error, now)
        elif sent.error is None:
            for place in sent.places:
                if self.starts.get(place.partition) is place:  # an earlier one may have had the same offset
                    del self.starts[place.partition]
