"""What Meta says as series: absent where it says nothing, the lowest where several share one, closed labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from capi_stream.observability.board import Board
from capi_stream.observability.labels import PixelLabels
from capi_stream.observability.metrics import PREFIX, Metrics
from capi_stream.observability.quality import QUALITY_FAMILIES
from tests.observability.sights import sight


@dataclass(frozen=True)
class Key:
    name: str
    coverage: float | None


@dataclass(frozen=True)
class Said:
    event_name: str
    score: float | None = None
    coverage: float | None = None
    identifiers: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Polled:
    polls: dict[tuple[str, str], int] = field(default_factory=dict)
    events: dict[str, tuple[Said, ...]] = field(default_factory=dict)


PURCHASE = Said("Purchase", 6.2, 0.25, (Key("email", 0.5), Key("never_heard_of", 0.9), Key("phone", None)))


def registry(quality: Polled | None, pixels: Iterable[str] = ("100", "200")) -> CollectorRegistry:
    board, made = Board(60.0), CollectorRegistry()
    Metrics(made, board, PixelLabels(list(pixels), 100), {"version": "1"})
    board.show(replace(sight(), quality=quality))
    return made


def series(made: CollectorRegistry) -> set[str]:
    """The samples of this API, as they are scraped."""
    lines = generate_latest(made).decode().splitlines()
    return {line.removeprefix(PREFIX) for line in lines if line.startswith(f"{PREFIX}dataset_")}


@pytest.mark.parametrize(
    "quality", [None, Polled(), Polled(events={"100": ()}), Polled(events={"100": (Said("Lead"),)})]
)
def test_there_is_no_series_while_nothing_is_said(quality: Polled | None) -> None:
    assert series(registry(quality)) == set()


def test_what_is_said_becomes_series() -> None:
    assert series(registry(Polled({("100", "answered"): 2, ("200", "unanswered"): 1}, {"100": (PURCHASE,)}))) == {
        'dataset_match_quality_score{event_name="Purchase",pixel="100"} 6.2',
        'dataset_match_key_coverage_ratio{event_name="Purchase",identifier="email",pixel="100"} 0.5',
        'dataset_match_key_coverage_ratio{event_name="Purchase",identifier="other",pixel="100"} 0.9',
        'dataset_event_coverage_ratio{event_name="Purchase",pixel="100"} 0.25',
        'dataset_quality_polls_total{outcome="answered",pixel="100"} 2.0',
        'dataset_quality_polls_total{outcome="unanswered",pixel="200"} 1.0',
    }


def test_custom_events_and_further_pixels_share_a_series_which_is_the_lowest_of_them() -> None:
    events = {
        "100": (Said("A quiz", 7.0), Said("another", 3.0), Said("a third", 5.0), Said("unsaid")),
        "300": (Said("Lead", 4.0),),
        "400": (Said("Lead", 5.0),),
    }
    assert series(registry(Polled({("300", "answered"): 1, ("400", "answered"): 1}, events))) == {
        'dataset_match_quality_score{event_name="custom",pixel="100"} 3.0',
        'dataset_match_quality_score{event_name="Lead",pixel="other"} 4.0',
        'dataset_quality_polls_total{outcome="answered",pixel="other"} 2.0',
    }


def test_a_score_of_0_is_one() -> None:
    assert series(registry(Polled(events={"100": (Said("Lead", 0.0),)}))) == {
        'dataset_match_quality_score{event_name="Lead",pixel="100"} 0.0'
    }


@pytest.mark.parametrize("family", QUALITY_FAMILIES, ids=lambda family: family.name)
def test_a_help_text_is_there_and_labels_but_the_pixel_are_closed(family: object) -> None:
    (found,) = [each for each in QUALITY_FAMILIES if each is family]
    assert found.help.endswith(".")
    assert set(found.labels) - {"pixel"} == set(found.values)
