"""`capi-stream mapping`: show what a mapping is compiled to, test it with golden files, begin one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from capi_stream.cli.topics import Chosen

ALIKE, DIFFERENT, WRONG = 0, 1, 2

Config = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration, a YAML file.")]
TopicName = Annotated[str | None, typer.Option("--topic", help="The topic, where the configuration has several.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    mapping = typer.Typer(no_args_is_help=True, help="Mappings: show, test, init.")
    mapping.command("show")(show)
    mapping.command("test")(compare)
    mapping.command("init")(init)
    mapping.callback()(_mapping)
    app.add_typer(mapping, name="mapping")


def _mapping() -> None:
    """Mappings: show, test, init."""


def show(config: Config = None, topic: TopicName = None) -> None:
    """Print the Python that a topic's mapping is compiled to; without -c that of the built-in mapping.

    Exit code 2: wrong usage, or a configuration that cannot be used.
    """
    from capi_stream.cli.topics import chosen
    from capi_stream.cli.usage import UsageError

    try:
        which = chosen(config, topic)
        source = _source(which)
    except UsageError as error:
        _wrong(str(error))
    where = f"topic {which.name}, " if which.has_configuration else ""
    typer.echo(f"# {where}schema {which.topic.schema_name}, mapping {which.topic.mapping_name}")
    typer.echo(source, nl=False)


def compare(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where NAME.record.json and NAME.events.json are.")],
    config: Config = None,
    topic: TopicName = None,
    schema: Annotated[Path | None, typer.Option(help="An Avro schema, instead of a configuration's.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="A mapping, instead of a configuration's.")] = None,
    now: Annotated[str | None, typer.Option(metavar="TIME", help="The time of all cases, 2026-01-01T12:00Z.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write what is missing or has changed.")] = False,
) -> None:
    """Compare what a mapping makes of records with golden files.

    NAME.record.json is a record, as `capi-stream explain` reads it; NAME.events.json is what becomes of it: events as
    they would be sent, hashes included. NAME.beside.json, where there is one, has "now", "topic", "key", "timestamp"
    and "headers". Only "now" must be known, there or with --now: nothing depends on the clock. The record's time in
    Kafka is "timestamp", else "now", else 2026-01-01T12:00Z; it never is --now, since ids are made of it.

    Exit code 1: there are differences. 2: wrong usage, or files that cannot be used.
    """
    from capi_stream.cli.mapping.golden import Outcome, cases, outcome
    from capi_stream.cli.times import unix_time
    from capi_stream.cli.usage import UsageError

    try:
        unix_now = None if now is None else unix_time(now)
        outcomes: list[Outcome] = []
        known: dict[str | None, Chosen] = {}
        for case in cases(directory):
            name = topic or case.topic
            if name not in known:
                known[name] = _chosen(config, name, schema, mapping)
            outcomes.append(outcome(case, known[name], unix_now, write=write))
            for line in outcomes[-1].lines:
                typer.echo(line)
    except UsageError as error:
        _wrong(str(error))
    counted = {
        verdict: sum(each.verdict == verdict for each in outcomes) for verdict in ("alike", "different", "written")
    }
    typer.echo(
        f"{len(outcomes)} cases: " + ", ".join(f"{count} {verdict}" for verdict, count in counted.items() if count)
    )
    raise typer.Exit(DIFFERENT if counted["different"] else ALIKE)


def init(
    schema: Annotated[Path, typer.Option(help="The Avro schema of your records.")],
    out: Annotated[Path | None, typer.Option(help="The file to write, which must not be there; else stdout.")] = None,
) -> None:
    """Begin a mapping: guess from the names of a schema's fields what each parameter is made from.

    It knows English, German, French, Spanish, Dutch and Italian names. What it is not sure of is marked `# unsure`;
    `# DECIDE` marks what an event needs and no field was found for. The result always compiles and sends no made-up
    value; only a person can say that it is right.

    Exit code 2: the schema cannot be used, or the file is there.
    """
    from capi_stream.cli.mapping.beginning import UnusableSchemaError, first_mapping, undecided
    from capi_stream.cli.topics import text_of
    from capi_stream.cli.usage import UsageError

    shipped = Path(__file__).parents[2] / "mappings/mapping.schema.json"
    place = str(shipped) if out is None else os.path.relpath(shipped, out.resolve().parent)
    try:
        text = first_mapping(text_of(schema), schema.name, place)
    except UnusableSchemaError as error:
        _wrong(f"{schema} cannot be used: {error}.")
    except UsageError as error:
        _wrong(str(error))
    if out is None:
        sys.stdout.write(text)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        _wrong(f"{out} is there already: name another file, or move it away.")
    except OSError as error:
        _wrong(f"{out} cannot be written: {error.strerror}.")
    unsure = text.count("# unsure")
    typer.echo(
        f"{out}: written. {unsure} lines are marked '# unsure'; read all of them." if unsure else f"{out}: written."
    )
    if missing := undecided(text):
        typer.echo(f"Decide before use, each is marked '# DECIDE': {', '.join(missing)}.")


def _source(which: Chosen) -> str:
    from capi_stream.cli.usage import UsageError
    from capi_stream.intake.topics import IntakeError, Topic

    try:
        return Topic(which.topic).mapping.source
    except IntakeError as error:
        raise UsageError(str(error)) from None


def _chosen(config: Path | None, topic: str | None, schema: Path | None, mapping: Path | None) -> Chosen:
    from capi_stream.cli.topics import chosen, without_configuration
    from capi_stream.cli.usage import UsageError

    if (schema is None) != (mapping is None) or (config is not None and schema is not None):
        raise UsageError("Give -c, or --schema and --mapping together; without them it is the built-in mapping.")
    return chosen(config, topic) if schema is None else without_configuration(topic, schema, mapping)


def _wrong(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(WRONG)
