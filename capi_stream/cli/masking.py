"""What a person may see of a record without seeing people: personal values are cut down to their first letter.

Personal is what the mapping makes customer information from, what a field's name says, and what looks like an address.
It is better to mask too much: whoever must see more says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from capi_stream.intake.avro.schemas import Array, Map, RecordType, Type, Union
from capi_stream.intake.mapping.spec import Path, Spec

PERSONAL = re.compile(
    r"mail|phone|mobile|^tel|^fax|(first|last|full|given|family|sur|middle|maiden|holder|user)_?name|^name$|salutation"
    r"|birth|born|^dob$|gender|^sex$|street|address|^city$|^town$|^zip|post(al)?_?code|^plz$|^ip$|^ip_|_ip$|agent"
    r"|iban|^bic$|card|passport|tax_?id|login|passw|token|secret|^fb[cp]$|click_?id|device_?id|advertis\w*_id",
    re.IGNORECASE,
)
ADDRESSES = re.compile(r"[^\s@<>\"',;]+@[^\s@<>\"',;]+\.\w+|\b\d{1,3}(?:\.\d{1,3}){3}\b|\+\d[\d ()/.-]{6,}\d")
QUERY = re.compile(r"(https?://[^\s?#]+)[?#]\S*")
SHORTEST = 3  # characters: a shorter value would be found everywhere


def masked(value: object) -> str:
    """A value's first letter, and of an address the one behind the @."""
    text = str(value).strip()
    user, at, domain = text.partition("@")
    first = text[:1] if len(text) >= SHORTEST else ""
    return f"{user[:1]}•••@{domain[:1]}•••" if at and user and domain else f"{first}•••"


class Mask:
    """Masks one record and all that was made from it."""

    def __init__(self, spec: Spec, *, is_off: bool) -> None:
        self._names = {path.parts[-1] for path in _paths(spec) if path.place.makes.startswith("user_data")}
        self._is_off = is_off
        self._values: set[str] = set()

    def record(self, kind: Type, value: Any, name: str = "", *, is_personal: bool = False) -> Any:
        """A record as JSON (`plain_json.to_json`), masked; what is personal in it is masked everywhere from then on."""
        if self._is_off:
            return value
        is_personal = is_personal or (bool(name) and (name in self._names or PERSONAL.search(name) is not None))
        match kind, value:
            case Union(branches=branches), dict() | list():
                return self.record(_branch(branches, value), value, name, is_personal=is_personal)
            case RecordType(fields=members), dict():
                return {
                    each.name: self.record(each.type, value[each.name], each.name, is_personal=is_personal)
                    for each in members
                }
            case Array(items=items), list():
                return [self.record(items, each, name, is_personal=is_personal) for each in value]
            case Map(values=values), dict():
                return {key: self.record(values, each, key, is_personal=is_personal) for key, each in value.items()}
        if not is_personal or value is None or isinstance(value, bool):
            return self.anything(value)
        if isinstance(value, str) and len(value.strip()) >= SHORTEST:
            self._values |= {value, value.strip()}
        return masked(value)

    def customer(self, value: Any) -> Any:
        """Customer information, masked whatever it is."""
        if self._is_off or value is None:
            return value
        if isinstance(value, list | dict):
            members = value.items() if isinstance(value, dict) else enumerate(value)
            made = {key: self.customer(each) for key, each in members}
            return made if isinstance(value, dict) else list(made.values())
        return masked(value)

    def anything(self, value: Any) -> Any:
        """Texts within `value` without what is personal in them."""
        match value:
            case str():
                return self.text(value)
            case list():
                return [self.anything(each) for each in value]
            case dict():
                return {key: self.anything(each) for key, each in value.items()}
        return value

    def text(self, text: str) -> str:
        """A text without the values that are known to be personal, addresses and the queries of URLs."""
        if self._is_off:
            return text
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, masked(value))
        return ADDRESSES.sub(lambda found: masked(found[0]), QUERY.sub(r"\1?•••", text))


def _branch(branches: tuple[Type, ...], value: dict[str, Any] | list[Any]) -> Type:
    """The type of a union that a decoded record, map or array is of."""
    if isinstance(value, list):
        return next(each for each in branches if isinstance(each, Array))
    records = [each for each in branches if isinstance(each, RecordType)]
    same = [each for each in records if {field.name for field in each.fields} == value.keys()]
    return same[0] if same else next(each for each in branches if isinstance(each, Map))


def _paths(node: Any) -> Iterator[Path]:
    match node:
        case Path():
            yield node
        case Mapping():
            for each in node.values():
                yield from _paths(each)
        case tuple():
            for each in node:
                yield from _paths(each)
        case _ if is_dataclass(node):
            for each in fields(node):
                yield from _paths(getattr(node, each.name))
