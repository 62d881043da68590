"""The proof: every event that was published is found exactly where it should be, and everything is committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from capi_stream.cli.demo.orders import Orders

REASON = "capi-stream.reason"
WHENCE = ("capi-stream.source_topic", "capi-stream.source_partition", "capi-stream.source_offset")


@dataclass(frozen=True, slots=True)
class Books:
    """What was found, beside what was published. Everything is counted by its identity, never by how often it came.

    `accepted` counts each event id that the API took; `letters` are the headers of the dead letters; `counted_filtered`
    is the service's own count, which grows again where a partition moves and its records are read twice.
    """

    orders: Orders
    accepted: Counter[str]
    letters: tuple[Mapping[str, str], ...]
    counted_filtered: int
    committed: Mapping[int, int]
    ends: Mapping[int, int]

    @property
    def published(self) -> int:
        """How many records were published."""
        return len(self.orders.values)

    @property
    def refused(self) -> Mapping[tuple[str, ...], Mapping[str, str]]:
        """The dead letters, by where their record stands: one that was written twice is one."""
        return {tuple(letter.get(header, "") for header in WHENCE): letter for letter in self.letters}

    @property
    def refused_events(self) -> Mapping[str, str]:
        """Id -> reason, of the dead letters whose event could be read."""
        letters = self.letters
        return {id_: letter.get(REASON, "none") for letter in letters if (id_ := letter.get("capi-stream.event_id"))}

    @property
    def reasons(self) -> Counter[str]:
        """Dead letters by reason."""
        return Counter(letter.get(REASON, "none") for letter in self.refused.values())

    @property
    def filtered(self) -> frozenset[str]:
        """The ids that should be filtered and were: neither accepted nor dead-lettered."""
        return frozenset(self.orders.filtered - set(self.accepted) - set(self.refused_events))

    @property
    def total(self) -> int:
        """How many records were found anywhere."""
        return len(self.accepted) + len(self.refused) + len(self.filtered)

    @property
    def sent_twice(self) -> int:
        """How often the API took an event that it had taken already; it drops the second of two with one id."""
        return sum(number - 1 for number in self.accepted.values())

    def faults(self) -> list[str]:
        """What does not balance, a sentence each. Empty: it all does."""
        expected, accepted = self.orders, set(self.accepted)
        refused, filtered = self.refused_events, self.filtered
        unreadable = sum(1 for letter in self.refused.values() if letter.get("capi-stream.stage") == "decode")
        checks = [
            (f"not accepted: {_some(expected.accepted - accepted)}", expected.accepted <= accepted),
            (f"accepted, but should not be: {_some(accepted - expected.accepted)}", accepted <= expected.accepted),
            (f"dead letters are {refused}, expected {expected.refused}", refused == expected.refused),
            (f"{unreadable} undecodable records, expected {expected.unreadable}", unreadable == expected.unreadable),
            (f"not filtered: {_some(expected.filtered - filtered)}", expected.filtered <= filtered),
            (
                f"the service filtered {self.counted_filtered}, expected {len(expected.filtered)} or more",
                self.counted_filtered >= len(expected.filtered),
            ),
            (f"committed {self.committed}, but the topic ends at {self.ends}", self.committed == self.ends),
            (f"{self.total:,} records were found, and {self.published:,} published", self.total == self.published),
        ]
        return [sentence for sentence, holds in checks if not holds]


def _some(names: Iterable[str]) -> str:
    names = sorted(names)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
