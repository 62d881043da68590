"""The limits within which the engine works. Built by config, read here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from capi_stream.model import Destination


@dataclass(frozen=True, slots=True)
class Route:
    """Whose faults can hold a destination beside its own: its credential's and its endpoint's (names of gates)."""

    credential: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class FuseSettings:
    """When it blows: at `minimum` invalid events that are more than `share` of those judged within the window.

    Generous: a bad record here and there never reaches it, and a restart into bad data costs `minimum` dead letters.
    """

    minimum: int = 1_000
    share: float = 0.5
    window_seconds: float = 600.0


GENEROUS = FuseSettings()


@dataclass(frozen=True, slots=True)
class Limits:
    """What the engine may gather, hold and hand out.

    Sizes are in bytes, times in seconds. `routes` holds every configured destination.
    """

    routes: Mapping[Destination, Route]
    dead_letter_topic: str
    parked_topic: str
    batch_events: int = 1_000  # the API's own bound (Using the API, "Batch Requests")
    batch_bytes: int = 1_000_000  # undocumented; one production sender assumes 1 MB a request
    linger_seconds: float = 1.0
    posts_in_flight: int = 8
    posts_in_flight_per_pixel: int = 4
    buffer_bytes: int = 64 * 1024 * 1024
    partition_span: int = 200_000  # offsets between the committable one and the last seen
    park_after_seconds: float | None = None  # instead of what the policy table says for each reason
    park_in_the_way_seconds: float = 30.0  # a held lane that fills a partition is parked then, not in every short hold
    letters_in_flight: int = 1_000
    letters_in_flight_bytes: int = 8 * 1024 * 1024  # librdkafka holds a copy of each until it is acknowledged
    commit_interval_seconds: float = 1.0
    commit_timeout_seconds: float = 30.0
    fuse: FuseSettings | None = GENEROUS  # None: no amount of invalid events stops anything
    commit_metadata: bool = True  # what is settled above the committed offset, beside it: a crash sends less twice
    replays: str = ""  # the kind of the letters that are read in place of records, for the metrics
    pixel_limits: Mapping[str, int] = field(default_factory=dict)  # pixel -> its own posts_in_flight
