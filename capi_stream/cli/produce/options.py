"""The options of `produce`, made sense of; the command ends with code 2 where they make none."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from capi_stream.cli.produce.faults import FAULTS, UNKNOWN_SCHEMA
from capi_stream.cli.produce.load import Orders
from capi_stream.cli.produce.running import Plan
from capi_stream.cli.produce.shares import SharesError, shares
from capi_stream.cli.produce.shop import MIX
from capi_stream.cli.produce.target import Target, from_configuration, from_options
from capi_stream.cli.schema.asking import UsageError

if TYPE_CHECKING:
    from capi_stream.cli.produce import FramingName

WRONG = 2


def planned(rate: float, count: int | None, seconds: float | None) -> Plan:
    """How fast, and until when."""
    if not math.isfinite(rate + (seconds or 0)):
        _wrong("--rate and --seconds are numbers, such as --rate 100.")
    return Plan(rate, count, seconds)


def targeted(config: Path | None, bootstrap: str | None, topic: str | None, registry: str | None) -> Target:
    """Where the records go: as the configuration says, or else the other options."""
    if config is not None and (bootstrap or registry):
        _wrong("Give -c, or --bootstrap and --registry, not both: the configuration names Kafka and the registry.")
    try:
        return from_options(bootstrap, topic, registry) if config is None else from_configuration(config, topic)
    except UsageError as error:
        _wrong(str(error))


def ordered(target: Target, pixels: str | None, mix: str | None, faults: str | None) -> Orders:
    """What is made."""
    named = tuple(each.strip() for each in pixels.split(",")) if pixels else target.pixels
    if not named or not all(each.isascii() and each.isdigit() for each in named):
        _wrong("Name the pixels with --pixels, digits with commas between, such as --pixels 1234567890,2345678901.")
    return Orders(named, target.stores, _mix(mix) if mix else MIX, _faults(faults) if faults else {})


def _mix(text: str) -> dict[str, float]:
    try:
        found = shares(text, MIX)
    except SharesError as error:
        _wrong(f"--mix: {error}.")
    if not any(found.values()):
        _wrong("--mix: every share is 0: write one that is not, such as page_view=1.")
    return found


def _faults(text: str) -> dict[str, float]:
    try:
        found = shares(text, FAULTS)
    except SharesError as error:
        _wrong(f"--faults: {error}.")
    if (whole := sum(found.values())) > 1.000001:  # ten times 0.1 is a little more than 1
        _wrong(
            f"--faults: together they are {whole:g}: write shares of all records, at most 1, such as tombstone=0.01."
        )
    return found


def check_framing(target: Target, orders: Orders, framing: FramingName | None) -> None:
    """See that records can be framed so."""
    match framing or target.framing:
        case "auto" | "confluent" if target.registry is None:
            _wrong("Name the registry with --registry URL, or publish without one: --framing single_object.")
        case "bare" if orders.faults.get(UNKNOWN_SCHEMA):
            _wrong(f"--faults: {UNKNOWN_SCHEMA} cannot be with bare records, which name no schema: leave it out.")


def _wrong(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(WRONG)
