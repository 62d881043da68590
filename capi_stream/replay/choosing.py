"""Which letters are meant: filters over what their headers say."""

from __future__ import annotations

from dataclasses import dataclass

from capi_stream.letter_heads import Head

MOST_REPLAYS = 5  # a letter that failed so often again is left to a person, who can say so


@dataclass(frozen=True, slots=True)
class Choice:
    """Filters; an empty one takes all, and a letter must pass each. Times in Unix seconds.

    A letter lies between `since` and `until` by when it failed last. `topics` are those where records were first read.
    """

    reasons: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    pixels: frozenset[str] = frozenset()
    codes: frozenset[int] = frozenset()
    topics: frozenset[str] = frozenset()
    event_names: frozenset[str] = frozenset()
    since: float | None = None
    until: float | None = None

    def takes(self, head: Head) -> bool:
        """Whether the letter with `head` is meant."""
        wanted = (
            (self.reasons, head.reason),
            (self.stages, head.stage),
            (self.pixels, head.pixel),
            (self.codes, head.code),
            (self.topics, head.source_topic),
            (self.event_names, head.event_name),
        )
        return all(not some or each in some for some, each in wanted) and self._takes_time(head.last_failed_at)

    def _takes_time(self, failed_at_ms: int | None) -> bool:
        if self.since is None and self.until is None:
            return True
        if failed_at_ms is None:
            return False
        seconds = failed_at_ms / 1_000
        return (self.since is None or self.since <= seconds) and (self.until is None or seconds < self.until)
