"""What intake is told when the service starts. Built by config, read here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from capi_stream.intake.avro.framing import Framing
from capi_stream.intake.mapping.spec import Condition
from capi_stream.intake.parameters.settings import IdentifierSettings, Rules
from capi_stream.model import Destination, PixelId

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
class IntakeSettings:
    """All that intake needs to read records."""

    topics: tuple[TopicSettings, ...]
    routing: Routing
    rules: Rules = field(default_factory=Rules)
    identifiers: IdentifierSettings = field(default_factory=IdentifierSettings)
    max_event_bytes: int = 1_000_000  # a larger event fits in no batch; equal to delivery's batch_bytes
