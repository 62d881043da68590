"""Poison is cheap: what it costs to find k bad events among n, in posts, whatever index the API names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil, log2
from random import Random

import pytest

from capi_stream.delivery.engine import Engine
from capi_stream.delivery.outcomes import Accepted, Rejected
from capi_stream.model import Destination, Event, Mapped, Partition, Record
from tests.simulation.shape import PIXELS, limits_of

SOURCE = Partition("orders", 0)
END = Destination(PIXELS[0])

Naming = Callable[[Random, list[int], int], int | None]
NAMING: dict[str, Naming] = {
    "none": lambda random, guilty, size: None,
    "right": lambda random, guilty, size: random.choice(guilty),
    "always the first": lambda random, guilty, size: 0,
    "always the last": lambda random, guilty, size: size - 1,
    "beyond the end": lambda random, guilty, size: size + 5,
    "any": lambda random, guilty, size: random.randrange(size),
}


@pytest.mark.parametrize("number", [1, 2, 7, 64, 1_000])
@pytest.mark.parametrize("naming", NAMING)
def test_poison_is_cheap(naming: str, number: int) -> None:
    """At most 2 k log2 n further posts, and a few for each k; exactly the bad ones become letters."""
    for seed in range(5 if number == 1_000 else 20):
        random = Random(f"{naming} {number} {seed}")
        poison = set(random.sample(range(number), random.randint(0, min(8, number))))
        posts, refused = deliver(number, poison, NAMING[naming], random)
        assert refused == poison
        assert posts <= 1 + len(poison) * (2 * ceil(log2(number)) + 2), f"{posts} posts for {len(poison)} in {number}"


def deliver(number: int, poison: set[int], naming: Naming, random: Random) -> tuple[int, set[int]]:
    """Post `number` events to an API that refuses `poison`: how many posts it took, and which became letters."""
    big = {"batch_events": 1_000, "batch_bytes": 10**6, "buffer_bytes": 10**9, "letters_in_flight": 1_000}
    engine = Engine(replace(limits_of(0), fuse=None, **big))  # type: ignore[arg-type]
    engine.assigned(SOURCE, 0)
    for offset in range(number):
        event = Event(END.pixel, (END,), "Purchase", str(offset), 0, 10**10, b"x")
        engine.received(Record(SOURCE, offset, -1, None, b""), Mapped(events=[event]), 0.0)
    posts, now = 0, 10.0
    while going := engine.ready(now, 0.0):
        for batch in going:
            posts += 1
            guilty = [at for at, entry in enumerate(batch.entries) if int(entry.event.event_id) in poison]
            size = len(batch.entries)
            refusal = Rejected("invalid_parameter", naming(random, guilty, size)) if guilty else None
            engine.answered(batch, refusal or Accepted(size), now, 0.0)
    return posts, {letter.record.offset for letter in engine.letters(now)}
