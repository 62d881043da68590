"""What leaves the service: posts to the API and letters to their topics; or, in a shadow run, neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

import structlog

from capi_stream import __version__
from capi_stream.config.settings import Settings
from capi_stream.delivery.batches import Batch, Letter
from capi_stream.delivery.outcomes import Outcome
from capi_stream.endpoints.client import url_of
from capi_stream.endpoints.expiries import Expiries
from capi_stream.endpoints.posters import Posters
from capi_stream.endpoints.quality_poller import Polled, QualityPoller
from capi_stream.endpoints.shadow import ShadowPosters
from capi_stream.endpoints.tokens import Tokens
from capi_stream.kafka.producer import LetterProducer
from capi_stream.kafka.shadow import ShadowLetters
from capi_stream.model import PixelId

if TYPE_CHECKING:
    from capi_stream.observability.tracing import Tracing

log = structlog.get_logger("capi_stream")

TRACES_SECONDS = 1.0  # what the last spans get to leave, when everything else is done


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
    """Both, what the service calls its version, in logs, metrics and on the status page, and what it knows of when each
    pixel's token ends (Unix seconds) and of what Meta says of its events (None where nobody asks)."""

    posters: Posting
    letters: Storing
    version: str = __version__
    token_expiries: Callable[[], Mapping[PixelId, float]] = dict
    quality: Callable[[], Polled | None] = lambda: None


class TracedPosting:
    """Stands where `posters` do, and has a span made of each post."""

    def __init__(self, posters: Posting, tracing: Tracing) -> None:
        self._posters = posters
        self._tracing = tracing

    def submit(self, batch: Batch) -> None:
        """Post `batch`; its span begins."""
        self._tracing.began(batch)
        self._posters.submit(batch)

    def answers(self, wait_seconds: float = 0.0) -> Iterator[tuple[Batch, Outcome]]:
        """What has come back; its spans end."""
        for batch, outcome in self._posters.answers(wait_seconds):
            self._tracing.ended(batch, outcome)
            yield batch, outcome

    def close(self, deadline: float) -> bool:
        """Post nothing more, and give the last spans a moment to leave."""
        has_ended = self._posters.close(deadline)
        self._tracing.close(TRACES_SECONDS)
        return has_ended


def live(settings: Settings, tokens: Tokens) -> Outlets:
    """To the API and to the topics of letters. Raises ValueError, KafkaFailure for settings that cannot be used."""
    expiries = Expiries(settings.posters, tokens)
    expiries.start()
    posters, letters = _posters(settings, tokens), LetterProducer(settings.producer)
    if settings.quality is None:
        return Outlets(posters, letters, token_expiries=expiries.known)
    poller = QualityPoller(settings.posters, tokens, settings.quality)
    poller.start()
    return Outlets(posters, letters, token_expiries=expiries.known, quality=poller.known)


def _posters(settings: Settings, tokens: Tokens) -> Posting:
    """Those that post; with spans where they are asked for, and only then is OpenTelemetry imported."""
    posters = Posters(settings.posters, tokens)
    if settings.tracing is None:
        return posters
    from capi_stream.observability.tracing import Sender, Tracing

    urls = {destination: url_of(target) for destination, target in settings.posters.targets.items()}
    return TracedPosting(posters, Tracing(Sender(settings.tracing.endpoint), settings.tracing, urls))


def shadow(settings: Settings, _: Tokens) -> Outlets:
    """To nobody. No object is made that could post or produce; the log and the version say so."""
    group = settings.consumer.properties["group.id"]
    log.warning("shadow", group=group, effect="nothing is posted, no letter is stored; only this group's offsets move")
    return Outlets(ShadowPosters(), ShadowLetters(), f"{__version__}+shadow")
