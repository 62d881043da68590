"""A member of the group that reads no faster than it may."""

from __future__ import annotations

import time
from collections.abc import Callable

from capi_stream.kafka.consumer import GroupConsumer, RebalanceListener
from capi_stream.kafka.settings import ConsumerSettings
from capi_stream.model import Record

Room = Callable[[float, int], int]
"""How many records may be read at a monotonic second, of so many at most."""


class PacedConsumer(GroupConsumer):
    """As GroupConsumer; `room` says how many records a poll may bring. With none a poll waits, and serves nobody."""

    def __init__(self, settings: ConsumerSettings, listener: RebalanceListener, room: Room) -> None:
        super().__init__(settings, listener)
        self._room = room

    def poll(self, max_records: int, timeout: float) -> list[Record]:
        """As GroupConsumer's, within the room that is left."""
        room = self._room(time.monotonic(), max_records)
        if room:
            return super().poll(room, timeout)
        time.sleep(timeout)
        return []
