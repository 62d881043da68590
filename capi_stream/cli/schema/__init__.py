"""`capi-stream schema`: may this schema be published with? Asked of the service and of a registry; and registering.

Exit codes of both commands: 0 it is compatible (is registered), 1 it is not, 2 wrong usage or a registry that cannot be
asked. A no from either side is 1, whatever the other says.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capi_stream.cli.schema.asking import Asked
    from capi_stream.cli.schema.subjects import Subject

COMPATIBLE, INCOMPATIBLE, NOT_ASKED = 0, 1, 2

File = Annotated[Path, typer.Argument(metavar="FILE", help="The Avro schema, JSON.")]
Registry = Annotated[str | None, typer.Option("--registry", help="The registry's address.")]
Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The service's configuration: its registry with password and CA, its topics."),
]
TopicName = Annotated[str | None, typer.Option("--topic", help="The topic, where the configuration has several.")]
SubjectName = Annotated[str | None, typer.Option("--subject", help="The subject; TOPIC-value without.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    schema = typer.Typer(no_args_is_help=True, help="Schemas of those who publish: check, register.")
    schema.command("check")(check)
    schema.command("register")(register_schema)
    schema.callback()(_schema)
    app.add_typer(schema, name="schema")


def _schema() -> None:
    """Schemas of those who publish: check, register."""


def check(
    file: File,
    registry: Registry = None,
    config: Config = None,
    topic: TopicName = None,
    subject: SubjectName = None,
) -> None:
    """Say whether records of the schema in FILE are understood, and whether a registry would take it.

    The service is asked offline: can it read every record, and which mapped fields would change? Without -c this is
    about the built-in contract and its mapping. A registry is asked only if --registry or -c names one.

    Exit code 1: one of them says no. 2: wrong usage, or the registry cannot be asked.
    """
    from capi_stream.cli.schema.understanding import Change, understood

    asked, text = _asked(registry, config, topic, subject), _text(file)
    found = understood(text, asked.topic)
    refused = [each.text for each in found if not isinstance(each, Change)]
    verdict = "no, there are records that it refuses" if refused else "yes, it reads every record"
    _tell("service ", f"{verdict} ({asked.topic.schema_name}, {asked.topic.mapping_name})")
    for line in [*refused, *(each.text for each in found if isinstance(each, Change))]:
        _tell("", line)
    code = INCOMPATIBLE if refused else COMPATIBLE
    if asked.registry is not None:
        said = _registry_verdict(asked, text)
        code = INCOMPATIBLE if INCOMPATIBLE in (code, said) else said
    raise typer.Exit(code)


def register_schema(
    file: File,
    registry: Registry = None,
    config: Config = None,
    topic: TopicName = None,
    subject: SubjectName = None,
) -> None:
    """Register the schema in FILE, and print its id and version; say so where it was there already.

    Exit code 1: the registry refuses it. 2: wrong usage, or the registry cannot be asked.
    """
    from capi_stream.cli.schema.subjects import RegistryError, SchemaRefusedError

    asked, text = _asked(registry, config, topic, subject), _text(file)
    if asked.registry is None:
        _wrong("Name the registry with --registry URL, or a configuration that has one with -c.")
    try:
        with _subject(asked) as there:
            found = there.found(text)
            number, version = found or there.register(text)
    except SchemaRefusedError as error:
        typer.echo(f"{asked.subject}: not registered. {error}", err=True)
        raise typer.Exit(INCOMPATIBLE) from None
    except RegistryError as error:
        _wrong(f"{asked.subject}: not registered. The registry was asked in vain: {error}.")
    done = "was there already" if found else "registered"
    typer.echo(f"{asked.subject}: {done}, id {number}, version {version}")


def _registry_verdict(asked: Asked, text: str) -> int:
    """Print what the registry says; the exit code."""
    from capi_stream.cli.schema.subjects import RegistryError, SchemaRefusedError

    try:
        with _subject(asked) as there:
            level, versions = there.level(), there.versions()
            refusing = there.refusing(text, level) if versions else {}
    except SchemaRefusedError as error:
        _tell("registry", f"no: {error}")
        return INCOMPATIBLE
    except RegistryError as error:
        typer.echo(f"registry  asked in vain: {error}.", err=True)
        return NOT_ASKED
    place = f"subject {asked.subject}, level {level}"
    if not versions:
        _tell("registry", f"yes, it has no version yet ({place})")
    elif not refusing:
        _tell("registry", f"yes, with {_counted(versions)} ({place})")
    else:
        _tell("registry", f"no, not with {_counted(refusing)} ({place})")
        for version, reasons in refusing.items():
            for reason in reasons:
                _tell("", f"version {version}: {reason}")
    if level == "NONE":
        _tell("", "the level NONE refuses nothing: set FULL_TRANSITIVE for this subject (avro/README.md)")
    return INCOMPATIBLE if refusing else COMPATIBLE


def _counted(versions: Iterable[int]) -> str:
    numbers = [str(each) for each in versions]
    return f"version{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"


def _subject(asked: Asked) -> Subject:
    from capi_stream.cli.schema.subjects import Subject

    assert asked.registry is not None
    return Subject(asked.registry, asked.subject)


def _asked(registry: str | None, config: Path | None, topic: str | None, subject: str | None) -> Asked:
    from capi_stream.cli.schema.asking import UsageError, asked

    try:
        return asked(registry, config, topic, subject)
    except UsageError as error:
        _wrong(str(error))


def _text(file: Path) -> str:
    """The file's text, if it is JSON; ends with code 2 if not."""
    import json

    try:
        text = file.read_text(encoding="utf-8")
        json.loads(text)
    except OSError as error:
        _wrong(f"{file} cannot be read: {error.strerror}.")
    except json.JSONDecodeError as error:
        _wrong(f"{file}, line {error.lineno}: this is no JSON: {error.msg}.")
    except (ValueError, RecursionError):
        _wrong(f"{file} is no JSON that can be read.")
    return text


def _tell(who: str, line: str) -> None:
    typer.echo(f"{who:8}  {line}")


def _wrong(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(NOT_ASKED)
