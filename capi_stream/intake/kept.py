"""A letter that holds the event in place of the record: nothing is decoded or mapped, and the rules judge it again."""

from __future__ import annotations

from typing import Any

import orjson

from capi_stream.intake.judging import Judging
from capi_stream.intake.mapping.runtime import Draft
from capi_stream.intake.parameters import rules
from capi_stream.intake.parts import narrowed
from capi_stream.model import Malformed, Mapped, Part, Rejection


def kept_event(value: bytes, part: Part, judging: Judging, unix_now: float) -> Mapped | Malformed:
    """What the event in `value`, JSON as it would be posted, is as of Unix second `unix_now`, where `part` means it.

    Total. It goes out byte for byte: only whether and where are decided anew.
    """
    event = _read(value)
    if event is None or part.pixel is None:
        return Malformed(Rejection("decode", "undecodable", "its value should be an event in JSON, and is none"))
    mapped = Mapped()
    judging.judge(Draft([part.pixel], event), part.index or 0, rules.check, unix_now, mapped)
    narrowed(mapped, part)
    for each in mapped.events:
        each.body = value
    return mapped


def _read(value: bytes) -> dict[str, Any] | None:
    """The JSON object in `value` that can be told from others; None where there is none."""
    try:
        event = orjson.loads(value)
        orjson.dumps(event)  # what is nested too deep can be read, and not written again
    except (orjson.JSONDecodeError, TypeError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event_id"), str) else None
