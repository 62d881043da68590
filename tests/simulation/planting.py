"""How a bug is planted: an engine is made, and one method of one of its parts is put in the place of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from capi_stream.delivery.engine import Engine
from capi_stream.delivery.settings import Limits

Sabotage = Callable[[Engine, Limits], None]


class Planted:
    """Makes engines with one bug; can be sent to another process."""

    def __init__(self, sabotage: Sabotage) -> None:
        self._sabotage = sabotage

    def __call__(self, limits: Limits) -> Engine:
        engine = Engine(limits)
        self._sabotage(engine, limits)
        return engine


def put(part: Any, name: str, method: Any) -> None:
    """Let `part` have `method` in place of its own, which is given to it first."""
    own = getattr(part, name)
    setattr(part, name, lambda *given, **named: method(own, *given, **named))
