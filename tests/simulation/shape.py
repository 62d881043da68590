"""How large one world is and what may go wrong in it: all from one seed, and made smaller while it still fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from math import inf
from random import Random
from typing import Any

from capi_stream.delivery.settings import GENEROUS, FuseSettings, Limits, Route
from capi_stream.model import Destination, PixelId

PIXELS = tuple(PixelId(name) for name in ("100", "200", "300"))
CREDENTIALS = {"100": "token a", "200": "token a", "300": "token b"}  # two pixels share a token
ROUTES = {
    Destination(pixel, endpoint): Route(CREDENTIALS[pixel], endpoint)
    for pixel in PIXELS
    for endpoint in ("graph", "gateway")
}
REPLAY_TOPIC = "events"  # where letters go on to
LARGE_BATCH_BYTES = 60_000  # of worlds in which the API may find a batch too large
EVENT_SIZES = {LARGE_BATCH_BYTES: range(1_000, 9_000)}  # of event bodies, by the bytes of a batch
SMALL_EVENTS = range(100, 900)


@dataclass(frozen=True, slots=True)
class Shape:
    """One world. Shares and chances lie between 0 and 1; a chance counts for each step."""

    seed: int
    steps: int
    records: int
    partitions: int
    members: int
    faults: float  # share of answers of the API, of the letters' topics and of the broker that are bad
    poison: float  # share of events that the API refuses
    moves: float  # chance of a rebalance, a crash or a stop
    cuts: float = 0.0  # chance that a log loses its oldest records, or that its topic is created anew
    jumps: float = 0.0  # chance that two days or so pass at once
    forwarded: float = 0.0  # share of records that are letters, which go on to a topic

    @classmethod
    def of(cls, seed: int) -> Shape:
        """The whole world of `seed`."""
        random = Random(f"shape {seed}")
        if is_long(seed):
            return cls(seed, 120, records=2_800, partitions=1, members=1, faults=0.1, poison=0.0, moves=0.05)
        if random.random() < 0.1:  # nothing but poison: what that costs can be counted
            return cls(seed, 120, records=50, partitions=3, members=1, faults=0.0, poison=0.03, moves=0.0)
        return cls(
            seed,
            steps=random.choice((40, 80, 120)),
            records=random.choice((10, 20, 30, 50)),
            partitions=random.choice((1, 1, 2, 3)),
            members=random.choice((1, 2, 2, 3)),
            faults=random.choice((0.0, 0.1, 0.1, 0.4)),
            poison=random.choice((0.0, 0.02, 0.2)),
            moves=random.choice((0.0, 0.03, 0.1, 0.2)),
            cuts=random.choice((0.0, 0.0, 0.0, 0.05)),
            jumps=random.choice((0.0, 0.0, 0.0, 0.0, 0.1)),
            forwarded=Random(f"forwarded {seed}").choice((*(0.0,) * 10, 0.2, 1.0)),
        )

    def smaller(self) -> Iterator[Shape]:
        """Worlds that are simpler in one respect, the simplest first."""
        for name in ("cuts", "jumps", "moves", "faults", "poison", "forwarded"):
            if getattr(self, name):
                yield self._with(name, 0.0)
        for name, least in (("members", 1), ("partitions", 1), ("records", 1), ("steps", 0)):
            value = getattr(self, name)
            for less in sorted({least, value // 2, value - value // 8 - 1, value - 1}):
                if least <= less < value:
                    yield self._with(name, less)

    def _with(self, name: str, value: Any) -> Shape:
        change: dict[str, Any] = {name: value}
        return replace(self, **change)

    def command(self) -> str:
        """What replays it."""
        whole = Shape.of(self.seed)
        names = [each.name for each in fields(self) if getattr(self, each.name) != getattr(whole, each.name)]
        options = "".join(f" --{name} {getattr(self, name)}" for name in names)
        return f"python -m tests.simulation {self.seed}{options}"


def is_long(seed: int) -> bool:
    """Whether the world has so many records that what is settled of them does not fit into a text."""
    return Random(f"long {seed}").random() < 0.001


def poll_records(seed: int) -> int:
    """How many records of each partition a poll brings."""
    return 3_000 if is_long(seed) else 5


def largest_post(seed: int) -> float:
    """Bytes that the API takes in one post; some below what a lane's limit is ever lowered to."""
    if limits_of(seed).batch_bytes < LARGE_BATCH_BYTES:
        return inf
    return Random(f"largest {seed}").choice((8_000, 12_000, 20_000, 40_000))


_SIZES = (
    (8, 4_000, 12_000),
    (8, 4_000, 30_000),
    (8, 4_000, 30_000),
    (32, 20_000, 150_000),
)
_LARGE_SIZES = (32, LARGE_BATCH_BYTES, 400_000)
_LONG_SIZES = (32, 20_000, 10**8)
_FUSE = FuseSettings(minimum=4)
_OWN_LIMITS: tuple[dict[str, int], ...] = ({}, {}, {"100": 1}, {"200": 3, "300": 1})  # of posts in flight


def limits_of(seed: int) -> Limits:
    """Limits so small that a few dozen records reach them."""
    random = Random(f"limits {seed}")
    sizes = random.choice(_SIZES)
    further = Random(f"further limits {seed}")
    if is_long(seed):
        sizes = _LONG_SIZES
    elif further.random() < 0.2:
        sizes = _LARGE_SIZES
    batch_events, batch_bytes, buffer_bytes = sizes
    return Limits(
        routes=ROUTES,
        dead_letter_topic="dead",
        parked_topic="parked",
        batch_events=batch_events,
        batch_bytes=batch_bytes,
        posts_in_flight=3,
        posts_in_flight_per_pixel=2,
        buffer_bytes=buffer_bytes,
        partition_span=10**6 if is_long(seed) else random.choice((15, 60)),
        park_after_seconds=random.choice((None, 20.0)),
        park_in_the_way_seconds=random.choice((5.0, 30.0)),
        letters_in_flight=500 if is_long(seed) else 3,
        commit_interval_seconds=0.5,
        fuse=_FUSE if random.random() < 0.2 else GENEROUS,
        commit_metadata=is_long(seed) or random.random() < 0.8,
        pixel_limits=further.choice(_OWN_LIMITS),
    )
