"""What every fuzzed target has: a corpus that runs first, settings that are the same in CI, and time that is linear.

A target is a function of bytes that fails where its code breaks its promise. The corpus of TARGET is the files of
corpus/TARGET: put what a fuzzer finds there, as bytes, under a name that says what it is.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings

CORPUS = Path(__file__).with_name("corpus")
EXAMPLES = "CAPI_STREAM_FUZZ_EXAMPLES"
"""The environment's word for `make fuzz`: so many random examples a test, instead of the same few."""

T = TypeVar("T")


def corpus(target: str) -> list[Path]:
    """The files that `target` is run with first, for `pytest.mark.parametrize`, with `ids=name_of`."""
    found = sorted((CORPUS / target).iterdir())
    assert found, f"{target} has no corpus"
    return found


def name_of(file: Path) -> str:
    """The name of a corpus file, as it is shown."""
    return file.name


def fuzzed(examples: int) -> settings:
    """Settings of a fuzz test: in CI `examples` that are always the same, under `make fuzz` as many as it says."""
    wanted = os.environ.get(EXAMPLES)
    return settings(
        max_examples=int(wanted) if wanted else examples,
        derandomize=not wanted,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


FOUR_TIMES = 4
MOST_TIMES = 9.0  # four times the input; quadratic is 16
LEAST_SECONDS = 0.001  # what is faster with the larger input is not looked at
TRIES = 4


def assert_linear(work: Callable[[T], Any], make: Callable[[int], T], size: int) -> None:
    """`work` on `make(4 * size)` costs not much more than four times that of `make(size)`.

    Counted are the calls that Python sees, which are the same in each run; what C does without one is timed, in the
    thread's own time, the best of several, and anew if it seems too long: other processes share the caches.
    """
    small, large = make(size), make(FOUR_TIMES * size)
    calls = _calls(work, small), _calls(work, large)
    assert calls[1] <= MOST_TIMES * max(calls[0], 1_000), f"{calls[0]} calls become {calls[1]}"
    seconds: list[tuple[float, float]] = []
    for _ in range(TRIES):
        seconds.append((_seconds(work, small), _seconds(work, large)))
        if seconds[-1][1] <= max(MOST_TIMES * seconds[-1][0], LEAST_SECONDS):
            return
    raise AssertionError(f"{seconds[-1][0]:.6f} s become {seconds[-1][1]:.6f} s")


def _calls(work: Callable[[T], Any], given: T) -> int:
    count = 0

    def counted(_frame: Any, _event: str, _what: Any) -> None:
        nonlocal count
        count += 1

    sys.setprofile(counted)
    try:
        work(given)
    finally:
        sys.setprofile(None)
    return count


def _seconds(work: Callable[[T], Any], given: T) -> float:
    taken = []
    gc.collect()
    gc.disable()  # it walks over all that other tests have left, the more often the more is made here
    try:
        for _ in range(2):
            began = time.thread_time()
            work(given)
            taken.append(time.thread_time() - began)
    finally:
        gc.enable()
    return min(taken)
