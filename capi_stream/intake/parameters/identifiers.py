"""Customer information as it is sent: normalised, hashed, and without what is no identifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from capi_stream.intake.parameters import normalize
from capi_stream.intake.parameters.click_ids import fbc_of
from capi_stream.intake.parameters.phone_codes import PhoneCodes
from capi_stream.intake.parameters.raw_values import LeftOut, already_hashed, text_of
from capi_stream.intake.parameters.remembered import REPEATING, Remembered
from capi_stream.intake.parameters.settings import IdentifierSettings
from capi_stream.intake.parameters.table import USER_DATA, Hashing, Parameter, identifier
from capi_stream.model import Dropped, Mapped, Noted

CODE_ADDED = Noted("ph", "country_code_added")
FBC_MADE = Noted("fbc", "made_from_url")


class Identifiers:
    """Makes the customer information of events ready, with the extras that the settings ask for."""

    def __init__(self, settings: IdentifierSettings) -> None:
        self._table = {**USER_DATA, "external_id": _external_id(Hashing(settings.external_id_hashing))}
        self._remembered = {name: Remembered(self._table[name]) for name in REPEATING}
        self._phone_codes = PhoneCodes() if settings.phone_code_from_country else None
        self._fbc_from_url = settings.fbc_from_url

    def identified(self, event: Mapping[str, Any], this_year: int, mapped: Mapped) -> dict[str, Any]:
        """The user_data of `event` with what is sent for each raw value; `mapped` is told what was left out or added.

        A parameter that takes a list is sent as one, each value once. Values of the others are single.
        """
        user_data: Mapping[str, Any] = event.get("user_data", {})
        if self._phone_codes is not None and "ph" in user_data:
            user_data = {**user_data, "ph": _with_codes(self._phone_codes, user_data, mapped.noted)}
        sent: dict[str, Any] = {}
        for key, raw in user_data.items():
            if raw.__class__ is str and (remembered := self._remembered.get(key)) is not None:
                values = _told(remembered[raw], key, mapped.dropped)
            else:
                values = _identifiers(self._table[key], _listed(raw), this_year, mapped.dropped)
            if values:
                sent[key] = values if self._table[key].is_list else values[0]
        if self._fbc_from_url and "fbc" not in sent and (fbc := fbc_of(event)):
            sent["fbc"] = fbc
            mapped.noted.append(FBC_MADE)
        return sent


def _external_id(hashing: Hashing) -> Parameter:
    normal = normalize.external_id_unhashed if hashing is Hashing.NEVER else normalize.external_id
    return replace(USER_DATA["external_id"], hashing=hashing, normal=normal)


def _listed(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else [raw]


def _identifiers(parameter: Parameter, raws: list[Any], this_year: int, dropped: list[Dropped]) -> list[str]:
    if len(raws) == 1:
        return _told(identifier(parameter, raws[0], this_year), parameter.name, dropped)
    found: dict[str, None] = {}  # each once, in their order
    for raw in raws:
        for value in _told(identifier(parameter, raw, this_year), parameter.name, dropped):
            found[value] = None
    return list(found)


def _told(value: str | LeftOut, name: str, dropped: list[Dropped]) -> list[str]:
    """One value as a list, of nothing where it was left out, which `dropped` is told."""
    if isinstance(value, str):
        return [value]
    dropped.append(Dropped(name, value.reason))
    return []


def _with_codes(codes: PhoneCodes, user_data: Mapping[str, Any], noted: list[Noted]) -> list[Any]:
    """The raw phone numbers, with the code of the customer's country where they have none and he has one country."""
    raws = _listed(user_data["ph"])
    countries = {code for raw in _listed(user_data.get("country")) if (code := _country(raw)) is not None}
    if len(countries) != 1:
        return raws
    [country] = countries
    completed: list[Any] = []
    for raw in raws:
        text = text_of(raw)
        if isinstance(text, LeftOut) or already_hashed(text) or (with_code := codes.completed(text, country)) is None:
            completed.append(raw)
        else:
            completed.append(with_code)
            noted.append(CODE_ADDED)
    return completed


def _country(raw: object) -> str | None:
    """A raw country as its alpha-2 code; None where it is none, or hashed already."""
    text = text_of(raw)
    code = text if isinstance(text, LeftOut) else normalize.country(text)
    return None if isinstance(code, LeftOut) else code
