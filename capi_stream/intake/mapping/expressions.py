"""What an expression says of itself, without a schema: where it stands, and which constants it can become."""

from __future__ import annotations

from typing import Any

from capi_stream.intake.mapping.spec import (
    Constant,
    Converted,
    Each,
    Expression,
    First,
    Format,
    Listed,
    Members,
    Path,
    Scaled,
    Store,
    Table,
    When,
)


def line_of(made: Expression | Members) -> int | None:
    """Where an expression stands; None where nobody wrote it down."""
    match made:
        case Path() | Table() | Converted() | Scaled() | Format() | Listed() | Members():
            return made.place.line
        case Constant(line=line):
            return line or None
        case When(value=inner) | Store(source=inner) | Each(path=inner):
            return line_of(inner)
        case First(options) if options:
            return line_of(options[0])
    return None


def constants_of(made: Expression | Members) -> list[Any]:
    """The constants that an expression can become."""
    match made:
        case Constant(constant):
            return constant if isinstance(constant, list) else [constant]
        case Table():
            return [*made.entries.values(), made.otherwise]
        case First(options):
            return [each for option in options for each in constants_of(option)]
        case When(value=inner):
            return constants_of(inner)
    return []
