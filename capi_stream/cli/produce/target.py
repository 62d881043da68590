"""Where the records go, from the service's configuration or from options."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from capi_stream.cli.config import loaded
from capi_stream.cli.produce.load import contract
from capi_stream.cli.schema.asking import UsageError, asked
from capi_stream.intake.avro.framing import Framing
from capi_stream.intake.settings import TopicSettings
from capi_stream.kafka.settings import RegistrySettings

CONNECT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Target:
    """A topic, and the way there. `stores` names those of a pixel by which the service knows its events."""

    properties: Mapping[str, str] = field(repr=False)
    topic: str
    registry: RegistrySettings | None
    framing: Framing
    pixels: tuple[str, ...]
    stores: Mapping[str, list[str]] = field(default_factory=lambda: MappingProxyType({}))
    connect_seconds: float = CONNECT_SECONDS


def from_configuration(config: Path, topic: str | None) -> Target:
    """The service's Kafka, topic, registry, pixels and stores. Raises UsageError; ends with 2 for mistakes there."""
    settings = loaded(config).settings
    found = _topic(settings.intake.topics, topic)
    if json.loads(found.schema) != json.loads(contract()):
        raise UsageError(
            f"Topic {topic or found.name} has a schema of its own, {found.schema_name}; what is published here is the "
            "contract's, avro/commerce_event.avsc. Name a topic without schema_file with --topic."
        )
    stores: dict[str, list[str]] = defaultdict(list)
    for store, pixel in settings.intake.routing.stores.items():
        stores[pixel].append(store)
    return Target(
        settings.producer.properties,
        topic or found.name,
        settings.registries.get(found.registry),
        found.framing,
        tuple(settings.intake.routing.destinations),
        stores,
        settings.producer.connect_seconds,
    )


def from_options(bootstrap: str | None, topic: str | None, registry: str | None) -> Target:
    """What the options name. Raises UsageError."""
    if not bootstrap or not topic:
        raise UsageError("Name the service's configuration with -c, or Kafka and topic with --bootstrap and --topic.")
    known = asked(registry, None, topic, None).registry
    return Target({"bootstrap.servers": bootstrap}, topic, known, "auto", ())


def _topic(topics: tuple[TopicSettings, ...], name: str | None) -> TopicSettings:
    """The one that is meant: by its name, or because there is no other."""
    matching = [each for each in topics if name in (None, each.name)]
    matching += [each for each in topics if name and each.name.startswith("^") and re.search(each.name, name)]
    if not matching or (name is None and (len(matching) > 1 or matching[0].name.startswith("^"))):
        known = ", ".join(each.name for each in topics)
        raise UsageError(f"Name one of the configuration's topics with --topic: {known}.")
    return matching[0]
