"""The proof: every event that was published is found exactly where it should be, and everything is committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from capi_stream.cli.demo.orders import Orders


@dataclass(frozen=True, slots=True)
class Books:
    """What was found, beside what was published.

    `accepted` counts each event id that the API took; `letters` are the headers of the dead letters, `filtered` is the
    service's own count.
    """

    orders: Orders
    accepted: Counter[str]
    letters: tuple[Mapping[str, str], ...]
    filtered: int
    committed: Mapping[int, int]
    ends: Mapping[int, int]
    exit_codes: tuple[int, ...]

    @property
    def published(self) -> int:
        """How many records were published."""
        return len(self.orders.values)

    @property
    def reasons(self) -> Counter[str]:
        """Dead letters by reason."""
        return Counter(letter.get("capi-stream.reason", "none") for letter in self.letters)

    @property
    def duplicates(self) -> int:
        """Events that the API took more than once; it drops the second of two with one id."""
        return sum(number - 1 for number in self.accepted.values())

    def faults(self) -> list[str]:
        """What does not balance, a sentence each. Empty: it all does."""
        expected = self.orders
        refused = {
            letter["capi-stream.event_id"]: letter["capi-stream.reason"]
            for letter in self.letters
            if letter.get("capi-stream.event_id")
        }
        unreadable = sum(1 for letter in self.letters if letter.get("capi-stream.stage") == "decode")
        checks = [
            (f"not accepted: {_some(expected.accepted - set(self.accepted))}", expected.accepted <= set(self.accepted)),
            (
                f"accepted, but should not be: {_some(set(self.accepted) - expected.accepted)}",
                set(self.accepted) <= expected.accepted,
            ),
            (f"dead letters are {refused}, expected {expected.refused}", refused == expected.refused),
            (f"{unreadable} undecodable records, expected {expected.unreadable}", unreadable == expected.unreadable),
            (f"{self.filtered} filtered, expected {len(expected.filtered)}", self.filtered == len(expected.filtered)),
            (f"committed {self.committed}, but the topic ends at {self.ends}", self.committed == self.ends),
            (f"exit codes {self.exit_codes}, expected only 0", not any(self.exit_codes)),
            ("a record is in two places, or in none", self._adds_up()),
        ]
        return [sentence for sentence, holds in checks if not holds]

    def _adds_up(self) -> bool:
        return self.published == len(self.accepted) + len(self.letters) + self.filtered


def _some(names: Iterable[str]) -> str:
    names = sorted(names)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
