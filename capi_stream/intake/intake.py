"""A record becomes events, or the reasons why not: frame, decode, map, identify, check, encode."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from capi_stream.intake.avro.decoding import Undecodable
from capi_stream.intake.avro.framing import Bare, ByFingerprint, ByKey, Frame, Unframed, unframe
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import SchemaError, Type
from capi_stream.intake.encoding import derived_event_id, encode
from capi_stream.intake.mapping.coercions import UnfitValueError
from capi_stream.intake.mapping.event_conditions import holds
from capi_stream.intake.mapping.runtime import Draft, Filtered
from capi_stream.intake.parameters import rules
from capi_stream.intake.parameters.identifiers import Identifiers
from capi_stream.intake.parameters.table import CUSTOM_DATA
from capi_stream.intake.parameters.violations import Violation
from capi_stream.intake.settings import IntakeSettings
from capi_stream.intake.topics import Check, IntakeError, Topic, Verdict
from capi_stream.model import (
    Destination,
    Dropped,
    Event,
    Malformed,
    Mapped,
    NeedSchema,
    Noted,
    PixelId,
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
}
"""Every reason that intake gives beside those of `rules.REASONS`. Closed: metrics and dead letters name them."""

NO_EVENT, NO_DESTINATION = "no_event", "no_destination"
"""Filtered for more than the mapping's own reasons: no item of its `events` makes one; no destination wants it."""

CLAMPED = Noted("event_time", "clamped")

_CURRENCY = CUSTOM_DATA["currency"]


class Intake:
    """Reads records. Called with a record and the Unix time, it gives a Reading; total: no record makes it raise.

    Raises IntakeError for settings it cannot work with. It never talks to a registry: it answers NeedSchema, and is
    told what the registry said with `learned` or `unknown`.
    """

    def __init__(self, settings: IntakeSettings) -> None:
        self._settings = settings
        self._identifiers = Identifiers(settings.identifiers)
        self._topics: list[Topic] = []
        self._by_name: dict[str, Topic] = {}
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
        if record.value is None:
            return Tombstone()
        topic = self._topic(record.partition.topic)
        frame = unframe(record.value, record.headers, topic.framing)
        key = frame.key if isinstance(frame, ByKey) else None
        verdict = self._verdict(topic, frame)
        if isinstance(verdict, NeedSchema):
            return verdict
        if isinstance(verdict, Rejection):
            return Malformed(verdict, key)
        decoded = verdict(record.value, 0 if isinstance(frame, Unframed) else frame.start)
        if isinstance(decoded, Undecodable):
            return Malformed(Rejection("decode", decoded.reason, decoded.detail), key)
        return self._mapped(topic, record, decoded, unix_now, Mapped(schema=key))

    def _topic(self, name: str) -> Topic:
        topic = self._by_name.get(name)
        if topic is None:  # the consumer reads only topics of the settings
            topic = self._by_name[name] = next(each for each in self._topics if each.matches(name))
        return topic

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

    def _mapped(self, topic: Topic, record: Record, decoded: Any, unix_now: float, mapped: Mapped) -> Mapped:
        try:
            made = topic.mapping.run(decoded, record, self._settings.routing.stores, mapped.dropped)
        except UnfitValueError as error:
            mapped.rejections.append(Rejection("map", error.reason, error.detail))
            return mapped
        if isinstance(made, Filtered):
            mapped.filtered.append(made.reason)
        elif not made:
            mapped.filtered.append(NO_EVENT)
        else:
            for index, draft in enumerate(made):
                self._add(draft, index, record, unix_now, mapped, topic.check)
        return mapped

    def _add(self, draft: Draft, index: int, record: Record, unix_now: float, mapped: Mapped, check: Check) -> None:
        """Add to `mapped` what becomes of one event for each of its pixels."""
        event = draft.event
        self.prepare(event, index, record, unix_now, mapped)
        judged = self._judged(event, unix_now, check)
        if not isinstance(judged, Violation):
            mapped.noted.extend(Noted(name, "missing") for name in rules.wanting(event))
        for pixel in draft.pixels or (self._settings.routing.default_pixel,):
            destinations = self._settings.routing.destinations.get(pixel) if pixel else None
            if pixel is None or destinations is None:
                detail = f"pixel {pixel}" if pixel else "the record names no pixel, and no pixel has its store"
                unknown = Violation("pixel_not_configured", detail)
                mapped.rejections.append(_refused("map", unknown, event, index, pixel))
            elif isinstance(judged, Violation):
                mapped.rejections.append(_refused("validate", judged, event, index, pixel))
            elif wanted := self._wanted(destinations, event):
                mapped.events.append(_accepted(event, index, pixel, wanted, judged))
            else:
                mapped.filtered.append(NO_DESTINATION)

    def _wanted(self, destinations: tuple[Destination, ...], event: dict[str, Any]) -> tuple[Destination, ...]:
        """Those of `destinations` whose condition holds for `event`."""
        conditions = self._settings.routing.conditions
        if not conditions:
            return destinations
        return tuple(each for each in destinations if each not in conditions or holds(conditions[each], event))

    def prepare(self, event: dict[str, Any], index: int, record: Record, unix_now: float, mapped: Mapped) -> None:
        """Bring the event number `index` of `record` into the form that is sent; `mapped` is told what that took."""
        if not event.get("event_id", "").strip():
            event["event_id"] = derived_event_id(record, index)
        this_year = datetime.fromtimestamp(unix_now, UTC).year
        if rules.clamped(event, unix_now, self._settings.rules):
            mapped.noted.append(CLAMPED)
        event["user_data"] = self._identifiers.identified(event, this_year, mapped)
        custom_data = event.get("custom_data")
        if custom_data is not None and "currency" in custom_data:
            normal = _CURRENCY.normal(custom_data["currency"])
            if isinstance(normal, str):
                custom_data["currency"] = normal
            elif event.get("event_name") != "Purchase":  # one that needs it is left for the rules to refuse
                del custom_data["currency"]
                mapped.dropped.append(Dropped("currency", normal.reason))

    def _judged(self, event: dict[str, Any], unix_now: float, check: Check) -> bytes | Violation:
        """The event as it is sent, or why it cannot be."""
        if violation := check(event, unix_now, self._settings.rules):
            return violation
        body = encode(event)
        if len(body) > self._settings.max_event_bytes:
            return Violation("event_too_large", f"{len(body)} bytes")
        return body


def _accepted(
    event: dict[str, Any], index: int, pixel: PixelId, destinations: tuple[Destination, ...], body: bytes
) -> Event:
    return Event(
        pixel=pixel,
        destinations=destinations,
        name=event["event_name"],
        event_id=event["event_id"],
        time=event["event_time"],
        not_after=rules.not_after(event),
        body=body,
        index=index,
        identifiers=tuple(event["user_data"]),
    )


def _refused(stage: str, why: Violation, event: dict[str, Any], index: int, pixel: PixelId | None) -> Rejection:
    return Rejection(
        stage,
        why.reason,
        why.detail,
        index=index,
        pixel=pixel,
        event_id=event["event_id"],
        event_name=event.get("event_name"),
    )
