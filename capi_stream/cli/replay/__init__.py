"""`capi-stream replay`: letters are sent again, and nothing of their records but what they name."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from capi_stream.cli.config import loaded
from capi_stream.cli.letters.options import Filters, filtered
from capi_stream.cli.usage import UsageError
from capi_stream.replay.choosing import MOST_REPLAYS

if TYPE_CHECKING:
    from capi_stream.cli.replay.plan import Plan

DEFAULT_ID = "main"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


@filtered
def replay(
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration, a YAML file.")],
    filters: Filters,
    yes: Annotated[
        bool, typer.Option("--yes", help="Send them. Without it nothing is sent, joined or committed.")
    ] = False,
    parked: Annotated[bool, typer.Option("--parked", help="The parked records, in place of the dead letters.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="With --parked --yes: go on with what is parked later, until told to stop.")
    ] = False,
    to_topic: Annotated[
        str | None,
        typer.Option(metavar="TOPIC", help="Publish the records there again, in place of sending their events."),
    ] = None,
    rate: Annotated[float, typer.Option(help="Letters a second at most, 1 or more; 0: as fast as they go.")] = 0.0,
    replay_id: Annotated[
        str, typer.Option("--id", metavar="ID", help="Its name. The same id and filters go on where they ended.")
    ] = DEFAULT_ID,
    most: Annotated[
        int, typer.Option("--max-replays", min=1, help="Leave a letter alone that has failed again so often.")
    ] = MOST_REPLAYS,
    leave: Annotated[
        list[str] | None,
        typer.Option(metavar="REASON", help="Do it although letters are passed over for this reason, for good."),
    ] = None,
) -> None:
    """Send dead letters, or parked records, again; show what that would do, unless --yes is given.

    Only the event and the destination that a letter names are sent. What fails again becomes a new letter.
    Exit code 1: Kafka did not answer, or it ended early. 2: the configuration or an option cannot be used.
    """
    from capi_stream.cli.replay.plan import Plan

    settings = loaded(config).settings
    try:
        fixed = _fixed(filters, time.time(), is_meant=yes)
        target = _named(to_topic)
        plan = Plan(settings, config, fixed, replay_id, most, rate, target, parked, follow, frozenset(leave or ()))
        plan.check(time.time(), is_meant=yes)
    except (UsageError, ValueError) as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(2) from None
    if yes:
        _act(plan)
    raise typer.Exit(_look(plan))


def _fixed(filters: Filters, unix_now: float, *, is_meant: bool) -> Filters:
    """The filters with times that do not move: what a replay has passed over, it does not see again."""
    fixed = filters.fixed(unix_now)
    for option, given, meant in (("--since", filters.since, fixed.since), ("--until", filters.until, fixed.until)):
        if is_meant and given is not None and given[-1:].isalpha() and "T" not in given:
            raise UsageError(f"{option} {given} moves: with --yes write the time, such as {option} {meant}.")
    return fixed


def _named(to_topic: str | None) -> str:
    """A topic without a name would be none, and the events would be sent."""
    if to_topic == "":
        raise UsageError("--to-topic has no name. What to do: name a topic; is a variable not set?")
    return to_topic or ""


def _look(plan: Plan) -> int:
    """Print what would be done."""
    from capi_stream.cli.quiet import quiet
    from capi_stream.cli.replay.forecast import forecast
    from capi_stream.cli.replay.survey import survey
    from capi_stream.kafka.failures import KafkaFailure

    quiet()
    try:
        seen = survey(plan)
        made = forecast(plan, seen)
    except KafkaFailure as failure:
        typer.echo(str(failure), err=True)
        return 1
    typer.echo("\n".join(made.lines(plan)))
    if not made.is_complete:
        typer.echo("A registry did not tell the schemas of some records. What to do: run capi-stream check.", err=True)
        return 1
    return 0


def _act(plan: Plan) -> NoReturn:
    """Do it, and end."""
    from capi_stream import process
    from capi_stream.cli.replay.acting import act

    process.leave(act(plan))
