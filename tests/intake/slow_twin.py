"""A mapping's slow twin: it walks the spec for every record, and shares no line with the compiler."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from capi_stream.intake.avro.schemas import Array, Enum, Map, Primitive, RecordType, Type, Union
from capi_stream.intake.mapping.runtime import Draft, Filtered
from capi_stream.intake.mapping.spec import (
    Condition,
    Constant,
    Converted,
    Each,
    Equals,
    Every,
    Expression,
    First,
    Format,
    Listed,
    Members,
    Not,
    Path,
    Present,
    Scaled,
    Some,
    Spec,
    Store,
    Table,
    Template,
    When,
)
from capi_stream.intake.mapping.targets import name_of, parameter_at
from capi_stream.intake.parameters.table import CUSTOM_DATA, Kind
from capi_stream.model import PixelId, Record


class SlowTwin:
    """What a spec makes of records of one schema."""

    def __init__(self, spec: Spec, schema: Type, stores: dict[str, PixelId]) -> None:
        self._spec = spec
        self._schema = schema
        self._stores = stores

    def __call__(self, record: Any, kafka: Record) -> list[Draft] | Filtered:
        self._record, self._kafka = record, kafka
        for each in self._spec.filters:
            if self.holds(each.condition, record, self._schema):
                return Filtered(each.reason)
        return [draft for template in self._spec.templates for draft in self.drafts(template)]

    def drafts(self, template: Template) -> Iterator[Draft]:
        items, kind = [self._record], self._schema
        if template.each:
            found_items, array = self.found(template.each, self._record, self._schema)
            items, kind = found_items or [], getattr(array, "items", array)
        for item in items:
            if item is None:
                continue
            if template.condition and not self.holds(template.condition, item, kind):
                continue
            pixels = self.pixels(self._spec.pixel, self._record, self._schema)
            if template.pixel:
                pixels = self.pixels(template.pixel, item, kind)
            yield Draft(pixels, self.make(template.event, item, kind, "event") or {})

    def pixels(self, made: Expression | None, value: Any, kind: Type) -> tuple[PixelId, ...]:
        pixel = self.make(made, value, kind, "pixel") if made else None
        each_pixel = pixel if isinstance(pixel, list) else [] if pixel is None else [pixel]
        return tuple(dict.fromkeys(PixelId(str(each)) for each in each_pixel))

    def found(self, path: Path, value: Any, kind: Type) -> tuple[Any, Any]:
        match path.parts:
            case ("$", *parts):
                return found(replace(path, parts=tuple(parts)), self._record, self._schema)
            case ("$header", *parts):
                values = [each for name, each in self._kafka.headers if name == ".".join(parts)]
                try:
                    return (values[-1] or b"").decode() if values else None, Primitive("string")
                except UnicodeDecodeError:
                    return None, Primitive("null")
            case ("$kafka", "topic"):
                return self._kafka.partition.topic, Primitive("string")
            case ("$kafka", "key"):
                return (self._kafka.key or b"").decode(), Primitive("string")
            case ("$kafka", "timestamp"):
                return self._kafka.timestamp_ms, Primitive("long", logical="timestamp-millis")
        return found(path, value, kind)

    def make(self, made: Expression | Members, value: Any, kind: Type, makes: str) -> Any:
        match made:
            case Path():
                there = coerced(*self.found(made, value, kind), makes)
                return [texted(each, makes) for each in there] if isinstance(there, list) else there
            case Constant(constant):
                return constant
            case First(options):
                outcomes = [self.make(each, value, kind, makes) for each in options]
                return next((each for each in outcomes if each not in (None, [])), outcomes[-1])
            case Table(source, entries, _, otherwise):
                key = self.make(source, value, kind, makes)
                spelt = str(key).lower() if isinstance(key, bool) else str(key)
                return None if key is None else entries.get(spelt, otherwise)
            case Converted() | Scaled() | Format():
                return self.understood(made, value, kind, makes)
            case Each() | Listed():
                return self.listed(made, value, kind, makes)
            case Store(source):
                return self._stores.get(self.make(source, value, kind, makes))
            case When(condition, inner):
                return self.make(inner, value, kind, makes) if self.holds(condition, value, kind) else None
            case Members():
                return self.members(made, value, kind, makes)

    def understood(self, made: Converted | Scaled | Format, value: Any, kind: Type, makes: str) -> Any:
        match made:
            case Converted(source, reading):
                return read_as(self.make(source, value, kind, makes), reading)
            case Scaled(source, scale):
                number = self.make(source, value, kind, makes)
                return None if number is None else Fraction(number) / 10**scale
            case Format(parts):
                texts = [each if isinstance(each, str) else self.make(each, value, kind, "") for each in parts]
                return None if None in texts else "".join(map(str, texts))

    def listed(self, made: Each | Listed, value: Any, kind: Type, makes: str) -> list[Any] | None:
        if isinstance(made, Each):
            items, array = self.found(made.path, value, kind)
            present = [each for each in items or () if each is not None]
            outcomes = [self.make(made.item, each, array.items, f"{makes}[]") for each in present]
        else:
            outcomes = [self.make(each, value, kind, f"{makes}[]") for each in made.items]
            if makes == "app_data.extinfo" and any(each is not None for each in outcomes):
                outcomes = ["" if each is None else each for each in outcomes]
        return [texted(each, makes) for each in outcomes if each is not None] or None

    def members(self, made: Members, value: Any, kind: Type, makes: str) -> dict[str, Any] | None:
        members = {
            key: as_text(self.make(each, value, kind, name_of(key, makes)), name_of(key, makes))
            for key, each in made.members.items()
        }
        more = self.found(made.spread, value, kind)[0] if made.spread else None
        members |= {key: each for key, each in (more or {}).items() if key not in CUSTOM_DATA and each != ""}
        return {key: each for key, each in members.items() if each is not None} or None

    def holds(self, condition: Condition, value: Any, kind: Type) -> bool:
        match condition:
            case Equals(path, values):
                there = coerced(*self.found(path, value, kind), "")
                listed = there if isinstance(there, list) else [there]
                return any(is_same(each, wanted) for each in listed for wanted in values)
            case Present(path):
                there, _ = self.found(path, value, kind)
                nothing = (None, "")
                return any(each not in nothing for each in there) if isinstance(there, list) else there not in nothing
            case Every(conditions):
                return all(self.holds(each, value, kind) for each in conditions)
            case Some(conditions):
                return any(self.holds(each, value, kind) for each in conditions)
            case Not(inner):
                return not self.holds(inner, value, kind)


def is_same(there: Any, wanted: Any) -> bool:
    if isinstance(there, Decimal) and isinstance(wanted, float):
        return there == Decimal(str(wanted))
    return bool(there == wanted) and isinstance(there, bool) is isinstance(wanted, bool)


def found(path: Path, value: Any, kind: Type) -> tuple[Any, Any]:
    """What is at `path` as it was decoded, and its type."""
    kind = branch(kind, value)
    for part in path.parts:
        value = value.get(part) if isinstance(value, dict) else None
        match kind:
            case RecordType() if field := kind.field(part):
                kind = branch(field.type, value)
            case Map(values):
                kind = branch(values, value)
            case _:
                kind = Primitive("null")
    return value, kind


def branch(kind: Type, value: Any) -> Type:
    """The branch of a union that holds `value`."""
    branches = kind.branches if isinstance(kind, Union) else (kind,)
    return next((each for each in branches if holds_values_like(value, each)), Primitive("null"))


def holds_values_like(value: Any, kind: Type) -> bool:
    match kind:
        case RecordType(fields=fields):
            return isinstance(value, dict) and set(value) == {field.name for field in fields}
        case Map():
            return isinstance(value, dict)
        case Array():
            return isinstance(value, list)
        case Enum():
            return isinstance(value, str)
        case Primitive(kind=name):
            return type(value) is PYTHON[name]
    return False


PYTHON = {"null": type(None), "string": str, "int": int, "long": int, "bytes": bytes, "double": float, "boolean": bool}


def coerced(value: Any, kind: Type, makes: str) -> Any:
    """A decoded value as it stands in an event."""
    match kind:
        case Array(items) if makes == "app_data.extinfo":
            return ["" if each in (None, "") else coerced(each, branch(items, each), "") for each in value]
        case Array(items):
            return [coerced(each, branch(items, each), "") for each in value if each not in (None, "")]
        case Primitive(logical="decimal", scale=scale):
            return Decimal(int.from_bytes(value, "big", signed=True)) / 10**scale
        case Primitive(logical="timestamp-millis"):
            return value // 1000
        case Primitive(logical="timestamp-micros"):
            return value // 1_000_000
        case Primitive(logical="date"):
            return (date(1970, 1, 1) + timedelta(days=value)).isoformat()
    return None if value == "" else value


def texted(value: Any, makes: str) -> Any:
    """A whole number as text in a parameter that takes a list of texts."""
    parameter = parameter_at(makes)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    is_text = parameter and parameter.kind is Kind.TEXTS and makes != "app_data.extinfo"
    return str(value) if is_text and is_number else value


def as_text(value: Any, makes: str) -> Any:
    """A whole number as text where the parameter is one."""
    parameter = parameter_at(makes)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if parameter and parameter.kind is Kind.TEXT and is_number else value


def read_as(value: Any, reading: str) -> Any:
    """A value as `as` says, by way of fractions."""
    if value is None:
        return None
    if reading == "date-time":
        return int(datetime.fromisoformat(value).timestamp() // 1) if value.endswith("Z") else None
    try:
        number = Fraction(value)
    except ValueError:
        return None
    if reading == "number":
        return number
    whole = floor(number) // {"integer": 1, "timestamp-millis": 1000, "timestamp-micros": 1_000_000}[reading]
    return whole if -(2**63) <= whole < 2**63 else None
