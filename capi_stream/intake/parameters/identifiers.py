"""Customer information as it is sent: normalised, hashed, and without what is no identifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from capi_stream.intake.parameters import normalize
from capi_stream.intake.parameters.click_ids import fbc_of
from capi_stream.intake.parameters.forms import Sender, sender
from capi_stream.intake.parameters.phone_codes import PhoneCodes
from capi_stream.intake.parameters.raw_values import LeftOut, already_hashed, text_of
from capi_stream.intake.parameters.remembered import REPEATING, Remembered
from capi_stream.intake.parameters.settings import IdentifierSettings
from capi_stream.intake.parameters.table import USER_DATA, Hashing, Parameter
from capi_stream.model import Dropped, Mapped, Noted

CODE_ADDED = Noted("ph", "country_code_added")
FBC_MADE = Noted("fbc", "made_from_url")


class Row(NamedTuple):
    """How what is sent for a value of one parameter is found; `of_text` may remember it."""

    of_text: Sender
    of_any: Sender
    is_list: bool


def _row(parameter: Parameter, this_year: int) -> Row:
    made = sender(parameter, this_year)
    return Row(Remembered(made).__getitem__ if parameter.name in REPEATING else made, made, parameter.is_list)


class Identifiers:
    """Makes the customer information of events ready, with the extras that the settings ask for."""

    def __init__(self, settings: IdentifierSettings) -> None:
        self._table = {**USER_DATA, "external_id": _external_id(Hashing(settings.external_id_hashing))}
        self._rows: dict[str, Row] = {}
        self._this_year = 0  # that the rows count on
        self._phone_codes = PhoneCodes() if settings.phone_code_from_country else None
        self._fbc_from_url = settings.fbc_from_url

    def identified(self, event: Mapping[str, Any], this_year: int, mapped: Mapped) -> dict[str, Any]:
        """The user_data of `event` with what is sent for each raw value; `mapped` is told what was left out or added.

        A parameter that takes a list is sent as one, each value once. Values of the others are single.
        """
        if this_year != self._this_year:
            self._rows = {name: _row(parameter, this_year) for name, parameter in self._table.items()}
            self._this_year = this_year
        user_data: Mapping[str, Any] = event.get("user_data", {})
        if self._phone_codes is not None and "ph" in user_data:
            user_data = {**user_data, "ph": _with_codes(self._phone_codes, user_data, mapped.noted)}
        sent: dict[str, Any] = {}
        for key, raw in user_data.items():
            of_text, of_any, is_list = self._rows[key]
            if isinstance(raw, str):
                value = of_text(raw)
            elif not isinstance(raw, list):
                value = of_any(raw)
            elif len(raw) == 1:
                value = of_text(raw[0]) if isinstance(raw[0], str) else of_any(raw[0])
            else:
                if values := _several(of_any, raw, key, mapped.dropped):
                    sent[key] = values if is_list else values[0]
                continue
            if isinstance(value, str):
                sent[key] = [value] if is_list else value
            else:
                mapped.dropped.append(Dropped(key, value.reason))
        if self._fbc_from_url and "fbc" not in sent and (fbc := fbc_of(event)):
            sent["fbc"] = fbc
            mapped.noted.append(FBC_MADE)
        return sent


def _external_id(hashing: Hashing) -> Parameter:
    normal = normalize.external_id_unhashed if hashing is Hashing.NEVER else normalize.external_id
    return replace(USER_DATA["external_id"], hashing=hashing, normal=normal)


def _listed(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else [raw]


def _several(send: Sender, raws: list[Any], name: str, dropped: list[Dropped]) -> list[str]:
    """What is sent for several raw values: each once, in their order; `dropped` is told what is left out."""
    found: dict[str, None] = {}
    for value in map(send, raws):
        if isinstance(value, LeftOut):
            dropped.append(Dropped(name, value.reason))
        else:
            found[value] = None
    return list(found)


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
