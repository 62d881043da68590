"""Letters' records as they were before any mapping: decoded by their schema, as plain JSON."""

from __future__ import annotations

import re
import time
from typing import Any

from capi_stream.cli.dead_letters.lying import Lying
from capi_stream.cli.explain.masking import HIDDEN, Mask
from capi_stream.cli.masking import MASK
from capi_stream.cli.plain_json import to_json
from capi_stream.cli.preview.reading import Reader
from capi_stream.config.settings import Settings
from capi_stream.intake.avro.decoding import Decoder, Undecodable
from capi_stream.intake.avro.framing import Unframed, unframe
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.intake import Intake
from capi_stream.intake.mapping.spec_text import read_spec
from capi_stream.intake.settings import TopicSettings
from capi_stream.letter_heads import original
from capi_stream.model import NeedSchema, Record

_HINT = re.compile(rf"[^\s/@•]?{HIDDEN}(?:@[^\s/@•]?{HIDDEN})?")


class WholeIntake(Intake):
    """An Intake that gives the whole of a record, of which the mapping reads a part, once it has learned its schema."""

    def whole(self, record: Record) -> Any:
        """The decoded `record`, which is as it was first read; None where it cannot be decoded. Total."""
        topic = self._topic(record.partition.topic)
        if topic is None or record.value is None:
            return None
        frame = unframe(record.value, record.headers, topic.framing)
        verdict = self._verdict(topic, frame)
        if isinstance(frame, Unframed) or not isinstance(verdict, Decoder):
            return None
        made = verdict.whole(record.value, frame.start)
        return None if isinstance(made, Undecodable) else made


class Decoding:
    """Decodes letters, with schemas from the registries. `is_complete` until one does not tell a schema."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.intake
        self._intake = WholeIntake(settings.intake)
        self._reader = Reader(self._intake, settings.registries)
        self._kinds = {each.name: read_schema(each.schema) for each in settings.intake.topics}
        self.is_complete = True

    def raw(self, letter: Lying) -> Any:
        """The letter's record with all that is personal in it; None where it cannot be decoded."""
        found = self._whole(letter)
        return None if found is None else self._plain(*found, None)

    def masked(self, letter: Lying) -> Any:
        """The same with a mask over what may be personal: over all of it, since it is of people whom nobody asked."""
        found = self._whole(letter)
        if found is None:
            return None
        topic, record = found
        spec, _ = read_spec(topic.mapping, topic.mapping_name)
        mask = Mask(spec, self._settings.routing.conditions.values(), is_off=False)
        return _without_hints(self._plain(topic, record, mask))

    def _whole(self, letter: Lying) -> tuple[TopicSettings, Any] | None:
        if letter.head is None or letter.head.is_sealed or letter.head.holds_event:
            return None
        record = original(letter.record, letter.head)
        topic = self._topic(record.partition.topic)
        if topic is None:
            return None
        [(_, reading)] = self._reader.read([record], time.time())  # for the schema that it learns on the way
        if isinstance(reading, NeedSchema):
            self.is_complete = False
        whole = self._intake.whole(record)
        return None if whole is None else (topic, whole)

    def _topic(self, name: str) -> TopicSettings | None:
        """The settings of the topic `name`: one that is named comes before a pattern, as in intake."""
        found = [each for each in self._settings.topics if each.name == name]
        found += [each for each in self._settings.topics if each.name[:1] == "^" and re.search(each.name, name)]
        return found[0] if found else None

    def _plain(self, topic: TopicSettings, whole: Any, mask: Mask | None) -> Any:
        kind = self._kinds[topic.name]
        try:
            return to_json(kind, whole) if mask is None else mask.record(kind, whole)
        except RecursionError:  # a record may nest as deep as its bytes go
            return None


def _without_hints(value: Any) -> Any:
    """`value` without the first letters of what is hidden: `explain` shows them, since its reader has the record."""
    match value:
        case str():
            return _HINT.sub(MASK, value)
        case list():
            return [_without_hints(each) for each in value]
        case dict():
            return {_key(key, at): _without_hints(each) for at, (key, each) in enumerate(value.items(), start=1)}
    return value


def _key(key: str, at: int) -> str:
    """A key of a map; each that is hidden has a number, which keeps it apart."""
    return f"{MASK} {at}" if HIDDEN in key else key
