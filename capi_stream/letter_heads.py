"""A letter's headers: why it is here and where it came from. Their names are a promise; here they are read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from capi_stream.model import Headers, Part, Partition, PixelId, Record

PREFIX = "capi-stream."

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "kind": "`dead_letter`: refused. `parked`: good, and its pixel cannot take it now. `replay`: to be sent again",
        "reason": "why, a word from a closed set",
        "stage": "where that was found: `decode`, `map`, `validate` or `post`",
        "detail": "the same for a person; may quote the record",
        "event_index": "which event of the record, from 0, where only that one failed",
        "mapping": "eight hex digits that tell the mapping which made that event from others",
        "event_id": "the event's id, given or derived",
        "event_name": "the event's name",
        "pixel": "the pixel that it was meant for",
        "endpoint": "`graph` or `gateway`: who refused it",
        "status": "the answer's HTTP status",
        "code": "the API's error code",
        "subcode": "the API's error subcode",
        "message": "the API's own words; `…` stands for what is not of a closed list: it may quote the event",
        "fbtrace_id": "what Meta's support asks for",
        "attempts": "how often it was posted, replays included",
        "first_failed_at": "Unix milliseconds; a replay that fails again keeps it",
        "last_failed_at": "Unix milliseconds",
        "source_topic": "where the record was first read; a replay keeps these four",
        "source_partition": "likewise",
        "source_offset": "likewise",
        "source_timestamp": "the record's own, in Unix milliseconds; -1 where it had none",
        "read_from": "where it was read the last time, as topic/partition/offset, where that was elsewhere",
        "schema": "the registry's id or GUID of the schema that its value was written with",
        "value_omitted": "`true` where it has no value, which was too large or may not be here: read it at its source",
        "content": "`hashed_event` where its value is the event as it would be posted (docs/privacy.md)",
        "encrypted": "`fernet` where its value, `detail` and `message` are encrypted (docs/privacy.md)",
        "replay_count": "how often it was replayed",
        "replay_id": "by which replay, the last time",
        "first_reason": "why it was refused before it was ever replayed",
        "version": "of the service",
    }
)
"""Header without prefix -> what it says. One without a value is left out."""

VALUE_OMITTED = "value_omitted"
CONTENT = "content"
HASHED_EVENT = "hashed_event"
ENCRYPTED = "encrypted"
QUOTING = ("detail", "message")
"""Headers that may quote the record: where it is encrypted, so are they."""

REPLAY = "replay"
"""The kind of a record that a replay has put into a topic, for the service to read there."""

_NUMBERS = ("event_index", "status", "code", "subcode", "attempts", "first_failed_at", "last_failed_at",
            "source_partition", "source_offset", "source_timestamp", "replay_count")  # fmt: skip
_ANY_SIGN = ("source_timestamp", "code", "subcode")
_LONGEST = 20  # digits and a sign: a longer one is not ours


@dataclass(frozen=True, slots=True)
class Head:
    """What a letter's headers say, as HEADERS has it. What must not be missing has no default; times in Unix ms."""

    kind: str
    reason: str
    stage: str
    source_topic: str
    source_partition: int
    source_offset: int
    source_timestamp: int
    detail: str = ""
    event_index: int | None = None
    mapping: str | None = None
    event_id: str | None = None
    event_name: str | None = None
    pixel: str | None = None
    endpoint: str | None = None
    status: int | None = None
    code: int | None = None
    subcode: int | None = None
    message: str = ""
    fbtrace_id: str | None = None
    attempts: int = 0
    first_failed_at: int | None = None
    last_failed_at: int | None = None
    read_from: str | None = None
    schema: str | None = None
    value_omitted: str | None = None
    content: str | None = None
    encrypted: str | None = None
    replay_count: int = 0
    replay_id: str | None = None
    first_reason: str | None = None
    version: str | None = None

    @property
    def part(self) -> Part:
        """What of its record it names."""
        pixel = PixelId(self.pixel) if self.pixel else None
        return Part(
            self.event_index,
            pixel,
            self.endpoint,
            self.event_id,
            self.event_name,
            self.mapping,
            self.is_sealed,
            self.holds_event,
        )

    @property
    def is_sealed(self) -> bool:
        """Whether it is encrypted still: whoever reads letters opens those that it has a key for."""
        return self.encrypted is not None

    @property
    def holds_event(self) -> bool:
        """Whether its value is the event and not the record."""
        return self.content == HASHED_EVENT


def read(headers: Headers) -> Head | None:
    """What `headers` say; None where they are none of a letter, or were damaged. Total."""
    texts = {name[len(PREFIX) :]: value for name, value in headers if value is not None and name.startswith(PREFIX)}
    if "kind" not in texts:
        return None
    found: dict[str, str | int] = {}
    for name in HEADERS.keys() & texts.keys():
        text = texts[name].decode(errors="replace")
        if name not in _NUMBERS:
            found[name] = text
        elif (number := _number(text)) is None or (number < 0 and name not in _ANY_SIGN):
            return None  # it would else mean more than it names
        else:
            found[name] = number
    try:
        return Head(**found)  # type: ignore[arg-type]  # a text or a number, as _NUMBERS says
    except TypeError:  # one is missing that no letter lacks
        return None


def _number(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(text) <= _LONGEST else None


def original(letter: Record, head: Head) -> Record:
    """The record that `letter` was made of, where it was first read, with its own headers."""
    return Record(
        Partition(head.source_topic, head.source_partition),
        head.source_offset,
        head.source_timestamp,
        letter.key,
        letter.value,
        own_headers(letter.headers),
    )


def own_headers(headers: Headers) -> Headers:
    """Those of `headers` that are not ours."""
    return [each for each in headers if not each[0].startswith(PREFIX)]
