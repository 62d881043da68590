"""Many worlds: run one, run a range on all cores, and make a failing one as small as it can be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context

from capi_stream.delivery.engine import Engine
from capi_stream.delivery.settings import Limits
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


def fault_of(shape: Shape, engine: MakeEngine = Engine) -> Fault | None:
    """What goes wrong in the world of `shape`; None where all invariants hold."""
    try:
        World(shape, engine).run()
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
    return next((fault for seed in range(first, last) if (fault := fault_of(Shape.of(seed), engine))), None)


def explore(first: int, last: int, engine: MakeEngine = Engine) -> Iterator[tuple[int, Fault | None]]:
    """Run all seeds from `first` up to `last` on all cores: the number run so far, and what was found in the newest."""
    starts = range(first, last, CHUNK)
    ends = [min(start + CHUNK, last) for start in starts]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for end, fault in zip(ends, pool.map(first_fault, starts, ends, repeat(engine)), strict=True):
            if fault is not None:
                pool.shutdown(wait=False, cancel_futures=True)
                yield fault.shape.seed + 1 - first, fault
                return
            yield end - first, None
