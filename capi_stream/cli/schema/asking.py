"""What `capi-stream schema` is asked about: the schema and mapping of which topic, which registry, which subject."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from capi_stream.cli.config import loaded
from capi_stream.config.fields import Urls
from capi_stream.config.mistakes import WrongValueError
from capi_stream.intake.settings import BUILT_IN_MAPPING, BUILT_IN_SCHEMA, TopicSettings
from capi_stream.kafka.settings import RegistrySettings

SUBJECT_MISSING = "Name the subject with --subject, or the topic with --topic: its values stand under TOPIC-value."


class UsageError(Exception):
    """Options that do not go together, or too few of them. The message says what to write."""


class Asked(NamedTuple):
    """`subject` is empty only where there is no registry."""

    topic: TopicSettings
    registry: RegistrySettings | None
    subject: str


def asked(registry: str | None, config: Path | None, topic: str | None, subject: str | None) -> Asked:
    """The options, made sense of. Raises UsageError; ends with code 2 where the configuration has mistakes."""
    if registry is not None and config is not None:
        raise UsageError("Give --registry or -c, not both: the configuration names the registry.")
    if config is not None:
        return _from_configuration(config, topic, subject)
    built_in = TopicSettings(topic or "", _packaged(BUILT_IN_SCHEMA), _packaged(BUILT_IN_MAPPING))
    if registry is None:
        return Asked(built_in, None, "")
    if not (name := subject or _subject_of(topic)):
        raise UsageError(SUBJECT_MISSING)
    return Asked(built_in, RegistrySettings({"url": _url(registry)}), name)


def _from_configuration(config: Path, topic: str | None, subject: str | None) -> Asked:
    settings = loaded(config).settings
    found = _topic(settings.intake.topics, topic, subject)
    registry = settings.registries.get(found.registry)
    name = subject or _subject_of(topic or ("" if found.name.startswith("^") else found.name))
    if registry is not None and not name:
        raise UsageError(SUBJECT_MISSING)
    return Asked(found, registry, name)


def _topic(topics: tuple[TopicSettings, ...], name: str | None, subject: str | None) -> TopicSettings:
    """The one that is meant: by its name, by its subject, or because there is no other."""
    if name is not None:
        matching = [each for each in topics if each.name == name]
        matching += [each for each in topics if each.name.startswith("^") and re.search(each.name, name)]
    else:
        matching = [each for each in topics if _subject_of(each.name) == subject] or list(topics)
    if not matching or (name is None and len(matching) > 1):
        known = ", ".join(each.name for each in topics)
        raise UsageError(f"Name one of the configuration's topics with --topic: {known}.")
    return matching[0]


def _url(text: str) -> str:
    """The address, where a configuration could have it as registry.url. Raises UsageError."""
    try:
        return TypeAdapter[str](Urls).validate_python(text)
    except ValidationError as error:
        wrong = error.errors()[0]["ctx"]["error"]
        assert isinstance(wrong, WrongValueError)
        raise UsageError(f"--registry {text}: {wrong.what}. {wrong.write_instead}.") from None


def _subject_of(topic: str | None) -> str:
    return f"{topic}-value" if topic else ""


def _packaged(path: str) -> str:
    return files("capi_stream").joinpath(path).read_text(encoding="utf-8")
