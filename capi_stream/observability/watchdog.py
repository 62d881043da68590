"""Says where the loop is stuck, from a thread of its own: the loop cannot tell."""

from __future__ import annotations

import sys
import threading
import traceback

import structlog

from capi_stream.observability.board import Board

log = structlog.get_logger("capi_stream")

LOOK_EVERY_SECONDS = 1.0


class Watchdog:
    """Looks whether the loop turns. Logs the stacks of all threads once when it does not, and once that it does again.

    Stacks are files, lines and code, never values: they hold no personal data.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._is_stalled = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._ended.set()

    def look(self) -> None:
        """Log what has changed since the last look."""
        problem = self._board.not_alive()
        if problem is not None and not self._is_stalled:
            log.error("loop_stalled", reason=problem, stacks=stacks())
        elif problem is None and self._is_stalled:
            log.info("loop_turns_again")
        self._is_stalled = problem is not None

    def _run(self) -> None:
        while not self._ended.wait(LOOK_EVERY_SECONDS):
            self.look()


def stacks() -> dict[str, list[str]]:
    """Thread -> where it is, outermost call first, each as `file:line in function`."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return {
        names.get(ident, str(ident)): [
            f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_stack(top)
        ]
        for ident, top in sys._current_frames().items()  # noqa: SLF001  the one way to see other threads
    }
