"""How one topic's records are read: its mapping, and a decoder for every schema they were written with."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from capi_stream.intake.avro.decoding import Decoder
from capi_stream.intake.avro.fastavro_schemas import schema_fingerprint
from capi_stream.intake.avro.layout import Layout
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import RecordType, SchemaError, Type
from capi_stream.intake.mapping.compiled import CompiledMapping, compile_mapping
from capi_stream.intake.mapping.spec import MappingError
from capi_stream.intake.parameters import rules
from capi_stream.intake.parameters.settings import Rules
from capi_stream.intake.parameters.violations import Violation
from capi_stream.intake.settings import TopicSettings
from capi_stream.model import Rejection, SchemaKey

Verdict = Decoder | Rejection
"""What can be done with records of one writer's schema: decode them, or refuse them for this reason."""

Check = Callable[[Mapping[str, Any], float, Rules], Violation | None]
"""The rules that an event of a topic may break."""


class IntakeError(ValueError):
    """Settings that intake cannot work with; `mistakes` are all of them, each a sentence for a person."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


class Topic:
    """One topic of the settings, or all that one regular expression stands for. Raises IntakeError."""

    def __init__(self, settings: TopicSettings) -> None:
        self.framing = settings.framing
        self.registry = settings.registry
        self._pattern = _pattern(settings.name) if settings.name.startswith("^") else None
        self._name = settings.name
        self.known: dict[SchemaKey, Verdict] = {}  # what can be done with records of a registry's schema
        self._reader = _own_schema(settings)
        self.mapping = _own_mapping(settings, self._reader)
        self.fingerprint = hashlib.sha256(settings.mapping.encode()).hexdigest()[:8]  # of the mapping
        self.check: Check = rules.check_made if self.mapping.is_sure else rules.check
        writers = _writers(settings, self._reader, self.mapping.layout)
        self.bare = writers[0][1]
        self.by_fingerprint = {schema_fingerprint(writer): decoder for writer, decoder in writers}

    def matches(self, topic: str) -> bool:
        """Whether these settings are meant for `topic`."""
        return bool(self._pattern.search(topic)) if self._pattern else topic == self._name

    @property
    def is_pattern(self) -> bool:
        """Whether the settings are for all topics that a regular expression finds."""
        return self._pattern is not None

    def learned(self, key: SchemaKey, writer: Type | Rejection) -> Verdict:
        """What can be done with records that were written with the registry's schema `key`, which is `writer`."""
        verdict = self.known[key] = self._verdict(writer)
        return verdict

    def forget(self, key: SchemaKey) -> None:
        """Drop what was known of `key`: the registry has answered anew."""
        self.known.pop(key, None)

    def _verdict(self, writer: Type | Rejection) -> Verdict:
        if isinstance(writer, Rejection):
            return writer
        try:
            return Decoder(writer, self._reader, self.mapping.layout)
        except SchemaError as error:
            return Rejection("decode", "schema_incompatible", str(error))


def _pattern(name: str) -> re.Pattern[str]:
    try:
        return re.compile(name)
    except re.error as error:
        raise IntakeError([f"topic {name}: this is no regular expression: {error}"]) from None


def _own_schema(settings: TopicSettings) -> RecordType:
    try:
        schema = read_schema(settings.schema)
        Decoder(schema, schema)
    except SchemaError as error:
        raise IntakeError([f"topic {settings.name}: schema {settings.schema_name}: {error}"]) from None
    if not isinstance(schema, RecordType):
        raise IntakeError(
            [f"topic {settings.name}: schema {settings.schema_name} is no record; a mapping reads fields"]
        )
    return schema


def _own_mapping(settings: TopicSettings, schema: RecordType) -> CompiledMapping:
    try:
        return compile_mapping(settings.mapping, settings.mapping_name, schema, schema.name)
    except MappingError as error:
        raise IntakeError(str(error).splitlines()) from None


def _writers(settings: TopicSettings, reader: RecordType, layout: Layout) -> list[tuple[Type, Decoder]]:
    """The schemas that are known without a registry; the first is that of bare records."""
    writers: list[tuple[Type, Decoder]] = []
    mistakes: list[str] = []
    for number, text in enumerate(settings.writer_schemas, start=1):
        try:
            writer = read_schema(text)
            writers.append((writer, Decoder(writer, reader, layout)))
        except SchemaError as error:
            mistakes.append(f"topic {settings.name}: writer schema number {number}: {error}")
    if mistakes:
        raise IntakeError(mistakes)
    return [*writers, (reader, Decoder(reader, reader, layout))]
