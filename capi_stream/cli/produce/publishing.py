"""One run of `produce`: from its start to what is said of it, and its exit code."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from capi_stream.cli.demo.ending import SIGNALS, Asked
from capi_stream.cli.produce import tally as telling
from capi_stream.cli.produce.load import BARE, Framing, Load, Orders, confluent, contract, single_object
from capi_stream.cli.produce.publisher import Publisher
from capi_stream.cli.produce.running import Plan, run
from capi_stream.cli.produce.tally import Run, Tally
from capi_stream.cli.produce.target import Target
from capi_stream.cli.quiet import quiet
from capi_stream.cli.schema.subjects import found, registered
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.subjects import SUFFIX, Subjects

if TYPE_CHECKING:
    from capi_stream.cli.produce import FramingName

DONE, NOT_ALL = 0, 1


def published(
    target: Target, orders: Orders, framing: FramingName | None, seed: int, plan: Plan, *, as_json: bool
) -> int:
    """Publish and say what was; the exit code."""
    quiet()
    tally = Tally()
    problem = _problem(target, orders, framing, seed, plan, tally)
    tally.close()
    if tally.records or not problem:
        _sum_up(tally, Run(target.topic, seed), as_json=as_json)
    if not problem and tally.failed:
        problem = (
            f"{tally.failed.total():,} of {tally.records:,} records were not acknowledged. What to do: see the "
            "broker's log, and whether it can be reached from here all the time."
        )
    if problem:
        typer.echo(problem, err=True)
    return NOT_ALL if problem else DONE


def _problem(target: Target, orders: Orders, framing: FramingName | None, seed: int, plan: Plan, tally: Tally) -> str:
    """Publish, counting with `tally`; what ended it before its time, for a person, or nothing."""
    try:
        with _interrupting():
            load = Load(seed, _framing(target, framing), orders)
            publisher = Publisher(target.properties, target.topic, tally)
            publisher.look(target.connect_seconds)
            with Asked() as asked:
                run(load, publisher, tally, plan, lambda: bool(asked.number))
    except KafkaFailure as failure:
        return str(failure)
    except KeyboardInterrupt:
        pass  # before anything was published
    return ""


@contextmanager
def _interrupting() -> Iterator[None]:
    """Let the other signals that ask for the end interrupt what waits as Ctrl-C does."""
    before = {number: handler for number in SIGNALS if (handler := signal.getsignal(number)) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _framing(target: Target, name: FramingName | None) -> Framing:
    """What stands before each record; the contract is registered for it where it is not yet. Raises KafkaFailure."""
    match name or target.framing:
        case "bare":
            return BARE
        case "single_object":
            return single_object()
    assert target.registry is not None
    subject = target.topic + SUFFIX
    with Subjects(target.registry) as there:
        return confluent((found(there, subject, contract()) or registered(there, subject, contract())).schema_id)


def _sum_up(tally: Tally, run: Run, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(telling.as_json(tally, run)))
    else:
        for line in telling.as_text(tally, run):
            typer.echo(line)
