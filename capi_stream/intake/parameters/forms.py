"""One raw value of a parameter: its normal form, and what is sent for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, assert_never

from capi_stream.intake.parameters.raw_values import MALFORMED, LeftOut, already_hashed, hash_of, text_of
from capi_stream.intake.parameters.table import Hashing, Parameter


class Form(NamedTuple):
    """A value's normal form, and what is sent: its hash, or the same text."""

    normal: str
    sent: str


Normal = Callable[[str], str | LeftOut]
"""The normal form of trimmed text."""

Sender = Callable[[Any], str | LeftOut]
"""What is sent for one raw value of a parameter; a list is the caller's, one call a value."""


def form_of(parameter: Parameter, raw: object, this_year: int) -> Form | LeftOut:
    """The normal form of one raw value and what is sent for it. `this_year` bounds a date of birth."""
    text = text_of(raw)
    if isinstance(text, LeftOut):
        return text
    if parameter.is_verbatim and text != raw:
        return MALFORMED
    if parameter.hashing is Hashing.BY_SHAPE and (hashed := already_hashed(text)):
        return Form(hashed, hashed)
    normal = _normal(parameter, this_year)(text)
    if isinstance(normal, LeftOut):
        return normal
    return Form(normal, normal if parameter.hashing is Hashing.NEVER else hash_of(normal))


def sender(parameter: Parameter, this_year: int) -> Sender:
    """What `form_of` says is sent, as a function of the raw value: what follows from the parameter is decided here."""
    normal = _normal(parameter, this_year)
    if parameter.is_verbatim:
        return lambda raw: form.sent if isinstance(form := form_of(parameter, raw, this_year), Form) else form
    match parameter.hashing:
        case Hashing.NEVER:
            return _as_it_is(normal)
        case Hashing.BY_SHAPE:
            return _hashed_unless_it_is(normal)
        case Hashing.ALWAYS:
            return _hashed(normal)
        case _:
            assert_never(parameter.hashing)


def _normal(parameter: Parameter, this_year: int) -> Normal:
    return partial(parameter.normal, this_year=this_year) if parameter.needs_year else parameter.normal


def _as_it_is(normal: Normal) -> Sender:
    def sent(raw: Any) -> str | LeftOut:
        text = text_of(raw)
        return normal(text) if isinstance(text, str) else text

    return sent


def _hashed(normal: Normal) -> Sender:
    def sent(raw: Any) -> str | LeftOut:
        text = text_of(raw)
        found = normal(text) if isinstance(text, str) else text
        return hash_of(found) if isinstance(found, str) else found

    return sent


def _hashed_unless_it_is(normal: Normal) -> Sender:
    def sent(raw: Any) -> str | LeftOut:
        text = text_of(raw)
        if not isinstance(text, str):
            return text
        if hashed := already_hashed(text):
            return hashed
        found = normal(text)
        return hash_of(found) if isinstance(found, str) else found

    return sent
