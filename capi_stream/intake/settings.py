"""What intake is told when the service starts. Built by config, read here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from capi_stream.intake.mapping.spec import Condition
from capi_stream.model import Destination, PixelId

Framing = Literal["auto", "confluent", "single_object", "bare"]
"""How a record's bytes name the schema they were written with; `auto` tells Confluent and single-object apart."""

Future = Literal["send", "clamp"]
"""What becomes of an event whose time is ahead of the clock, but not too far: sent as it is, or at the clock's."""

ExternalIdHashing = Literal["by_shape", "always", "never"]
"""Whether external_id leaves hashed; `by_shape` passes what looks hashed already."""

BUILT_IN_SCHEMA = "avro/commerce_event.avsc"
"""The contract schema, as a path under the package `capi_stream`."""

BUILT_IN_MAPPING = "mappings/commerce_event.yaml"
"""The mapping of the contract schema, as a path under the package `capi_stream`."""


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """How the records of one topic are read. Texts, not paths: config has read the files.

    `name` is a topic, or a regular expression for topics where it begins with `^`. `schema` is the Avro schema (JSON)
    that the mapping reads. `writer_schemas` are the schemas that single-object records may be written with (found by
    fingerprint), and bare ones (the first; none means `schema` itself). `registry` names the registry whose ids its
    Confluent records carry. The two other names stand in messages.
    """

    name: str
    schema: str
    mapping: str
    framing: Framing = "auto"
    writer_schemas: tuple[str, ...] = ()
    registry: str = ""
    schema_name: str = BUILT_IN_SCHEMA
    mapping_name: str = BUILT_IN_MAPPING


@dataclass(frozen=True, slots=True)
class Routing:
    """Which pixel an event belongs to, and where that pixel's events go.

    A pixel that the record names wins; else `stores` (store id -> pixel), else `default_pixel`. A pixel that is not
    in `destinations` is not configured: its events are rejected. A destination with one of `conditions` gets only the
    events for which it holds.
    """

    destinations: Mapping[PixelId, tuple[Destination, ...]]
    stores: Mapping[str, PixelId] = field(default_factory=dict)
    default_pixel: PixelId | None = None
    conditions: Mapping[Destination, Condition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """Which of the API's softer demands are refused instead of sent."""

    strict_website: bool = False  # website events without client_user_agent or event_source_url
    future_seconds: int = 60  # how far ahead of the clock an event's time may be
    future: Future = "send"


@dataclass(frozen=True, slots=True)
class IdentifierSettings:
    """How customer information is made ready, beyond what Meta's page asks for."""

    external_id_hashing: ExternalIdHashing = "by_shape"
    phone_code_from_country: bool = False
    fbc_from_url: bool = False


@dataclass(frozen=True, slots=True)
class IntakeSettings:
    """All that intake needs to read records."""

    topics: tuple[TopicSettings, ...]
    routing: Routing
    rules: Rules = Rules()
    identifiers: IdentifierSettings = IdentifierSettings()
    max_event_bytes: int = 1_000_000  # a larger event fits in no batch; equal to delivery's batch_bytes
