"""What is sent for raw texts that come again and again, names and places: a bounded memory of a pure function."""

from __future__ import annotations

from capi_stream.intake.parameters.forms import Sender
from capi_stream.intake.parameters.raw_values import LeftOut

REPEATING = frozenset({"fn", "ln", "ge", "ct", "st", "zp", "country"})
"""Parameters of which a shop sees few values again and again. What is everybody's own would only fill the memory."""

MOST = 4_000  # values of a parameter, and as many that were there before: 2 MB
LONGEST = 100  # characters


class Remembered(dict[str, str | LeftOut]):
    """Raw text -> what is sent for it; `remembered[raw]` asks the sender for what it does not know."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._before: dict[str, str | LeftOut] = {}  # what it held when it was last full

    def __missing__(self, raw: str) -> str | LeftOut:
        sent = self._before.get(raw) or self._sender(raw)
        if len(raw) <= LONGEST:
            if len(self) >= MOST:
                self._before = dict(self)
                self.clear()  # those that matter come back
            self[raw] = sent
        return sent
