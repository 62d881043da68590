"""Up to where each partition is read, by one who reads only what was there when it began."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from capi_stream.model import Partition, Record


class Ends:
    """The offset at which each partition ends, and which were read up to there.

    That no record is left below its end shows in two ways: a record at its end or behind it comes, or the client says
    that nothing more does. The last offsets before an end may be markers, or compacted away, so none is waited for.
    """

    def __init__(self, ends: Mapping[Partition, int]) -> None:
        self._ends = dict(ends)
        self._reached: set[Partition] = set()

    def within(self, records: Iterable[Record]) -> list[Record]:
        """Those of `records` that lie below the end of their partition. One that was added later ends at its start."""
        kept = []
        for record in records:
            end = self._ends.get(record.partition, 0)
            if record.offset < end:
                kept.append(record)
            if record.offset >= end - 1:
                self._reached.add(record.partition)
        return kept

    def nothing_comes(self, partition: Partition, offset: int) -> None:
        """The client has read `partition` up to `offset`, where it ends now."""
        if offset >= self._ends.get(partition, 0):
            self._reached.add(partition)

    def cut(self, partition: Partition, end: int) -> None:
        """The log of `partition` ends at `end` now: what lay behind that does not come any more."""
        self._ends[partition] = min(end, self._ends.get(partition, 0))

    def came_back(self, partitions: Iterable[Partition]) -> None:
        """`partitions` are read anew, from where their group has come to."""
        self._reached.difference_update(partitions)

    def reached(self, partitions: Collection[Partition]) -> Collection[Partition]:
        """Those of `partitions` of which nothing is to be read any more."""
        return self._reached.intersection(partitions)
