"""A record becomes events, or the reasons why not: frame, decode, map, identify, check, encode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from capi_stream.intake.avro.decoding import Undecodable
from capi_stream.intake.avro.framing import Bare, ByFingerprint, ByKey, Frame, Unframed, unframe
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import SchemaError, Type
from capi_stream.intake.judging import Judging
from capi_stream.intake.kept import kept_event
from capi_stream.intake.mapping.coercions import UnfitValueError
from capi_stream.intake.mapping.runtime import Draft, Filtered
from capi_stream.intake.parts import first_read, meant, narrowed, of_pixel
from capi_stream.intake.preparing import Preparing
from capi_stream.intake.settings import IntakeSettings
from capi_stream.intake.topics import IntakeError, Topic, Verdict
from capi_stream.model import (
    WHOLE,
    Malformed,
    Mapped,
    NeedSchema,
    Part,
    Reading,
    Record,
    Rejection,
    SchemaKey,
    SchemaRef,
    Tombstone,
)

REASONS = {
    "not_framed": "the bytes name no schema",
    "schema_not_known": "no schema of the settings has the record's fingerprint",
    "schema_unknown": "the registry knows no such schema",
    "schema_unusable": "the registry's schema cannot be used",
    "schema_incompatible": "the record's schema cannot be read as ours",
    "undecodable": "the bytes are no record of their schema",
    "leftover_bytes": "bytes are left over behind the record",
    "number_too_long": "a decimal is longer than 64 bytes",
    "number_not_finite": "a number is NaN or infinite",
    "pixel_not_configured": "the record's pixel is none of the configuration, or it has none",
    "event_too_large": "the event fits in no batch",
    "topic_not_configured": "a replay's record was first read in a topic that the configuration does not have",
    "not_decrypted": "it is an encrypted letter, and no key of the configuration opens it",
    "no_longer_made": "the event that a replay is to send is not made of its record, or not sent there, any more",
}
"""Every reason that intake gives beside those of `rules.REASONS`. Closed: metrics and dead letters name them."""

NO_EVENT = "no_event"
"""Filtered for more than the mapping's own reasons: no item of its `events` makes one."""

TOGETHER = 64  # records: what they become still fits into a processor's cache


@dataclass(slots=True)
class Decoded:
    """A record that could be decoded, with its `values` laid out for its mapping, and what has become of it so far.

    `record` is as it was first read, and `part` what of it is meant: it may be a letter that comes back.
    """

    topic: Topic
    record: Record
    part: Part
    values: tuple[Any, ...]
    mapped: Mapped


class Intake:
    """Reads records. Called with a record and the Unix time, it gives a Reading; total: no record makes it raise.

    Raises IntakeError for settings it cannot work with. It never talks to a registry: it answers NeedSchema, and is
    told what the registry said with `learned` or `unknown`.
    """

    def __init__(self, settings: IntakeSettings) -> None:
        self._stores = settings.routing.stores
        self._default_pixels = (settings.routing.default_pixel,)
        self._preparing = Preparing(settings)
        self._judging = Judging(settings)
        self._topics: list[Topic] = []
        self._by_name: dict[str, Topic | None] = {}
        self._schemas: dict[SchemaRef, Type | Rejection] = {}
        mistakes: list[str] = []
        for topic in settings.topics:
            try:
                self._topics.append(Topic(topic))
            except IntakeError as error:
                mistakes.extend(error.mistakes)
        if mistakes:
            raise IntakeError(mistakes)
        self._topics.sort(key=lambda topic: topic.is_pattern)  # a topic that is named comes before what finds it

    # What the registry said.

    def learned(self, schema: SchemaRef, schema_text: str, references: Sequence[str] = ()) -> None:
        """The registry's text of `schema`, with the texts of the schemas that it refers to, in any order."""
        try:
            self._knows(schema, read_schema(schema_text, references))
        except SchemaError as error:
            self._knows(schema, Rejection("decode", "schema_unusable", f"schema {schema.key}: {error}"))

    def unknown(self, schema: SchemaRef) -> None:
        """The registry goes on saying that it knows no `schema`. Kept: each record that names it is refused at once."""
        self._knows(schema, Rejection("decode", "schema_unknown", f"the registry knows no schema {schema.key}"))

    def lapsed(self, schema: SchemaRef) -> None:
        """What the registry said of `schema` counts no more: the next record that names it asks anew."""
        self._schemas.pop(schema, None)
        self._forget(schema)

    def _knows(self, schema: SchemaRef, meaning: Type | Rejection) -> None:
        self._schemas[schema] = meaning
        self._forget(schema)

    def _forget(self, schema: SchemaRef) -> None:
        for topic in self._topics:
            if topic.registry == schema.registry:
                topic.forget(schema.key)

    # What a record is.

    def __call__(self, record: Record, unix_now: float) -> Reading:
        """Read `record` as of Unix second `unix_now`."""
        [reading] = self._read((record,), unix_now)
        return reading

    def readings(self, records: Sequence[Record], unix_now: float) -> Iterator[tuple[Record, Reading]]:
        """Read `records` as of Unix second `unix_now`, in their order."""
        for first in range(0, len(records), TOGETHER):
            some = records[first : first + TOGETHER]
            yield from zip(some, self._read(some, unix_now), strict=True)

    def _read(self, records: Sequence[Record], unix_now: float) -> list[Reading]:
        """They take each step together: a processor that stays with one step for a while is faster by a quarter."""
        found = [self._decoded(record, unix_now) for record in records]
        decoded = [each for each in found if isinstance(each, Decoded)]
        drafted = [each for one in decoded for each in self._drafted(one)]
        for draft, index, one in drafted:
            self._preparing.prepare(draft.event, index, one.record, unix_now, one.mapped)
        for draft, index, one in drafted:
            self._judging.judge(draft, index, one.topic.check, unix_now, one.mapped)
        for one in decoded:
            if one.part is not WHOLE:
                narrowed(one.mapped, one.part)
        return [each.mapped if isinstance(each, Decoded) else each for each in found]

    def _decoded(self, record: Record, unix_now: float) -> Decoded | Reading:
        if record.value is None:
            return Tombstone()
        first, part = first_read(record) if record.headers else (record, WHOLE)
        own = self._topic(record.partition.topic)
        topic = own or self._topic(first.partition.topic)
        if topic is None:  # a letter's, since the consumer reads only topics of the settings
            return Malformed(Rejection("decode", "topic_not_configured", f"topic {first.partition.topic}"))
        if part.is_sealed:
            return Malformed(Rejection("decode", "not_decrypted"))
        if part.is_event and own is None:  # in a topic of events nobody's header stands above the bytes
            return kept_event(record.value, part, self._judging, unix_now)
        frame = unframe(record.value, first.headers, topic.framing)
        key = frame.key if isinstance(frame, ByKey) else None
        verdict = self._verdict(topic, frame)
        if isinstance(verdict, NeedSchema):
            return verdict
        if isinstance(verdict, Rejection):
            return Malformed(verdict, key)
        values = verdict(record.value, 0 if isinstance(frame, Unframed) else frame.start)
        if isinstance(values, Undecodable):
            return Malformed(Rejection("decode", values.reason, values.detail), key)
        return Decoded(topic, first, part, values, Mapped(schema=key, mapping=topic.fingerprint))

    def reads(self, topic: str) -> bool:
        """Whether records of `topic` can be read: whether the settings have it."""
        return self._topic(topic) is not None

    def _topic(self, name: str) -> Topic | None:
        if name not in self._by_name:
            self._by_name[name] = next((each for each in self._topics if each.matches(name)), None)
        return self._by_name[name]

    def _verdict(self, topic: Topic, frame: Frame) -> Verdict | NeedSchema:
        match frame:
            case ByKey(key):
                return topic.known.get(key) or self._by_key(topic, key)
            case ByFingerprint(fingerprint):
                unknown = Rejection("decode", "schema_not_known", f"no schema here has fingerprint {fingerprint.hex()}")
                return topic.by_fingerprint.get(fingerprint, unknown)
            case Bare():
                return topic.bare
            case Unframed(detail):
                return Rejection("decode", "not_framed", detail)

    def _by_key(self, topic: Topic, key: SchemaKey) -> Verdict | NeedSchema:
        schema = SchemaRef(topic.registry, key)
        writer = self._schemas.get(schema)
        return NeedSchema(schema) if writer is None else topic.learned(key, writer)

    def _drafted(self, one: Decoded) -> list[tuple[Draft, int, Decoded]]:
        """The events that the mapping makes, each with its number; `one.mapped` is told why there are none."""
        mapped = one.mapped
        try:
            made = one.topic.mapping.run_laid_out(one.values, one.record, self._stores, mapped.dropped)
        except UnfitValueError as error:
            mapped.rejections.append(Rejection("map", error.reason, error.detail))
            return []
        if isinstance(made, Filtered):
            mapped.filtered.append(made.reason)
            return []
        if not made:
            mapped.filtered.append(NO_EVENT)
        if one.part is not WHOLE:
            found = meant(made, one.part, one.record, one.topic.fingerprint)
            pixels = self._default_pixels
            return [(each, index, one) for index, draft in found if (each := of_pixel(draft, one.part, pixels))]
        return [(draft, index, one) for index, draft in enumerate(made)]
