"""`capi-stream produce`: a load generator, with events as a shop has them and faults among them at a wish."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from capi_stream.cli.produce.load import Framing, Orders
    from capi_stream.cli.produce.running import Plan
    from capi_stream.cli.produce.tally import Run, Tally
    from capi_stream.cli.produce.target import Target

DONE, NOT_ALL, WRONG = 0, 1, 2

FramingName = Literal["confluent", "single_object", "bare"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("produce")(produce)


def produce(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The service's configuration: Kafka, topic, registry, pixels.")
    ] = None,
    bootstrap: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Kafka, without -c.")] = None,
    topic: Annotated[str | None, typer.Option(help="The topic; with -c, where the configuration has several.")] = None,
    registry: Annotated[str | None, typer.Option(metavar="URL", help="The schema registry, without -c.")] = None,
    framing: Annotated[
        FramingName | None,
        typer.Option(
            help="How records name their schema; without: as -c says, else confluent, with the registry's id."
        ),
    ] = None,
    pixels: Annotated[
        str | None, typer.Option(metavar="ID,ID", help="Whose events; the first is the busiest. With -c: all of it.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0, help="Records a second; 0: as fast as it goes.")] = 100.0,
    count: Annotated[int | None, typer.Option(min=0, help="Stop after so many records.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after so many seconds.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="The same seed makes the same events, ids too; without: another each time."),
    ] = None,
    mix: Annotated[
        str | None, typer.Option(metavar="KIND=N,...", help="How often kinds of events are: purchase=1,page_view=10.")
    ] = None,
    faults: Annotated[
        str | None,
        typer.Option(
            metavar="FAULT=SHARE,...",
            help="What goes wrong, as shares of all records: tombstone=0.01,undecodable=0.001; all=0.02 parts it.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Publish made-up commerce events to Kafka, and say how many were acknowledged. Ctrl-C and SIGTERM end it well.

    Without --count and --seconds it goes on until then. The contract's schema is registered where it is not yet.

    Exit code 1: Kafka or the registry did not do it, or records were not acknowledged. 2: an option is wrong.
    """
    import math
    import secrets

    from capi_stream.cli.produce.running import Plan

    if not math.isfinite(rate + (seconds or 0)):
        _wrong("--rate and --seconds are numbers, such as --rate 100.")
    target, orders = _wanted(config, bootstrap, topic, registry, pixels, mix, faults)
    _check_framing(target, orders, framing)
    chosen = secrets.randbits(32) if seed is None else seed
    raise typer.Exit(_published(target, orders, framing, chosen, Plan(rate, count, seconds), as_json=as_json))


def _wanted(
    config: Path | None,
    bootstrap: str | None,
    topic: str | None,
    registry: str | None,
    pixels: str | None,
    mix: str | None,
    faults: str | None,
) -> tuple[Target, Orders]:
    """The options, made sense of; ends with code 2 where they make none."""
    from capi_stream.cli.produce.load import Orders
    from capi_stream.cli.produce.shop import MIX
    from capi_stream.cli.produce.target import from_configuration, from_options
    from capi_stream.cli.schema.asking import UsageError

    if config is not None and (bootstrap or registry):
        _wrong("Give -c, or --bootstrap and --registry, not both: the configuration names Kafka and the registry.")
    try:
        target = from_options(bootstrap, topic, registry) if config is None else from_configuration(config, topic)
    except UsageError as error:
        _wrong(str(error))
    named = tuple(each.strip() for each in pixels.split(",")) if pixels else target.pixels
    if not named or not all(each.isascii() and each.isdigit() for each in named):
        _wrong("Name the pixels with --pixels, digits with commas between, such as --pixels 1234567890,2345678901.")
    return target, Orders(named, target.stores, _mix(mix) if mix else MIX, _faults(faults) if faults else {})


def _mix(text: str) -> dict[str, float]:
    from capi_stream.cli.produce.shares import SharesError, shares
    from capi_stream.cli.produce.shop import MIX

    try:
        found = shares(text, MIX)
    except SharesError as error:
        _wrong(f"--mix: {error}.")
    if not any(found.values()):
        _wrong("--mix: every share is 0: write one that is not, such as page_view=1.")
    return found


def _faults(text: str) -> dict[str, float]:
    from capi_stream.cli.produce.faults import FAULTS
    from capi_stream.cli.produce.shares import SharesError, shares

    try:
        found = shares(text, FAULTS)
    except SharesError as error:
        _wrong(f"--faults: {error}.")
    if (whole := sum(found.values())) > 1.000001:  # ten times 0.1 is a little more than 1
        _wrong(
            f"--faults: together they are {whole:g}: write shares of all records, at most 1, such as tombstone=0.01."
        )
    return found


def _check_framing(target: Target, orders: Orders, framing: FramingName | None) -> None:
    from capi_stream.cli.produce.faults import UNKNOWN_SCHEMA

    match framing or target.framing:
        case "auto" | "confluent" if target.registry is None:
            _wrong("Name the registry with --registry URL, or publish without one: --framing single_object.")
        case "bare" if orders.faults.get(UNKNOWN_SCHEMA):
            _wrong(f"--faults: {UNKNOWN_SCHEMA} cannot be with bare records, which name no schema: leave it out.")


def _published(
    target: Target, orders: Orders, framing: FramingName | None, seed: int, plan: Plan, *, as_json: bool
) -> int:
    """Publish and say what was; the exit code."""
    from capi_stream.cli.demo.ending import Asked
    from capi_stream.cli.produce.load import Load
    from capi_stream.cli.produce.publisher import Publisher
    from capi_stream.cli.produce.running import run
    from capi_stream.cli.produce.tally import Run, Tally
    from capi_stream.cli.quiet import quiet
    from capi_stream.kafka.failures import KafkaFailure

    quiet()
    tally = Tally()
    problem = ""
    with Asked() as asked:
        try:
            load = Load(seed, _framing(target, framing), orders)
            publisher = Publisher(target.properties, target.topic, tally)
            publisher.look(target.connect_seconds)
            run(load, publisher, tally, plan, lambda: bool(asked.number))
        except KafkaFailure as failure:
            problem = str(failure)
    tally.close()
    if tally.records or not problem:
        _sum_up(tally, Run(target.topic, seed), as_json=as_json)
    if problem:
        typer.echo(problem, err=True)
    elif tally.failed:
        typer.echo(
            f"{tally.failed.total():,} of {tally.records:,} records were not acknowledged. What to do: see the "
            "broker's log, and whether it can be reached from here all the time.",
            err=True,
        )
    return NOT_ALL if problem or tally.failed else DONE


def _framing(target: Target, name: FramingName | None) -> Framing:
    """What stands before each record; the contract is registered for it where it is not yet. Raises KafkaFailure."""
    from capi_stream.cli.produce.load import BARE, confluent, contract, single_object
    from capi_stream.cli.schema.subjects import found, registered
    from capi_stream.kafka.subjects import SUFFIX, Subjects

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
    import json

    from capi_stream.cli.produce import tally as telling

    if as_json:
        typer.echo(json.dumps(telling.as_json(tally, run)))
    else:
        for line in telling.as_text(tally, run):
            typer.echo(line)


def _wrong(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(WRONG)
