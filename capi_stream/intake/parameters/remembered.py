"""What is sent for raw values that come again and again, names and places: a bounded memory of a pure function."""

from __future__ import annotations

from capi_stream.intake.parameters.raw_values import LeftOut
from capi_stream.intake.parameters.table import Parameter, identifier

REPEATING = frozenset({"fn", "ln", "ge", "ct", "st", "zp", "country"})
"""Parameters of which a shop sees few values again and again. What is everybody's own would only fill the memory."""

MOST = 4_000  # values of a parameter: 1 MB
LONGEST = 100  # characters


class Remembered(dict[str, str | LeftOut]):
    """Raw text -> what is sent for it; `remembered[raw]` works out what it does not know yet."""

    def __init__(self, parameter: Parameter) -> None:
        self._parameter = parameter

    def __missing__(self, raw: str) -> str | LeftOut:
        sent = identifier(self._parameter, raw)
        if len(raw) <= LONGEST:
            if len(self) >= MOST:
                self.clear()  # those that matter are back at once
            self[raw] = sent
        return sent
