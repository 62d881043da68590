"""The loop: records at their rate, until enough are published or a signal comes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import typer

from capi_stream.cli.produce.bucket import Bucket
from capi_stream.cli.produce.load import Load
from capi_stream.cli.produce.publisher import Publisher
from capi_stream.cli.produce.tally import Tally

SHOW_SECONDS = 1.0
START_OF_LINE = "\r\x1b[K"  # and it is empty
LOOK_SECONDS = 0.1  # how late a signal may be seen


@dataclass(frozen=True, slots=True)
class Plan:
    """How fast, and until when: whichever comes first. Rate 0 is as fast as it goes."""

    rate: float
    count: int | None
    seconds: float | None

    def left(self, tally: Tally) -> int:
        """How many records may still be published, after what `tally` has counted."""
        if self.seconds is not None and tally.seconds >= self.seconds:
            return 0
        return sys.maxsize if self.count is None else self.count - tally.records


def run(load: Load, publisher: Publisher, tally: Tally, plan: Plan, is_stopping: Callable[[], bool]) -> None:
    """Publish as planned and wait for the reports. Raises KafkaFailure."""
    progress = Progress(tally)
    try:
        _publish(load, publisher, tally, plan, progress, is_stopping)
        publisher.finish()
    finally:
        progress.end()


def _publish(
    load: Load, publisher: Publisher, tally: Tally, plan: Plan, progress: Progress, is_stopping: Callable[[], bool]
) -> None:
    began = time.monotonic()
    bucket = Bucket(plan.rate, began)
    while not is_stopping():
        now = time.monotonic()
        tally.seconds = now - began
        left = plan.left(tally)
        if left <= 0:
            break
        for _ in range(min(bucket.take(now), left)):
            _store(load, publisher, is_stopping)
        progress.show()
        publisher.wait(min(bucket.wait(), LOOK_SECONDS))


def _store(load: Load, publisher: Publisher, is_stopping: Callable[[], bool]) -> None:
    """Hand on one record; wait where the client's queue is full."""
    made = load.record(int(time.time() * 1_000))
    while not publisher.store(made) and not is_stopping():
        publisher.wait(LOOK_SECONDS)


class Progress:
    """A line on stderr that is written anew each second; none where that is no terminal."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._due = SHOW_SECONDS
        self._is_seen = sys.stderr.isatty()

    def show(self) -> None:
        """Write it, if it is time."""
        if self._is_seen and self._tally.seconds >= self._due:
            self._due = self._tally.seconds + SHOW_SECONDS
            typer.echo(f"{START_OF_LINE}{self._tally.line()}", nl=False, err=True)

    def end(self) -> None:
        """Leave no line behind."""
        if self._is_seen:
            typer.echo(START_OF_LINE, nl=False, err=True)
