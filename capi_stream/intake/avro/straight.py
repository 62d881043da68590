"""A writer's and a reader's schema -> one straight-line Python function that decodes the values which are wanted.

fastavro asks at every value what kind it is, and makes every field and a dict of them. Here all is decided once, when
the schema is first seen. Only the plain way is in it: whatever is odd (a negative length, a block with its size, an
unknown symbol, bytes that end early) raises one of ODD, and then the word of fastavro counts.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, cast

from capi_stream.intake.avro.layout import Layout
from capi_stream.intake.avro.resolution import shown
from capi_stream.intake.avro.schemas import Type
from capi_stream.intake.avro.straight_lines import NotStraightError
from capi_stream.intake.avro.straight_source import straight_source
from capi_stream.intake.generated import executed

Decode = Callable[[bytes, int], tuple[Any, ...]]


class OddError(Exception):
    """Bytes that a straight line does not read."""


ODD = (OddError, LookupError, ValueError, OverflowError, struct.error)
BEYOND = 1 << 64


def straight_decoder(writer: Type, reader: Type, layout: Layout) -> Decode | None:
    """A function of bytes and where they begin, which gives what `layout` wants of a record; None where none leads.

    It raises one of ODD for what it does not read, bytes that are left over among it. Of what is not wanted it gives
    nothing, and does not see what is wrong in it: a text that is not UTF-8, a symbol or a null that the reader has not.
    """
    try:
        source = straight_source(writer, reader, layout)
    except NotStraightError:
        return None
    return cast("Decode", executed(source, f"decoder of {shown(writer)}", GIVEN)["decode"])


# What the lines call where a number does not fit into one byte.


def number(b: bytes, i: int) -> tuple[int, int]:
    """A whole number (zigzag, a varint of at most ten bytes and 64 bits), and where the next value begins."""
    found = shift = 0
    for byte in b[i : i + 10]:
        i += 1
        if byte < 0x80:
            found |= byte << shift
            if found >= BEYOND:
                break
            return (found >> 1) ^ -(found & 1), i
        found |= (byte & 0x7F) << shift
        shift += 7
    raise OddError


def size(b: bytes, i: int) -> tuple[int, int]:
    """A length in bytes or a count of items, which take one each at least; and where they begin."""
    found, i = number(b, i)
    if not 0 <= found <= len(b) - i:
        raise OddError
    return found, i


GIVEN: Mapping[str, Any] = {
    "OddError": OddError,
    "SIZE": tuple(byte >> 1 if byte < 0x80 and not byte & 1 else -1 for byte in range(256)),
    "NUMBER": tuple((byte >> 1) ^ -(byte & 1) if byte < 0x80 else None for byte in range(256)),
    "FLAG": (False, True),
    "number": number,
    "size": size,
    "float_at": struct.Struct("<f").unpack_from,
    "double_at": struct.Struct("<d").unpack_from,
}
"""What a decoder works with. SIZE and NUMBER say what one byte stands for, or that it is not alone."""
