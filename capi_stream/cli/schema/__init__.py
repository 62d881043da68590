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
    from capi_stream.kafka.settings import RegistrySettings

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
    verdict = f"no, it refuses records of {file.name}" if refused else f"yes, it reads every record of {file.name}"
    _tell("service ", f"{verdict} ({asked.topic.schema_name}, {asked.topic.mapping_name})")
    for line in [*refused, *(each.text for each in found if isinstance(each, Change))]:
        _tell("", f"{file.name}: {line}")
    code = INCOMPATIBLE if refused else COMPATIBLE
    if asked.registry is not None:
        said = _registry_verdict(asked.registry, asked.subject, text)
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
    from capi_stream.cli.schema.subjects import found, registered
    from capi_stream.kafka.failures import KafkaFailure
    from capi_stream.kafka.subjects import SchemaRefusedError, Subjects

    asked, text = _asked(registry, config, topic, subject), _text(file)
    if asked.registry is None:
        _wrong("Name the registry with --registry URL, or a configuration that has one with -c.")
    try:
        with Subjects(asked.registry) as there:
            known = found(there, asked.subject, text)
            made = known or registered(there, asked.subject, text)
    except KafkaFailure as failure:
        typer.echo(f"{asked.subject}: not registered. {failure}", err=True)
        raise typer.Exit(INCOMPATIBLE if isinstance(failure, SchemaRefusedError) else NOT_ASKED) from None
    done = "was there already" if known else "registered"
    typer.echo(f"{asked.subject}: {done}, id {made.schema_id}, version {made.version}")


def _registry_verdict(registry: RegistrySettings, subject: str, text: str) -> int:
    """Print what the registry says; the exit code."""
    from capi_stream.cli.schema.subjects import refusing
    from capi_stream.kafka.failures import KafkaFailure
    from capi_stream.kafka.subjects import SchemaRefusedError, Subjects

    place = f"subject {subject}"
    try:
        with Subjects(registry) as there:
            level, versions = there.level(subject), [each.version for each in there.versions(subject)]
            refused = refusing(there, subject, text, level) if versions else {}
    except SchemaRefusedError as failure:
        _tell("registry", f"no ({place}): {failure}")
        return INCOMPATIBLE
    except KafkaFailure as failure:
        typer.echo(f"registry  no verdict ({place}): {failure}", err=True)
        return NOT_ASKED
    verdict = f"no, not with {_counted(refused)}" if refused else f"yes, with {_counted(versions)}"
    _tell("registry", f"{verdict if versions else 'yes, it has no version yet'} ({place}, level {level})")
    for version, reasons in refused.items():
        for reason in reasons:
            _tell("", f"{place}, version {version}: {reason}")
    if level == "NONE":
        _tell("", f"{place}: the level NONE refuses nothing: set FULL_TRANSITIVE for it (avro/README.md)")
    return INCOMPATIBLE if refused else COMPATIBLE


def _counted(versions: Iterable[int]) -> str:
    numbers = [str(each) for each in versions]
    return f"version{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"


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
