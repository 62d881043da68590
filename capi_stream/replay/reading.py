"""Letters read as the records that they were; or passed over, which leaves them where they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from capi_stream.intake.intake import Intake
from capi_stream.letter_heads import Head, read
from capi_stream.model import Forwarded, Mapped, Reading, Record, SchemaRef
from capi_stream.replay.choosing import MOST_REPLAYS, Choice
from capi_stream.replay.newer import Newer

PASSED_OVER = {
    "not_chosen": "the filters do not take it",
    "no_letter": "it is none of ours: its headers do not say where it came from",
    "not_decrypted": "it is encrypted, and no key of letters.encryption_key_file opens it",
    "value_omitted": "its value was too large for the letters' topic, or letters.content leaves it out; publish the "
    "record at its source again",
    "not_a_record": "it holds the event in place of the record (letters.content): replay it without --to-topic",
    "newer_letter": "a replay of it failed, and left a newer letter in its place",
    "replayed_too_often": "it failed again after as many replays as are allowed",
    "too_old": "the API takes no event of its age any more",
    "topic_not_configured": "the configuration does not have the topic where its record was first read",
    "too_large_for_topic": "the topic of --to-topic takes no record of its size; see its max.message.bytes",
}
"""Why a letter stays where it lies -> what that means."""

MENDABLE = frozenset({"not_decrypted", "topic_not_configured"})
"""What a person should mend first: a replay that has passed a letter over does not see it again."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a replay is to do. `to_topic` is where its letters go, unread, in place of the API; `newer` knows what
    earlier replays have left.
    """

    choice: Choice
    most_replays: int = MOST_REPLAYS
    to_topic: str = ""
    newer: Newer = field(default_factory=Newer)

    def passes_over(self, head: Head | None, reads: Callable[[str], bool]) -> str | None:
        """Why the letter with `head` is left alone; None where it is not. `reads`: whether a topic can be read."""
        if head is None:
            return "no_letter"
        if not self.choice.takes(head):
            return "not_chosen"
        if self.newer.stands_for(head):
            return "newer_letter"
        if head.is_sealed:
            return "not_decrypted"
        if head.value_omitted:
            return "value_omitted"
        if self.to_topic and head.holds_event:
            return "not_a_record"
        if head.replay_count >= self.most_replays:
            return "replayed_too_often"
        return None if self.to_topic or reads(head.source_topic) else "topic_not_configured"


def with_hope(reading: Reading) -> Reading:
    """`reading`, but that one which is only too old is left where it lies: a new letter would be kept for longer."""
    if not isinstance(reading, Mapped) or reading.events or reading.filtered:
        return reading
    reasons = {rejection.reason for rejection in reading.rejections}
    return Mapped(filtered=["too_old"], schema=reading.schema) if reasons == {"event_time_too_old"} else reading


class Letters:
    """Stands where Intake does, and reads letters. `told` learns how many of a poll's letters are sent again."""

    def __init__(self, intake: Intake, wish: Wish, told: Callable[[int], None] = lambda _: None) -> None:
        self._intake = intake
        self._wish = wish
        self._told = told

    def readings(self, records: Sequence[Record], unix_now: float) -> Iterator[tuple[Record, Reading | Forwarded]]:
        """Read `records` as of Unix second `unix_now`, in their order."""
        reasons = [self._wish.passes_over(read(record.headers), self._intake.reads) for record in records]
        taken = [record for record, reason in zip(records, reasons, strict=True) if reason is None]
        self._told(len(taken))
        read_again = self._read(taken, unix_now)
        for record, reason in zip(records, reasons, strict=True):
            yield (record, Mapped(filtered=[reason])) if reason is not None else next(read_again)

    def _read(self, letters: Sequence[Record], unix_now: float) -> Iterator[tuple[Record, Reading | Forwarded]]:
        if not self._wish.to_topic:
            for letter, reading in self._intake.readings(letters, unix_now):
                yield letter, with_hope(reading)
            return
        for letter in letters:
            head = read(letter.headers)
            assert head is not None  # it is taken
            yield letter, Forwarded(self._wish.to_topic, head.reason)

    def __call__(self, record: Record, unix_now: float) -> Reading:
        """Read one that has waited for its schema."""
        return with_hope(self._intake(record, unix_now))

    # What the registry said.

    def learned(self, schema: SchemaRef, schema_text: str, references: Sequence[str] = ()) -> None:
        """As Intake."""
        self._intake.learned(schema, schema_text, references)

    def unknown(self, schema: SchemaRef) -> None:
        """As Intake."""
        self._intake.unknown(schema)

    def lapsed(self, schema: SchemaRef) -> None:
        """As Intake."""
        self._intake.lapsed(schema)
