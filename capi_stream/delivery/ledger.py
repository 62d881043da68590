"""Plain counts of what was done, and the snapshot that the status page and the metrics read.

The loop counts with integers; the shells turn them into series when somebody asks.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from capi_stream.model import Destination, Partition


@dataclass(slots=True)
class RecordCounts:
    """What became of one topic's records: counted twice a record, so in places of their own."""

    consumed: int = 0
    settled: int = 0
    tombstone: int = 0
    skipped: int = 0  # settled before this assignment began
    released: int = 0  # given back by a revoke
    ignored: int = 0  # of a partition that is not ours, or seen before

    @property
    def in_hand(self) -> int:
        """Those whose fate is open: neither settled nor given back."""
        return self.consumed - self.settled - self.tombstone - self.skipped - self.released


@dataclass(slots=True)
class Ledger:
    """Counters since start. Each field's comment names the labels of its key, in order."""

    topics: dict[str, RecordCounts] = field(default_factory=dict)
    events: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # pixel, event name, outcome
    filtered: Counter[tuple[str, str]] = field(default_factory=Counter)  # topic, reason
    rejected: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # pixel, stage, reason
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)  # field, reason
    noted: Counter[tuple[str, str]] = field(default_factory=Counter)  # field, what
    identifiers: Counter[tuple[str, str]] = field(default_factory=Counter)  # pixel, field
    requests: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)  # pixel, endpoint, outcome, reason
    request_errors: Counter[tuple[str, str]] = field(default_factory=Counter)  # code, subcode
    batches_closed: Counter[str] = field(default_factory=Counter)  # reason
    received_mismatch: Counter[str] = field(default_factory=Counter)  # pixel
    unknown_outcome_events: Counter[str] = field(default_factory=Counter)  # pixel
    dead_letters: Counter[str] = field(default_factory=Counter)  # reason
    parked: Counter[str] = field(default_factory=Counter)  # reason
    forwarded: Counter[str] = field(default_factory=Counter)  # the letter's reason
    letter_errors: Counter[str] = field(default_factory=Counter)  # reason
    commits: Counter[str] = field(default_factory=Counter)  # outcome: acknowledged, refused
    metadata_ignored: Counter[str] = field(default_factory=Counter)  # why a text beside a committed offset was not read
    replays: str = ""  # the kind of letters that are read, where they are
    uncommitted: int = 0  # offsets of records that were settled, and given back before the broker had them as committed
    retries: int = 0
    splits: int = 0
    resent_events: int = 0
    usage: dict[str, float] = field(default_factory=dict)  # pixel -> share of the rate limit used, as last said
    oldest_parked: dict[str, int] = field(default_factory=dict)  # pixel -> Unix time of the oldest event parked
    late_resent_events: int = 0  # resent more than 48 h after the first post whose answer was lost

    def has_parked(self, pixel: str, event_time: int) -> None:
        """An event of `pixel` that happened at `event_time`, in Unix seconds, was parked."""
        self.oldest_parked[pixel] = min(event_time, self.oldest_parked.get(pixel, event_time))

    def of_topic(self, topic: str) -> RecordCounts:
        """The counts of `topic`, made at first sight."""
        return self.topics.setdefault(topic, RecordCounts())

    @property
    def records(self) -> Counter[tuple[str, str]]:
        """How often each topic's records had each outcome, without those that none had."""
        return +Counter({
            (topic, outcome.name): getattr(counts, outcome.name)
            for topic, counts in self.topics.items()
            for outcome in fields(counts)
        })  # fmt: skip

    def copy(self) -> Ledger:
        """The counts as they are now."""
        counts: dict[str, Any] = {
            each.name: value.copy() for each in fields(self) if isinstance(value := getattr(self, each.name), dict)
        }
        counts["topics"] = {topic: replace(each) for topic, each in self.topics.items()}
        return replace(self, **counts)


@dataclass(frozen=True, slots=True)
class PartitionView:
    """One assigned partition. `oldest_timestamp_ms` is that of the record that holds `committable` back."""

    partition: Partition
    committed: int
    committable: int
    position: int
    uncommitted: int
    is_paused: bool
    oldest_timestamp_ms: int | None


@dataclass(frozen=True, slots=True)
class GateView:
    """One holding gate; times are of the monotonic clock."""

    scope: str
    name: str
    reason: str
    since: float
    until: float
    attempt: int


class LastError(NamedTuple):
    """The last answer that was no success, as an operator may see it.

    `what` is reason, HTTP status, code, subcode and trace id; `words` are the API's own, without what they quote; `at`
    is of the monotonic clock.
    """

    what: str
    words: str
    at: float


@dataclass(frozen=True, slots=True)
class LaneView:
    """One destination. `waiting` counts the events of its open batch, `open_batch`, too; `gates` are the scopes and
    names of all that it must pass."""

    destination: Destination
    waiting: int
    in_flight: int
    oldest_event_time: float | None
    last_error: LastError | None
    open_batch: int = 0
    gates: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LetterView:
    """One letter that was stored, as an operator may see it: nothing of the record's own words, no id of its event.

    `kind` is dead_letter or parked; `pixel` and `event` are labels, as in the ledger; `words` are the API's own,
    without what they quote; `failed_at` is of the monotonic clock.
    """

    kind: str
    reason: str
    stage: str
    pixel: str
    event: str
    partition: Partition
    offset: int
    status: int | None = None
    code: int | None = None
    subcode: int | None = None
    words: str = ""
    fbtrace_id: str | None = None
    attempts: int = 0
    failed_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the loop shows, at one moment. `now` is of the monotonic clock, `unix_now` of the wall's."""

    now: float
    unix_now: float
    ledger: Ledger
    partitions: tuple[PartitionView, ...]
    gates: tuple[GateView, ...]
    lanes: tuple[LaneView, ...]
    usage: dict[str, float]  # pixel -> share of the rate limit used
    buffered_events: int
    buffered_bytes: int
    buffer_limit_bytes: int
    posts_in_flight: int
    letters_in_flight: int
    waiting_for_schema: int
    last_commit_unix: float | None
    letters: tuple[LetterView, ...] = ()  # the newest of each kind and reason, from old to new
