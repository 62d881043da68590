"""Records, one after another: events of the shop in the contract's Avro, and faults among them. Asks no clock."""

from __future__ import annotations

import io
import json
import random
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import accumulate
from types import MappingProxyType
from typing import Any, NamedTuple

import fastavro

from capi_stream.cli.produce.faults import AGAIN, BYTE_FAULTS, EVENT_FAULTS, UNKNOWN_SCHEMA, spoilt
from capi_stream.cli.produce.shop import MIX, Event, Shop
from capi_stream.intake.avro.fastavro_schemas import schema_fingerprint
from capi_stream.intake.avro.framing import ID_MAGIC, SINGLE_OBJECT_MAGIC
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.settings import BUILT_IN_SCHEMA

REPEATED = 100  # how far back a duplicate may reach, in records
UNKNOWN_ID = 999_999_999


class Made(NamedTuple):
    """A record to publish; `kind` is that of its event, `fault` what is wrong with it."""

    key: str
    value: bytes | None
    kind: str
    fault: str | None = None


class Framing(NamedTuple):
    """What stands before the Avro bytes, and what would stand there for a schema that nobody knows, if that can be."""

    prefix: bytes
    unknown: bytes | None


BARE = Framing(b"", None)


def confluent(schema_id: int) -> Framing:
    """A zero byte and the registry's id."""
    return Framing(*(ID_MAGIC + number.to_bytes(4, "big") for number in (schema_id, UNKNOWN_ID)))


def single_object() -> Framing:
    """Two bytes and the schema's fingerprint."""
    return Framing(SINGLE_OBJECT_MAGIC + schema_fingerprint(read_schema(contract())), SINGLE_OBJECT_MAGIC + b"\xff" * 8)


class Orders(NamedTuple):
    """What a load consists of. `mix` and `faults` are shares: of each other, of all records."""

    pixels: Sequence[str]
    stores: Mapping[str, Sequence[str]] = MappingProxyType({})
    mix: Mapping[str, float] = MIX
    faults: Mapping[str, float] = MappingProxyType({})


class Load:
    """An endless stream of records. The same seed, and the same times, make the same ones."""

    def __init__(self, seed: int, framing: Framing, orders: Orders) -> None:
        self._chance = random.Random(~seed)  # noqa: S311  not the shop's: what it makes is the same beside spoilt bytes
        self._shop = Shop(seed, orders.pixels, orders.stores, orders.mix)
        self._framing = framing
        self._faults = tuple(orders.faults)
        self._shares = list(accumulate(orders.faults.values()))
        self._recent: deque[Made] = deque(maxlen=REPEATED)

    def record(self, unix_ms: int) -> Made:
        """The next record, published at Unix millisecond `unix_ms`."""
        fault = self._fault()
        if fault == AGAIN and self._recent:
            return self._chance.choice(self._recent)._replace(fault=AGAIN)
        if fault is not None and fault in EVENT_FAULTS:
            how = EVENT_FAULTS[fault]
            event = spoilt(self._shop.event(unix_ms, how.kind), how, unix_ms)
        else:
            event = self._shop.event(unix_ms)
        made = Made(event["event_id"], self._value(event, fault), event["event_type"].lower(), fault)
        if fault is None:
            self._recent.append(made)
        return made if fault != AGAIN else made._replace(fault=None)

    def _fault(self) -> str | None:
        drawn = self._chance.random()
        return next((name for name, share in zip(self._faults, self._shares, strict=True) if drawn < share), None)

    def _value(self, event: Event, fault: str | None) -> bytes | None:
        prefix = self._framing.prefix
        if fault == UNKNOWN_SCHEMA and self._framing.unknown is not None:
            prefix = self._framing.unknown
        whole = prefix + encoded(event)
        spoil = None if fault is None else BYTE_FAULTS.get(fault)
        return whole if spoil is None else spoil.value(whole, self._chance)


@cache
def contract() -> str:
    """The Avro schema that upstream teams publish with."""
    return files("capi_stream").joinpath(BUILT_IN_SCHEMA).read_text(encoding="utf-8")


@cache
def _parsed() -> Any:
    return fastavro.parse_schema(json.loads(contract()))


def encoded(event: Event) -> bytes:
    """`event` in the contract's Avro, bare."""
    body = io.BytesIO()
    fastavro.schemaless_writer(body, _parsed(), event)
    return body.getvalue()
