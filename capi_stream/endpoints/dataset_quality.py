"""What Meta says of a pixel's events that arrived: the Dataset Quality API, which is asked beside delivery.

Source: "Dataset Quality API", Conversions API. Web events only: offline events are in beta. Every field may be missing
or null. A missing right to this API is normal, and says nothing of the right to post.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from capi_stream.endpoints.debug_token import Invalid, Unanswered, Untold, mapping_in, refusal
from capi_stream.endpoints.questions import Questions
from capi_stream.endpoints.settings import PosterSettings, Target
from capi_stream.endpoints.tokens import Tokens

ANSWER_BYTES = 4 * 1024 * 1024  # a row with all of Meta's sentences has some 10 KB; a pixel has tens of event names
MOST_SCORE = 10.0

FIELDS = (
    "web{event_name,"
    "event_match_quality{composite_score,"
    "match_key_feedback{identifier,coverage{percentage},potential_aly_acr_increase{percentage,description}},"
    "diagnostics{name,description,solution,percentage,affected_event_count,total_event_count}},"
    "event_coverage{percentage,goal_percentage,description},"
    "dedupe_key_feedback{dedupe_key,browser_events_with_dedupe_key{percentage},"
    "server_events_with_dedupe_key{percentage},overall_browser_coverage_from_dedupe_key{percentage}},"
    "data_freshness{upload_frequency,description}}"
)
"""All that is read below. Meta's table spells `dedup_key_feedback`, its examples `dedupe_key_feedback`."""

NO_RIGHT_CODES = frozenset(map(str, (3, 10, 803, *range(200, 300))))
NO_SUCH_OBJECT = "100/33"
"""The app lacks a permission, the token one for the pixel, or there is no such pixel: Graph tells these not apart."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """How many of the events carry an identifier. `may_bring` is how many more conversions others saw who sent it.

    Both are shares: 0.5 is 50 %. `advice` is Meta's sentence on it.
    """

    name: str
    coverage: float | None
    may_bring: float | None
    advice: str


@dataclass(frozen=True, slots=True)
class DedupeKey:
    """Which share of the browser's and of the server's events carry a key, and how many of the browser's it matched."""

    name: str
    browser: float | None
    server: float | None
    covered: float | None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A problem that Meta found, in its words. `share` of the events have it: `affected` of `total`."""

    name: str
    description: str
    solution: str
    share: float | None
    affected: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class EventQuality:
    """All events of one name. `score` is 0 to 10; `coverage` the share of browser events with a server's twin."""

    event_name: str
    score: float | None
    coverage: float | None
    coverage_goal: float | None
    freshness: str
    identifiers: tuple[Identifier, ...]
    dedupe_keys: tuple[DedupeKey, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """What Meta says of a pixel: a row an event name, none where it says nothing yet."""

    events: tuple[EventQuality, ...]


@dataclass(frozen=True, slots=True)
class NoRight:
    """The token may not ask this, for the error's `code`."""

    code: str


Said = Quality | NoRight | Invalid | Untold | Unanswered


def read(status: int, body: bytes) -> Said:
    """What the API said. Total: any status and any bytes have a meaning."""
    try:
        found = orjson.loads(body)
    except ValueError:
        found = None
    refused = refusal(found)
    if refused is not None:
        return NoRight(refused.code) if isinstance(refused, Untold) and _is_no_right(refused.code) else refused
    if not isinstance(found, dict) or "web" not in found or not isinstance(found["web"], list | None):
        return Unanswered(f"HTTP {status} without the answer that is documented")
    return Quality(tuple(_event(row) for row in _objects(found, "web")))


def _is_no_right(code: str) -> bool:
    return code == NO_SUCH_OBJECT or code.partition("/")[0] in NO_RIGHT_CODES


def _event(row: Mapping[str, Any]) -> EventQuality:
    quality = mapping_in(row, "event_match_quality") or {}
    score = _number(quality, "composite_score")
    return EventQuality(
        event_name=_text(row, "event_name"),
        score=score if score is not None and score <= MOST_SCORE else None,
        coverage=_share(row, "event_coverage"),
        coverage_goal=_share(row, "event_coverage", "goal_percentage"),
        freshness=_text(mapping_in(row, "data_freshness"), "upload_frequency"),
        identifiers=tuple(_identifier(each) for each in _objects(quality, "match_key_feedback")),
        dedupe_keys=tuple(_dedupe_key(each) for each in _objects(row, "dedupe_key_feedback")),
        diagnostics=tuple(_diagnostic(each) for each in _objects(quality, "diagnostics")),
    )


def _identifier(row: Mapping[str, Any]) -> Identifier:
    increase = "potential_aly_acr_increase"
    return Identifier(
        name=_text(row, "identifier"),
        coverage=_share(row, "coverage"),
        may_bring=_share(row, increase),
        advice=_text(mapping_in(row, increase), "description"),
    )


def _dedupe_key(row: Mapping[str, Any]) -> DedupeKey:
    return DedupeKey(
        name=_text(row, "dedupe_key"),
        browser=_share(row, "browser_events_with_dedupe_key"),
        server=_share(row, "server_events_with_dedupe_key"),
        covered=_share(row, "overall_browser_coverage_from_dedupe_key"),
    )


def _diagnostic(row: Mapping[str, Any]) -> Diagnostic:
    affected, total = _number(row, "affected_event_count"), _number(row, "total_event_count")
    return Diagnostic(
        name=_text(row, "name"),
        description=_text(row, "description"),
        solution=_text(row, "solution"),
        share=_ratio(_number(row, "percentage")),
        affected=None if affected is None else int(affected),
        total=None if total is None else int(total),
    )


def _objects(found: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    rows = found.get(key)
    return (row for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict))


def _text(found: Mapping[str, Any] | None, key: str) -> str:
    """The text under `key`; empty where there is none."""
    value = found.get(key) if found is not None else None
    return value if isinstance(value, str) else ""


def _share(found: Mapping[str, Any], key: str, percentage: str = "percentage") -> float | None:
    """The percentage in the object under `key`, as a share."""
    return _ratio(_number(mapping_in(found, key) or {}, percentage))


def _ratio(percentage: float | None) -> float | None:
    return None if percentage is None else percentage / 100


def _number(found: Mapping[str, Any], key: str) -> float | None:
    """The number under `key`, finite and not below 0; nothing else counts as one."""
    value = found.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if value >= 0 else None


class DatasetQuality:
    """Asks of pixels, one question after another. Raises ValueError for a `ca_file` that cannot be used."""

    def __init__(self, settings: PosterSettings, tokens: Tokens) -> None:
        self._tokens = tokens
        self._questions = Questions(settings, ANSWER_BYTES)

    def of(self, target: Target) -> Said:
        """What Meta says of `target`, a pixel at Graph. Ends within the timeouts' `post` seconds; raises nothing."""
        assert target.credential is not None
        token = self._tokens.token(target.credential)
        if token is None:
            return Invalid(is_expired=False, code="unusable")
        query = {"dataset_id": str(target.destination.pixel), "fields": FIELDS}
        answer = self._questions.ask("dataset_quality", target, token, query)
        return Unanswered(answer) if isinstance(answer, str) else read(*answer)

    def close(self) -> None:
        """Close all connections."""
        self._questions.close()
