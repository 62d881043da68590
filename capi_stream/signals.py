"""What signals ask of the process."""

from __future__ import annotations

import os
import signal


class StoppedEarlyError(Exception):
    """A signal came while the service was still starting: nothing was read, so there is nothing to drain."""


class Asked:
    """What signals ask of the process: to stop (SIGTERM, SIGINT; the second one ends it without a word), and to open
    what fuses hold (SIGUSR1: only who may send it a signal can, which the admin port could not see to)."""

    def __init__(self) -> None:
        self.to_stop = ""  # the signal's name
        self.to_reset_fuses = False
        self.has_started = False  # until then a signal interrupts whatever waits for Kafka
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGUSR1, self._reset)

    def _stop(self, number: int, _: object) -> None:
        if self.to_stop:
            os._exit(128 + number)  # nothing more is committed: what was open is read again by the next member
        self.to_stop = signal.Signals(number).name
        if not self.has_started:
            raise StoppedEarlyError

    def _reset(self, *_: object) -> None:
        self.to_reset_fuses = True
