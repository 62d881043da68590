"""`as` and `scale` become calls of `conversions.py`, where the schema does not say already what they say."""

from __future__ import annotations

from capi_stream.intake.avro.schemas import Primitive
from capi_stream.intake.mapping.conversions import READINGS
from capi_stream.intake.mapping.paths import Found
from capi_stream.intake.mapping.source import Atom, Source
from capi_stream.intake.mapping.spec import Converted, Place, Scaled
from capi_stream.intake.mapping.targets import counted_as

SAYS_WHAT_AS_SAYS = ("date", "timestamp-millis", "timestamp-micros", "timestamp-nanos")
SAYS_WHAT_SCALE_SAYS = ("decimal",)
NUMERIC = frozenset({"integer", "number"})


def understood(source: Source, made: Converted | Scaled, atom: Atom, found: Found | None, wish: str) -> Atom:
    """What `atom`, the value of `made.source`, means; `found` is what the schema has there, where that is a path."""
    match made:
        case Converted(reading=name):
            reading = READINGS[name]
            takes(source, made.place, f"as {name}", atom, reading.takes)
            _says_it_already(source, made.place, "as", found, SAYS_WHAT_AS_SAYS)
            code = f"converted({atom.code}, {name!r}, dropped, {counted_as(made.place.makes)!r})"
            variable = source.assign_if(wish, code, atom.is_there)
            return Atom(variable, f"{variable} is not None", reading.gives)
        case Scaled(scale=scale):
            takes(source, made.place, "scale", atom, NUMERIC)
            _says_it_already(source, made.place, "scale", found, SAYS_WHAT_SCALE_SAYS)
            variable = source.assign_if(wish, f"scaled({atom.code}, {scale})", atom.is_there)
            return Atom(variable, atom.within(variable, is_sure=True), frozenset({"number"}))


def takes(source: Source, place: Place, what: str, atom: Atom, kinds: frozenset[str]) -> None:
    """Note a mistake unless `atom` is always of `kinds`."""
    if wrong := sorted(atom.kinds - kinds):
        source.wrong(place, f"{what} takes {' or '.join(sorted(kinds))}, and is given {' or '.join(wrong)}")


def _says_it_already(source: Source, place: Place, key: str, found: Found | None, logical: tuple[str, ...]) -> None:
    """Note that `key` would read a value a second time."""
    if found and isinstance(found.only, Primitive) and found.only.logical in logical:
        source.wrong(place, f"needs no '{key}': the schema says already that it is {found}")
