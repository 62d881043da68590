"""One raw value of a parameter: its normal form, and what is sent for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from capi_stream.intake.parameters.raw_values import MALFORMED, LeftOut, already_hashed, hash_of, text_of
from capi_stream.intake.parameters.table import Hashing, Parameter


class Form(NamedTuple):
    """A value's normal form, and what is sent: its hash, or the same text."""

    normal: str
    sent: str


def form_of(parameter: Parameter, raw: object, this_year: int) -> Form | LeftOut:
    """The normal form of one raw value and what is sent for it. `this_year` bounds a date of birth."""
    normal, is_sent_so = _normal_form(parameter, raw, this_year)
    return normal if isinstance(normal, LeftOut) else Form(normal, normal if is_sent_so else hash_of(normal))


def _normal_form(parameter: Parameter, raw: object, this_year: int) -> tuple[str | LeftOut, bool]:
    """The normal form, and whether it is sent as it is."""
    text = text_of(raw)
    if isinstance(text, LeftOut):
        return text, True
    if parameter.is_verbatim and text != raw:
        return MALFORMED, True
    if parameter.hashing is Hashing.BY_SHAPE and (hashed := already_hashed(text)):
        return hashed, True
    normal = parameter.normal(text, this_year) if parameter.needs_year else parameter.normal(text)
    return normal, parameter.hashing is Hashing.NEVER


Sender = Callable[[Any], str | LeftOut]
"""What is sent for one raw value of a parameter; a list is the caller's, one call a value."""


def sender(parameter: Parameter, this_year: int) -> Sender:
    """`form_of(parameter, ...).sent` as a function of the raw value, which decides nothing about the parameter."""
    normal = partial(parameter.normal, this_year=this_year) if parameter.needs_year else parameter.normal
    if parameter.is_verbatim or parameter.hashing is Hashing.NEVER:
        return lambda raw: _normal_form(parameter, raw, this_year)[0]
    is_by_shape = parameter.hashing is Hashing.BY_SHAPE

    def hashed(raw: object) -> str | LeftOut:
        text = text_of(raw)
        if isinstance(text, LeftOut):
            return text
        if is_by_shape and (as_it_is := already_hashed(text)):
            return as_it_is
        form = normal(text)
        return form if isinstance(form, LeftOut) else hash_of(form)

    return hashed
