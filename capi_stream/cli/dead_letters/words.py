"""What letters say, for people: what a reason means, and values as short texts that no terminal obeys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from capi_stream.cli.times import written
from capi_stream.delivery.meanings import HOLDS, REJECTIONS
from capi_stream.intake.intake import REASONS
from capi_stream.intake.parameters.violations import REASONS as RULES
from capi_stream.letter_heads import Head
from capi_stream.model import Record
from capi_stream.observability.status.advice import ADVICE

NONE = "none"

MEANINGS: Mapping[str, str] = MappingProxyType({**REASONS, **RULES, **REJECTIONS})
"""Every reason for a dead letter -> what it means."""


def meaning(head: Head) -> str:
    """What the letter's reason means; of a parked one, which is good unless a fuse held it, what held its pixel."""
    if head.reason in MEANINGS:
        return MEANINGS[head.reason]
    if head.reason not in HOLDS:
        return "a reason that this version does not give"
    return f"the record is good, but {HOLDS[head.reason]}. {ADVICE.get(head.reason, '')}".strip()


def code(head: Head) -> str:
    """The API's code, with its subcode where there is one; `none` where the API did not judge."""
    if head.code is None:
        return NONE
    return f"{head.code}" if head.subcode is None else f"{head.code}/{head.subcode}"


def place(record: Record) -> str:
    """Where it lies, as `show` takes it."""
    return f"{record.partition.topic}/{record.partition.number}/{record.offset}"


def when(unix_ms: int | None) -> str:
    """A time to the second, UTC."""
    return "-" if unix_ms is None else written(unix_ms // 1_000)


def bytes_as_text(content: bytes | None) -> str | None:
    """Bytes that should be UTF-8; those that are not as `\\xff`."""
    return None if content is None else content.decode(errors="backslashreplace")


def as_line(value: Any) -> str:
    """`value` as JSON on one line; decimals as texts, which keep every digit wherever they are read."""
    return json.dumps(value, default=str)  # not orjson: a damaged header may hold a number of more than 64 bits
