"""Many worlds: run one, run a range on all cores, and make a failing one as small as it can be."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from multiprocessing import get_context

from capi_stream.delivery.engine import Engine
from capi_stream.delivery.settings import Limits
from tests.simulation.features import Feature
from tests.simulation.shape import Shape
from tests.simulation.world import World

CHUNK = 250
SHRINKING_RUNS = 600

MakeEngine = Callable[[Limits], Engine]


@dataclass(frozen=True, slots=True)
class Fault:
    """A world in which an invariant does not hold, and which."""

    shape: Shape
    message: str

    @property
    def invariant(self) -> str:
        """Its name, as design.md has it; for anything else that was raised, the exception's."""
        return self.message.partition(":")[0]

    def __str__(self) -> str:
        return f"{self.message}\n  replay with: {self.shape.command()}"


@dataclass(slots=True)
class Explored:
    """How many seeds were run, in how many of them each feature was exercised, and the fault that ended it."""

    number: int = 0
    exercised: Counter[Feature] = field(default_factory=Counter)
    fault: Fault | None = None


def fault_of(shape: Shape, engine: MakeEngine = Engine) -> Fault | None:
    """What goes wrong in the world of `shape`; None where all invariants hold."""
    return _run(World(shape, engine))


def _run(world: World) -> Fault | None:
    shape = world.shape
    try:
        world.run()
    except AssertionError as broken:
        return Fault(shape, str(broken) or "AssertionError: inside the engine")
    except Exception as error:  # noqa: BLE001  whatever the engine raises is a fault of it
        return Fault(shape, f"{type(error).__name__}: {error}")
    return None


def shrunk(fault: Fault, engine: MakeEngine = Engine) -> Fault:
    """A world as small as can be found in which the same invariant breaks."""
    runs = 0
    candidates = fault.shape.smaller()
    while runs < SHRINKING_RUNS and (shape := next(candidates, None)) is not None:
        runs += 1
        found = fault_of(shape, engine)
        if found is not None and found.invariant == fault.invariant:
            fault, candidates = found, shape.smaller()
    return fault


def first_fault(first: int, last: int, engine: MakeEngine = Engine) -> Fault | None:
    """The first seed from `first` up to, and without, `last` whose world breaks an invariant."""
    return explored(first, last, engine).fault


def explored(first: int, last: int, engine: MakeEngine = Engine) -> Explored:
    """What the seeds from `first` up to, and without, `last` have brought, or those up to the first that fails."""
    found = Explored()
    for seed in range(first, last):
        world = World(Shape.of(seed), engine)
        found.fault = _run(world)
        found.number += 1
        found.exercised.update(world.exercised)
        if found.fault is not None:
            break
    return found


def explore(first: int, last: int, engine: MakeEngine = Engine) -> Iterator[Explored]:
    """Run all seeds from `first` up to `last` on all cores: what they have brought so far."""
    starts = range(first, last, CHUNK)
    ends = [min(start + CHUNK, last) for start in starts]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        so_far = Explored()
        for found in pool.map(explored, starts, ends, repeat(engine)):
            so_far = Explored(so_far.number + found.number, so_far.exercised + found.exercised, found.fault)
            yield so_far
            if found.fault is not None:
                pool.shutdown(wait=False, cancel_futures=True)
                return
