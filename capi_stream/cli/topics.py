"""Which topic a tool is asked about, and the settings of intake for it alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from capi_stream.cli.config import loaded
from capi_stream.cli.usage import UsageError
from capi_stream.intake.settings import BUILT_IN_MAPPING, BUILT_IN_SCHEMA, IntakeSettings, Routing, TopicSettings
from capi_stream.model import Destination, PixelId

DEFAULT_PIXEL = PixelId("1234567890")


@dataclass(frozen=True, slots=True)
class Chosen:
    """One topic and how its records are read; `name` is the topic's own where `topic` is a pattern."""

    intake: IntakeSettings
    topic: TopicSettings
    name: str
    has_configuration: bool

    def with_topic(self, topic: TopicSettings) -> Chosen:
        """The same with other settings of the topic."""
        return replace(self, topic=topic, intake=replace(self.intake, topics=(topic,)))


class EveryPixel(Mapping[PixelId, tuple[Destination, ...]]):
    """Where no configuration says which pixels there are, each is there."""

    def __getitem__(self, pixel: PixelId) -> tuple[Destination, ...]:
        return (Destination(pixel),)

    def __iter__(self) -> Iterator[PixelId]:
        return iter(())

    def __len__(self) -> int:
        return 0


def chosen(config: Path | None, topic: str | None) -> Chosen:
    """The topic that is meant: by its name, or because there is no other; without a configuration the contract's.

    Raises UsageError; ends with code 2 where the configuration has mistakes.
    """
    if config is None:
        return without_configuration(topic)
    intake = loaded(config).settings.intake
    matching = [each for each in intake.topics if topic in (None, each.name)]
    matching += [each for each in intake.topics if topic and each.name.startswith("^") and re.search(each.name, topic)]
    if not matching or (topic is None and (len(matching) > 1 or matching[0].name.startswith("^"))):
        known = ", ".join(each.name for each in intake.topics)
        raise UsageError(f"Name one of the configuration's topics with --topic: {known}.")
    found = matching[0]
    return Chosen(replace(intake, topics=(found,)), found, topic or found.name, has_configuration=True)


def without_configuration(topic: str | None, schema: Path | None = None, mapping: Path | None = None) -> Chosen:
    """The files' schema and mapping, or the built-in ones; every pixel is taken as configured. Raises UsageError."""
    name = topic or "commerce.events"
    settings = TopicSettings(
        name,
        _packaged(BUILT_IN_SCHEMA) if schema is None else text_of(schema),
        _packaged(BUILT_IN_MAPPING) if mapping is None else text_of(mapping),
        schema_name=BUILT_IN_SCHEMA if schema is None else str(schema),
        mapping_name=BUILT_IN_MAPPING if mapping is None else str(mapping),
    )
    routing = Routing(EveryPixel(), default_pixel=DEFAULT_PIXEL)
    return Chosen(IntakeSettings((settings,), routing), settings, name, has_configuration=False)


def text_of(path: Path) -> str:
    """What the file holds. Raises UsageError."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no UTF-8 text.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None


def _packaged(path: str) -> str:
    return files("capi_stream").joinpath(path).read_text(encoding="utf-8")
