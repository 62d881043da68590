"""Where an exception came from, as a log may tell it: its own words may quote a record or a token."""

from __future__ import annotations

import traceback
from types import TracebackType


def places(trace: TracebackType | None) -> list[str]:
    """The calls that led to it, outermost first, each as `file:line function`: no values, no words."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
