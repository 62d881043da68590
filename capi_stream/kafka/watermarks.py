"""Where the partitions end: the high watermarks that a lag is measured against."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition

from capi_stream.kafka.clients import bystander_properties, connected
from capi_stream.kafka.settings import ConsumerSettings
from capi_stream.model import Partition

ANSWER_SECONDS = 2.0


class Watermarks:
    """Asks for the high watermarks of the watched partitions every few seconds, in a thread and a client of its own.

    Asked, and not read from the member's cache: that one freezes while a partition is paused, which is when a lag
    matters. A client of its own: a client lets in one thread at a time, so that the member's polls and these questions
    would wait for each other (seen: no answer for 15 s).
    """

    def __init__(self, settings: ConsumerSettings) -> None:
        self._client: Consumer = connected(Consumer, bystander_properties(settings), lambda _: None)  # the member tells
        self._every = settings.watermarks_every_seconds
        self._watched: frozenset[Partition] = frozenset()
        self._known: Mapping[Partition, int] = {}  # replaced as a whole, never changed: read by other threads
        self._turn = threading.Event()
        self._closed = threading.Event()
        threading.Thread(target=self._run, name="watermarks", daemon=True).start()

    def watch(self, partitions: Collection[Partition]) -> None:
        """Ask for `partitions` from now on, and no others."""
        self._watched = frozenset(partitions)
        self._turn.set()

    def known(self) -> Mapping[Partition, int]:
        """The high watermark of each watched partition that has answered yet, as of the last time it did."""
        watched = self._watched
        return {partition: high for partition, high in self._known.items() if partition in watched}

    def close(self) -> None:
        """Ask no more. What is being asked now ends by itself."""
        self._closed.set()
        self._turn.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._turn.clear()
            self._client.poll(0)  # lets go of the errors that the client keeps for its error_cb
            found = dict(self._known)
            for partition in self._watched:
                if self._closed.is_set():
                    break
                if (high := self._ask(partition)) is not None:
                    found[partition] = high
            self._known = {partition: high for partition, high in found.items() if partition in self._watched}
            self._turn.wait(self._every)
        self._client.close()

    def _ask(self, partition: Partition) -> int | None:
        try:
            _, high = self._client.get_watermark_offsets(TopicPartition(*partition), timeout=ANSWER_SECONDS)
        except KafkaException:
            return None  # an outage shows elsewhere; the last answer stands
        return high
