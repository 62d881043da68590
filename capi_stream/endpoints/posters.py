"""The threads that post. Batches go in by one queue, and come back with their outcomes by another."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue

from capi_stream.delivery.batches import Batch
from capi_stream.delivery.outcomes import Outcome
from capi_stream.endpoints.client import Client
from capi_stream.endpoints.network import trusted_authorities
from capi_stream.endpoints.settings import PosterSettings
from capi_stream.endpoints.tokens import Tokens


class PosterBroken(Exception):  # noqa: N818  it names a state, as the loop sees it
    """A bug ended one of the threads, and its batch will never be answered: the service must stop."""


class Posters:
    """Posts batches, several at a time. No thread of it ever waits but for a batch or for the network.

    Raises ValueError for a `ca_file` that cannot be used.
    """

    def __init__(self, settings: PosterSettings, tokens: Tokens) -> None:
        self._waiting: SimpleQueue[Batch | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[Batch, Outcome] | Exception] = SimpleQueue()
        trusted = trusted_authorities(settings.ca_file)
        self._threads = [
            threading.Thread(
                target=self._work, args=(Client(settings, tokens, trusted),), name=f"poster-{number}", daemon=True
            )
            for number in range(1, settings.workers + 1)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, batch: Batch) -> None:
        """Post `batch` as soon as a thread is free; its outcome comes back once, by `answers`."""
        self._waiting.put(batch)

    def answers(self, wait_seconds: float = 0.0) -> Iterator[tuple[Batch, Outcome]]:
        """What has come back. If nothing has, wait `wait_seconds` for the first. Raises PosterBroken."""
        while (answer := self._next(wait_seconds)) is not None:
            if isinstance(answer, Exception):
                raise PosterBroken(f"a thread that posts ended: {type(answer).__name__}") from answer
            yield answer
            wait_seconds = 0.0

    def _next(self, wait_seconds: float) -> tuple[Batch, Outcome] | Exception | None:
        try:
            return self._answers.get(timeout=wait_seconds) if wait_seconds > 0 else self._answers.get_nowait()
        except Empty:
            return None

    def close(self, deadline: float) -> bool:
        """Post nothing more, and wait until `deadline` (monotonic) for what is out; whether all of it has ended.

        What has not is left to its own deadline, or to the end of the process.
        """
        with suppress(Empty):
            while True:
                self._waiting.get_nowait()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self, client: Client) -> None:
        try:
            while (batch := self._waiting.get()) is not None:
                self._answers.put((batch, client.post(batch)))
        except Exception as error:  # noqa: BLE001  top of a thread: the loop raises it
            self._answers.put(error)
        finally:
            client.close()
