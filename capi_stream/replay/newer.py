"""Letters in whose place newer ones stand: a replay that failed has left the first where it lay."""

from __future__ import annotations

from collections import defaultdict

from capi_stream.letter_heads import Head
from capi_stream.model import Part

Source = tuple[str, int, int]
"""Topic, partition and offset of the record that a letter is of."""


class Newer:
    """What replays have left behind: how often each letter of theirs was replayed, and what it means."""

    def __init__(self) -> None:
        self._left: defaultdict[Source, list[tuple[int, Part]]] = defaultdict(list)

    def learn(self, head: Head) -> None:
        """There is a letter with `head`. Only those of replays are remembered."""
        if head.replay_count:
            self._left[_source(head)].append((head.replay_count, head.part))

    def stands_for(self, head: Head) -> bool:
        """Whether a newer letter stands for that with `head`: of the same record, replayed more often, and no wider.

        What else of the earlier one was sent was accepted, or has a newer letter too.
        """
        left = self._left.get(_source(head), ())
        return any(count > head.replay_count and _is_within(part, head.part) for count, part in left)


def _source(head: Head) -> Source:
    return head.source_topic, head.source_partition, head.source_offset


def _is_within(part: Part, wider: Part) -> bool:
    pairs = ((part.index, wider.index), (part.pixel, wider.pixel), (part.endpoint, wider.endpoint))
    return all(whole is None or whole == each for each, whole in pairs)
