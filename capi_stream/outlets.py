"""What leaves the service: posts to the API and letters to their topics; or, in a shadow run, neither."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import structlog

from capi_stream import __version__
from capi_stream.config import Settings
from capi_stream.delivery.batches import Batch, Letter
from capi_stream.delivery.outcomes import Outcome
from capi_stream.endpoints.posters import Posters
from capi_stream.endpoints.shadow import ShadowPosters
from capi_stream.endpoints.tokens import Tokens
from capi_stream.kafka.producer import LetterProducer
from capi_stream.kafka.shadow import ShadowLetters

log = structlog.get_logger("capi_stream")


class Posting(Protocol):
    """Batches out, outcomes back: each batch comes back once, as the object that was submitted."""

    def submit(self, batch: Batch) -> None:
        """Post `batch`."""

    def answers(self, wait_seconds: float = 0.0) -> Iterator[tuple[Batch, Outcome]]:
        """What has come back. If nothing has, wait `wait_seconds` at most for the first."""

    def close(self, deadline: float) -> bool:
        """Post nothing more; whether all that was out has ended by `deadline` (monotonic)."""


class Storing(Protocol):
    """Letters out, and what became of each."""

    def start(self) -> None:
        """Check that letters can be stored. Raises KafkaFailure."""

    def store(self, letter: Letter) -> None:
        """Store `letter`."""

    def reports(self) -> list[tuple[Letter, str | None]]:
        """The letters whose fate is known since the last call: None, or why not."""

    @property
    def outage(self) -> str | None:
        """Why no broker can be reached; None while one can."""

    def close(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for what is out."""


class Outlets(NamedTuple):
    """Both, and what the service calls its version, in logs, metrics and on the status page."""

    posters: Posting
    letters: Storing
    version: str = __version__


def live(settings: Settings, tokens: Tokens) -> Outlets:
    """To the API and to the topics of letters. Raises ValueError, KafkaFailure for settings that cannot be used."""
    return Outlets(Posters(settings.posters, tokens), LetterProducer(settings.producer))


def shadow(settings: Settings, _: Tokens) -> Outlets:
    """To nobody. No object is made that could post or produce; the log and the version say so."""
    group = settings.consumer.properties["group.id"]
    log.warning("shadow", group=group, effect="nothing is posted, no letter is stored; only this group's offsets move")
    return Outlets(ShadowPosters(), ShadowLetters(), f"{__version__}+shadow")
