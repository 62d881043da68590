"""What of a letter is stored: its record verbatim, or the event in its place; encrypted where there are keys."""

from __future__ import annotations

from typing import NamedTuple

from capi_stream.delivery.batches import Letter, LetterKind
from capi_stream.kafka.headers import headers
from capi_stream.kafka.sealing import Seals, is_token
from capi_stream.kafka.settings import ProducerSettings
from capi_stream.letter_heads import CONTENT, ENCRYPTED, HASHED_EVENT, PREFIX, VALUE_OMITTED, read
from capi_stream.model import Headers

_CONTENT = (PREFIX + CONTENT, HASHED_EVENT.encode())
_SEALED = PREFIX + ENCRYPTED
_OMITTED = (PREFIX + VALUE_OMITTED, b"true")
_NOT_KEPT = {PREFIX + "detail", _CONTENT[0], _OMITTED[0]}  # with the event alone: one may quote the record


class Written(NamedTuple):
    """A letter as Kafka gets it."""

    key: bytes | None
    value: bytes | None
    headers: Headers


class Writing:
    """Writes letters as `settings` say. `unix_offset` turns their monotonic times into Unix time."""

    def __init__(self, settings: ProducerSettings, unix_offset: float) -> None:
        self._settings = settings
        self._unix_offset = unix_offset
        self._topics = (settings.dead_letter_topic, settings.parked_topic)
        self._seals = Seals(settings.letter_keys) if settings.letter_keys else None

    def written(self, letter: Letter) -> Written:
        """`letter` as it is stored. What goes into a topic of events is plain and verbatim, as they are."""
        if letter.kind is LetterKind.REPLAY:
            return self._verbatim(letter)
        written = self._event_alone(letter) if self._settings.content == HASHED_EVENT else self._verbatim(letter)
        if self._seals is None:
            return written
        return Written(written.key, *self._seals.sealed(written.value, written.headers))

    def _verbatim(self, letter: Letter) -> Written:
        record = letter.record
        value = record.value if letter.carries_value else None
        content = [_CONTENT] if self._holds_event(letter) else []
        return Written(record.key, value, [*self._headers(letter), *content])

    def _event_alone(self, letter: Letter) -> Written:
        """Nothing of the record: neither its key nor its own headers, nor a value where no event was made of it."""
        event = letter.record.value if self._holds_event(letter) else letter.event
        value = event if letter.carries_value else None
        ours = [each for each in self._headers(letter) if each[0].startswith(PREFIX) and each[0] not in _NOT_KEPT]
        return Written(None, value, [*ours, _CONTENT, *([_OMITTED] if value is None else [])])

    def _headers(self, letter: Letter) -> Headers:
        """With the mark of what is sealed only where it is: a record may come with a forged one."""
        written = headers(letter, self._unix_offset, self._settings.replay_id)
        value = letter.record.value
        return written if value is None or is_token(value) else [each for each in written if each[0] != _SEALED]

    def _holds_event(self, letter: Letter) -> bool:
        """Whether its record is a letter that holds an event already. In a topic of events nobody's word is taken for
        that: anybody may write such a header there."""
        if letter.record.partition.topic not in self._topics:
            return False
        head = read(letter.record.headers)
        return head is not None and head.holds_event
