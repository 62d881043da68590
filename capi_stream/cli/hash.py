"""`capi-stream hash`: the normal form and the hash of a value, as the service would send it."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import typer

from capi_stream.intake.parameters.forms import Form, form_of
from capi_stream.intake.parameters.normalize import amount
from capi_stream.intake.parameters.raw_values import LeftOut
from capi_stream.intake.parameters.table import CUSTOM_DATA, USER_DATA, Hashing, Kind, Parameter

FIELDS = {**USER_DATA, "currency": CUSTOM_DATA["currency"], "value": CUSTOM_DATA["value"]}

OTHER_NAMES = {
    "email": "em",
    "phone": "ph",
    "first_name": "fn",
    "last_name": "ln",
    "birthday": "db",
    "date_of_birth": "db",
    "gender": "ge",
    "city": "ct",
    "state": "st",
    "zip": "zp",
    "postal_code": "zp",
    "ip": "client_ip_address",
    "user_agent": "client_user_agent",
}
"""What people call a field, and the API's name for it."""

WANTED = 'give an object such as {"field": "em", "raw": "mary@example.com"}.'


class BadInputError(Exception):
    """What is wrong with an argument or a line. Never quotes a value: it may be somebody's."""


class Hashed(NamedTuple):
    """What a value becomes; `sha256` is None where the API takes the field unhashed."""

    normalized: str | int | float
    sha256: str | None


def register(app: typer.Typer) -> None:
    """Add `hash` to the command line."""

    @app.command("hash")
    def hash_command(
        field: Annotated[str | None, typer.Argument(help="The API's name of the field, such as em or ph.")] = None,
        value: Annotated[str | None, typer.Argument(help="The raw value.")] = None,
        jsonl: Annotated[
            bool,
            typer.Option("--jsonl", help='Read lines of {"field", "raw"}; write {"field", "normalized", "sha256"}.'),
        ] = False,
    ) -> None:
        """Print the normal form and the SHA-256 of a value, as the service would send it.

        Exit code 1: the value would be left out, or a line could not be read: it is answered with nulls. 2: no such
        field.
        """
        this_year = datetime.now(UTC).year
        try:
            if jsonl and field is None:
                exit_code = _print_lines(sys.stdin.buffer, this_year)
            else:
                exit_code = _print_value(field, None if jsonl else value, this_year)
        except BadInputError as wrong:
            typer.echo(str(wrong), err=True)
            exit_code = 2
        raise typer.Exit(exit_code)


def parameter_of(field: str) -> Parameter:
    """The table's row for `field`. Raises BadInputError, which names the nearest fields."""
    if field in FIELDS:
        return FIELDS[field]
    known = OTHER_NAMES.get(field.lower())
    nearest = [known] if known else difflib.get_close_matches(field, FIELDS, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(nearest)}?" if nearest else f"The fields are {', '.join(FIELDS)}."
    raise BadInputError(f"There is no field {field[:40]!r}. {hint}")


def hashed(parameter: Parameter, raw: object, this_year: int) -> Hashed | LeftOut:
    """The normal form of `raw`, any JSON value, and its hash."""
    if parameter.kind is Kind.NUMBER:
        number = amount(raw)
        return number if isinstance(number, LeftOut) else Hashed(number, None)
    match form_of(parameter, raw, this_year):
        case Form(normal, sent):
            return Hashed(normal, None if parameter.hashing is Hashing.NEVER else sent)
        case left_out:
            return left_out


def _print_value(field: str | None, value: str | None, this_year: int) -> int:
    """Print what one value becomes; the exit code. Raises BadInputError."""
    if field is None or value is None:
        raise BadInputError("Give a field and a value, as in `capi-stream hash em mary@example.com`, or --jsonl alone.")
    parameter = parameter_of(field)
    raw = _number(value) if parameter.kind is Kind.NUMBER else value
    match hashed(parameter, raw, this_year):
        case LeftOut(reason):
            typer.echo(f"This value of {field} is left out of the event: {reason.replace('_', ' ')}.", err=True)
            typer.echo(f"The rule: {_rule(parameter)}", err=True)
            return 1
        case Hashed(normalized, sha256):
            typer.echo(f"normal form  {normalized}")
            typer.echo(f"sha256       {sha256 or 'none: the API takes this field unhashed'}")
    return 0


def _number(value: str) -> object:
    """An argument that should be a number; itself where it is none."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _rule(parameter: Parameter) -> str:
    """The first line of the docstring that states the field's rule."""
    normal = amount if parameter.kind is Kind.NUMBER else parameter.normal
    return (normal.__doc__ or "").partition("\n")[0]


def _print_lines(lines: Iterable[bytes], this_year: int) -> int:
    """Answer each line on stdout, but blank ones, and say on stderr what is wrong with it; the exit code.

    One line for one, so that a reader can pair them by their place.
    """
    exit_code = 0
    for number, line in enumerate(lines, start=1):
        if line.strip():
            answer, wrong = _answer(line, this_year)
            sys.stdout.write(json.dumps(answer) + "\n")
            if wrong:
                typer.echo(f"line {number}: {wrong}", err=True)
                exit_code = 1
    sys.stdout.flush()
    return exit_code


def _answer(line: bytes, this_year: int) -> tuple[dict[str, Any], str]:
    """One line's answer, null where a value is left out, and what is wrong with the line; empty where nothing is."""
    answer: dict[str, Any] = {"field": None, "normalized": None, "sha256": None}
    try:
        asked = _read(line)
        if isinstance(asked.get("field"), str):
            answer["field"] = asked["field"]
        made = _made(asked, this_year)
    except BadInputError as wrong:
        return answer, str(wrong)
    return (answer if isinstance(made, LeftOut) else answer | made._asdict()), ""


def _made(asked: dict[str, Any], this_year: int) -> Hashed | LeftOut:
    """What the raw value of a line becomes. Raises BadInputError."""
    if not isinstance(asked.get("field"), str) or "raw" not in asked:
        raise BadInputError(WANTED)
    return hashed(parameter_of(asked["field"]), asked["raw"], this_year)


def _read(line: bytes) -> dict[str, Any]:
    """A line as an object. Raises BadInputError."""
    try:
        asked = json.loads(line)
    except json.JSONDecodeError as wrong:
        raise BadInputError(f"this is no JSON: {wrong.msg} at character {wrong.pos + 1}.") from None
    except (ValueError, RecursionError):  # bytes that are no UTF-8, a number of thousands of digits, endless brackets
        raise BadInputError("this is no JSON that can be read.") from None
    if not isinstance(asked, dict):
        raise BadInputError(WANTED)
    return asked
