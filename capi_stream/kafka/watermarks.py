"""Where the partitions end: the high watermarks that a lag is measured against."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition

from capi_stream.model import Partition

ANSWER_SECONDS = 2.0


class Watermarks:
    """Asks for the high watermarks of the watched partitions every few seconds, in a thread of its own.

    Asked, and not read from the client's cache: that one freezes while a partition is paused, which is when a lag
    matters. A question costs a round trip or two, so the loop does not ask.
    """

    def __init__(self, consumer: Consumer, every_seconds: float) -> None:
        self._consumer = consumer
        self._every = every_seconds
        self._watched: frozenset[Partition] = frozenset()
        self._known: Mapping[Partition, int] = {}  # replaced as a whole, never changed: read by other threads
        self._turn = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watermarks", daemon=True)
        self._thread.start()

    def watch(self, partitions: Collection[Partition]) -> None:
        """Ask for `partitions` from now on, and no others."""
        self._watched = frozenset(partitions)
        self._turn.set()

    def known(self) -> Mapping[Partition, int]:
        """The high watermark of each watched partition that has answered yet, as of the last time it did."""
        watched = self._watched
        return {partition: high for partition, high in self._known.items() if partition in watched}

    def close(self) -> bool:
        """Ask no more. True once the thread has ended: only then may the consumer be closed."""
        self._closed.set()
        self._turn.set()
        self._thread.join(2 * ANSWER_SECONDS)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._turn.clear()
            found = dict(self._known)
            for partition in self._watched:
                if self._closed.is_set():
                    return
                if (high := self._ask(partition)) is not None:
                    found[partition] = high
            self._known = {partition: high for partition, high in found.items() if partition in self._watched}
            self._turn.wait(self._every)

    def _ask(self, partition: Partition) -> int | None:
        try:
            _, high = self._consumer.get_watermark_offsets(TopicPartition(*partition), timeout=ANSWER_SECONDS)
        except KafkaException:
            return None  # an outage shows elsewhere; the last answer stands
        return high
