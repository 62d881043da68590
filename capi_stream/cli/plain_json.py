"""Records as plain JSON, told apart by the schema: no wrapping of unions, decimals as numbers, times as ISO texts.

Read: a decimal is a number or a text, a time an ISO text or a number in the schema's own unit, bytes are text (Latin-1,
as Avro writes them), a field that is not there gets its default, or null where it can. A union's value is of the first
branch that it fits; of records the one that has the most of its fields. Avro's own form, `{"string": "a"}`, is
understood too.

Written: what was decoded, with times and decimals as a person reads them.
"""

from __future__ import annotations

import contextlib
import difflib
import math
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from capi_stream.cli.json_scalars import EPOCH, EXACT, PER_SECOND, UnfitJsonError, name_of, primitive, unfit
from capi_stream.cli.json_text import KEY, shown_name
from capi_stream.intake.avro.schemas import (
    MISSING,
    Array,
    Enum,
    Field,
    Map,
    Primitive,
    RecordType,
    Type,
    Union,
    bare_name,
    branches,
)

ALIKE = 0.75  # of two names, as difflib counts; of a mistyped one more than that is right


class Branch(NamedTuple):
    """A value of a union, and the name of its branch: as fastavro's writer takes it."""

    name: str
    value: Any


def from_json(kind: Type, value: Any, where: str = "") -> Any:
    """What fastavro writes for the JSON `value` (decimals as Decimal) of type `kind`. Raises UnfitJsonError."""
    match kind, value:
        case RecordType(), dict():
            return _record(kind, value, where)
        case Array(items=items), list():
            return [from_json(items, each, f"{where}[{at}]") for at, each in enumerate(value)]
        case Map(values=values), dict():
            return {key: from_json(values, each, f"{where}{KEY}") for key, each in value.items()}
        case Enum(symbols=symbols), str() if value in symbols:
            return value
        case Union(), _:
            return _of_union(kind, value, where)
        case Primitive(), _:
            return primitive(kind, value, where)
    raise unfit(kind, where)


def _record(kind: RecordType, value: Mapping[str, Any], where: str) -> dict[str, Any]:
    known = {field.name for field in kind.fields}
    if unknown := [key for key in value if key not in known]:
        within = f" of {where}" if where else ""
        raise UnfitJsonError(f"{kind.name}{within} {_unknown(unknown[0], known)}")
    made = {}
    for field in kind.fields:
        inner = f"{where}.{field.name}" if where else field.name
        given = value[field.name] if field.name in value else _default(field, inner)
        made[field.name] = from_json(field.type, given, inner)
    return made


def _unknown(name: str, known: Collection[str]) -> str:
    """That a record has no field `name`, which is quoted only if it resembles a field's: others may be people's."""
    if near := difflib.get_close_matches(name, list(known), 1, ALIKE):
        return f"has no field '{shown_name(name)}'; the nearest is '{near[0]}'"
    return f"lacks a field that is given (its name could be personal); its fields are {', '.join(sorted(known))}"


def _default(field: Field, where: str) -> Any:
    """What stands for a field that is not there: its default as JSON."""
    if field.default is not MISSING:
        return to_json(field.type, field.default)
    if any(isinstance(each, Primitive) and each.kind == "null" for each in branches(field.type)):
        return None
    raise UnfitJsonError(f"{where} is missing, and the schema has no default for it")


def _of_union(union: Union, value: Any, where: str) -> Branch | None:
    wrapped = _wrapped(union, value)
    candidates = union.branches if wrapped is None else (wrapped[0],)
    value = value if wrapped is None else wrapped[1]
    fits: list[tuple[int, Branch]] = []
    reasons: list[tuple[Type, UnfitJsonError]] = []
    for branch in candidates:
        try:
            made = from_json(branch, value, where)
        except UnfitJsonError as error:
            if name_of(branch) != "null" and not (isinstance(value, dict) and isinstance(branch, Primitive)):
                reasons.append((branch, error))
        else:
            spare = len(branch.fields) - len(value) if isinstance(branch, RecordType) else 0
            fits.append((spare, Branch(name_of(branch), made)))
    if not fits:
        raise _told(union, value, where, reasons)
    best = min(fits, key=lambda each: each[0])[1]  # the first of those that fit alike
    return None if best.name == "null" else best


def _told(union: Union, value: Any, where: str, reasons: Sequence[tuple[Type, UnfitJsonError]]) -> UnfitJsonError:
    """Why no branch takes `value`; of several the one that it is most like."""
    if len(reasons) == 1:
        return reasons[0][1]
    alike = [each for each in reasons if _likeness(each[0], value) > 0]
    if not alike:
        return unfit(union, where)
    branch, error = max(alike, key=lambda each: _likeness(each[0], value))  # the first of those that are so alike
    return UnfitJsonError(f"{where or 'it'} is of no branch; it is most like {name_of(branch)}, but {error}")


def _likeness(kind: Type, value: Any) -> int:
    """How many of a value's members a type has; 0: it cannot be meant."""
    match kind, value:
        case RecordType(fields=fields), dict():
            return len({field.name for field in fields} & value.keys())
        case Array(), list():
            return 1
    return 0


def _wrapped(union: Union, value: Any) -> tuple[Type, Any] | None:
    """The branch and the value that `{"branch": value}` names, unless a record or a map has such a member itself."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    [(name, inner)] = value.items()
    for branch in union.branches:
        if isinstance(branch, Map) or (isinstance(branch, RecordType) and branch.field(name)):
            return None
    for branch in union.branches:
        if name in (name_of(branch), bare_name(name_of(branch))):
            return branch, inner
    return None


def to_json(kind: Type, value: Any) -> Any:
    """A decoded value as JSON that `from_json` reads back: texts, Decimals, lists, dicts."""
    match kind:
        case Union():
            fitting = branch_of(kind, value)
            return None if fitting is None else to_json(fitting, value)
        case RecordType(fields=fields):
            return {field.name: to_json(field.type, value[field.name]) for field in fields if field.name in value}
        case Array(items=items):
            return [to_json(items, each) for each in value]
        case Map(values=values):
            return {key: to_json(values, each) for key, each in value.items()}
        case Primitive():
            return _shown(kind, value)
    return value


def branch_of(union: Union, value: Any) -> Type | None:
    """The first type of a union that a decoded value can be of."""
    return next((branch for branch in union.branches if _can_be(branch, value)), None)


def _can_be(kind: Type, value: Any) -> bool:
    match kind, value:
        case RecordType(), dict():
            return {field.name for field in kind.fields} == value.keys()
        case (Array(), list()) | (Map(), dict()) | (Primitive(kind="string"), str()):
            return True
        case (Primitive(kind="bytes" | "fixed"), bytes()) | (Primitive(kind="boolean"), bool()):
            return True
        case Enum(symbols=symbols), str():
            return value in symbols
        case Primitive(kind="int" | "long"), int():
            return not isinstance(value, bool)
        case Primitive(kind="float" | "double"), float():
            return True
    return False


def _shown(kind: Primitive, value: Any) -> Any:
    match value:
        case bytes() if kind.logical == "decimal":
            return Decimal(int.from_bytes(value, "big", signed=True)).scaleb(-kind.scale, EXACT)
        case bytes():
            return value.decode("latin-1")
        case float() if not math.isfinite(value):
            return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
        case int() if not isinstance(value, bool) and kind.logical:
            return _time_shown(kind.logical, value)
    return value


def _time_shown(logical: str, value: int) -> Any:
    with contextlib.suppress(OverflowError, ValueError):  # what no calendar holds stays a number
        if logical == "date":
            return (EPOCH.date() + timedelta(days=value)).isoformat()
        if per_second := PER_SECOND.get(logical.rpartition("-")[2]):
            if logical == "timestamp-nanos" and value % 1000:
                return value
            moment = EPOCH + timedelta(microseconds=value * 10**6 // per_second)
            if logical.startswith("timestamp-"):
                return moment.isoformat().replace("+00:00", "Z")
            text = moment.replace(tzinfo=None).isoformat()
            return text if logical.startswith("local-") else text.partition("T")[2]
    return value
