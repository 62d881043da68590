"""What no event of a mapping can be without: a mapping that never makes it would make dead letters alone."""

from __future__ import annotations

from collections.abc import Iterator

from capi_stream.intake.mapping.spec import Mistake, Spec

REQUIRED = ("event_name", "event_time", "action_source", "user_data")
"""What the API requires of every event (server event parameters)."""


def lacking(spec: Spec) -> Iterator[Mistake]:
    """A mistake for each required parameter that a template of events never makes."""
    for template in spec.templates:
        missing = [name for name in REQUIRED if name not in template.event.members]
        if missing:
            names = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
            line = template.event.place.line
            yield Mistake(line, f"event makes no {names}, which the API requires: every event would be refused")
