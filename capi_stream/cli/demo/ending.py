"""How the demo ends before its time: something is missing, or a signal asks it to stop."""

from __future__ import annotations

import signal
import time
from types import TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_SECONDS = 0.1


class DemoError(RuntimeError):
    """The demo cannot go on. Its text says what is missing, where, and what to do."""


class Interrupted(Exception):  # noqa: N818  not an error: somebody wanted it
    """A signal asked the demo to end."""


class Asked:
    """Whether a signal has asked the demo to end.

    It is looked at only while the demo waits: what a signal finds half made, a process that nobody has noted yet, would
    be left behind. A Ctrl-C may well come twice, from the terminal and from who started us; the second changes nothing.
    """

    def __init__(self) -> None:
        self.number = 0  # the signal's, once there was one
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup stays nohup
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, _: object) -> None:
        self.number = self.number or number

    def pause(self, seconds: float) -> None:
        """Wait. Raises Interrupted as soon as a signal came."""
        until = time.monotonic() + seconds
        while not self.number and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))
        if self.number:
            raise Interrupted
