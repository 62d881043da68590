"""Asks now and then what Meta says of each pixel, in a thread of its own. Delivery neither waits for it nor knows."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

import structlog

from capi_stream.endpoints.dataset_quality import DatasetQuality, EventQuality, NoRight, Quality, Said
from capi_stream.endpoints.debug_token import Invalid, Unanswered, Untold
from capi_stream.endpoints.settings import PosterSettings, QualitySettings
from capi_stream.endpoints.tokens import Tokens
from capi_stream.places import places

log = structlog.get_logger("capi_stream")

FIRST_SECONDS = 5.0  # the first round begins within so many: members that start together do not ask together
SPREAD = 0.1  # and each period is longer or shorter by up to this share
FORGOTTEN_AFTER = 3  # polls in a row that told nothing: what was said before them counts no more

ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Polled:
    """What all polls came to: how many of each (pixel, outcome), and what was last said of the events of each pixel."""

    polls: Mapping[tuple[str, str], int] = field(default_factory=dict)
    events: Mapping[str, Sequence[EventQuality]] = field(default_factory=dict)


class QualityPoller:
    """Polls every pixel at Graph in turn. Raises ValueError for a `ca_file` that cannot be used."""

    def __init__(self, settings: PosterSettings, tokens: Tokens, quality: QualitySettings) -> None:
        self._asking = DatasetQuality(settings, tokens)
        self._targets = [each for each in settings.targets.values() if each.endpoint.kind == "graph"]
        self._every_seconds = quality.every_seconds
        self._polled = Polled()
        self._outcomes: dict[str, str] = {}  # the last of each pixel
        self._in_vain: Counter[str] = Counter()
        self._bugs: set[str] = set()
        self._ended = threading.Event()

    def known(self) -> Polled:
        """What all polls came to so far. May be called from any thread: it is replaced whole."""
        return self._polled

    def start(self) -> None:
        """Begin to poll."""
        threading.Thread(target=self._run, name="quality", daemon=True).start()

    def close(self) -> None:
        """Ask no more. A question that is out is not waited for."""
        self._ended.set()

    def _run(self) -> None:
        wait_seconds = FIRST_SECONDS * random.random()  # noqa: S311  it spreads, and hides nothing
        while not self._ended.wait(wait_seconds):
            try:
                self._round()
            except Exception as bug:  # noqa: BLE001  top of a thread that must not touch delivery: told, and no more
                self._found(bug)
            wait_seconds = self._every_seconds * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311  as above
        self._asking.close()

    def _round(self) -> None:
        for target in self._targets:
            if self._ended.is_set():
                return
            self._heard(str(target.destination.pixel), self._asking.of(target))

    def _heard(self, pixel: str, said: Said) -> None:
        outcome, code = ended(said)
        self._log_change(pixel, outcome, code)
        self._in_vain[pixel] = 0 if isinstance(said, Quality) else self._in_vain[pixel] + 1
        polls, events = Counter(self._polled.polls), dict(self._polled.events)
        polls[pixel, outcome] += 1
        if isinstance(said, Quality):
            events[pixel] = said.events
        elif self._in_vain[pixel] >= FORGOTTEN_AFTER:
            events.pop(pixel, None)
        self._polled = Polled(polls, events)

    def _log_change(self, pixel: str, outcome: str, code: str) -> None:
        """Tell that a pixel's polls end in another way than before; that all is well from the start is no news."""
        before = self._outcomes.get(pixel, ANSWERED)
        self._outcomes[pixel] = outcome
        if outcome != before and outcome == ANSWERED:
            log.info("quality_answered", pixel=pixel)
        elif outcome != before:
            log.warning("quality_not_answered", pixel=pixel, outcome=outcome, code=code, effect="none on delivery")

    def _found(self, bug: Exception) -> None:
        """Log a bug, once for each place: where it is, and not its own words."""
        at = places(bug.__traceback__)
        if at[-1] not in self._bugs:
            self._bugs.add(at[-1])
            advice = "This is a bug: please report this line"
            log.error("quality_failed", error=type(bug).__name__, at=at, effect="none on delivery", advice=advice)


def ended(said: Said) -> tuple[str, str]:
    """How a poll ended, a name from a closed set, and the code or reason behind it."""
    match said:
        case Quality():
            return ANSWERED, "none"
        case NoRight(code):
            return "permission_missing", code
        case Invalid(code=code):
            return "token_invalid", code
        case Untold(code):
            return "refused", code
        case Unanswered(why):
            return "unanswered", why
        case _:
            assert_never(said)
