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


Sender = Callable[[Any], str | LeftOut]
"""What is sent for one raw value of a parameter; a list is the caller's, one call a value."""


def form_of(parameter: Parameter, raw: object, this_year: int) -> Form | LeftOut:
    """The normal form of one raw value and what is sent for it. `this_year` bounds a date of birth."""
    normal, is_sent_so = _reader(parameter, this_year)(raw)
    return normal if isinstance(normal, LeftOut) else Form(normal, normal if is_sent_so else hash_of(normal))


def sender(parameter: Parameter, this_year: int) -> Sender:
    """What `form_of` says is sent, as a function of the raw value."""
    read = _reader(parameter, this_year)

    def sent(raw: Any) -> str | LeftOut:
        normal, is_sent_so = read(raw)
        return normal if is_sent_so or isinstance(normal, LeftOut) else hash_of(normal)

    return sent


def _reader(parameter: Parameter, this_year: int) -> Callable[[object], tuple[str | LeftOut, bool]]:
    """A function that gives a raw value's normal form, and whether it is sent as it is.

    What follows from the parameter alone is decided here, and not for each value.
    """
    normal = partial(parameter.normal, this_year=this_year) if parameter.needs_year else parameter.normal
    is_verbatim, is_sent_so = parameter.is_verbatim, parameter.hashing is Hashing.NEVER
    is_by_shape = parameter.hashing is Hashing.BY_SHAPE

    def read(raw: object) -> tuple[str | LeftOut, bool]:
        text = text_of(raw)
        if isinstance(text, LeftOut):
            return text, True
        if is_verbatim and text != raw:
            return MALFORMED, True
        if is_by_shape and (hashed := already_hashed(text)):
            return hashed, True
        return normal(text), is_sent_so

    return read
