"""Which member of a destination's condition keeps an event from it, in the words of the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from capi_stream.cli.json_text import written
from capi_stream.intake.mapping.event_conditions import holds
from capi_stream.intake.mapping.spec import Condition, Equals, Every, Not, Path, Present, Some


def unmet(condition: Condition, event: Mapping[str, Any], shown: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each member of `condition` that does not hold for `event`, as it is sent; none if all hold.

    `shown` is the event as a person may see it: what it has in the place of what was wanted is read there.
    """
    if holds(condition, event):
        return
    match condition:
        case Every(conditions):
            for each in conditions:
                yield from unmet(each, event, shown)
        case Equals(path) | Present(path):
            yield f"`{spelt(condition)}` does not hold: the event has {_there(path, shown)}"
        case Not(Equals(path) | Present(path)):
            yield f"`{spelt(condition)}` does not hold: the event has {_there(path, shown)}"
        case Some(()):
            yield "`any: []` holds for nothing"
        case Some() | Not():
            yield f"`{spelt(condition)}` does not hold"
        case _:
            assert_never(condition)


def spelt(condition: Condition) -> str:
    """A condition as it is written in a mapping or a configuration, without the outer braces."""
    match condition:
        case Equals(path, values):
            return f"{path.text}: {_values(values)}"
        case Present(path):
            return f"{path.text}: {{present: true}}"
        case Not(Present(path)):
            return f"{path.text}: {{present: false}}"
        case Not(Equals(path, values)):
            return f"{path.text}: {{not: {_values(values)}}}"
        case Not(inner):
            return f"not: {{{spelt(inner)}}}"
        case Some(conditions):
            return f"any: [{_listed(conditions)}]"
        case Every(conditions):
            return f"all: [{_listed(conditions)}]"
        case _:
            assert_never(condition)


def _listed(conditions: tuple[Condition, ...]) -> str:
    return ", ".join(f"{{{spelt(each)}}}" for each in conditions)


def _values(values: tuple[Any, ...]) -> str:
    texts = [each if isinstance(each, str) else written(each) for each in values]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _there(path: Path, shown: Mapping[str, Any]) -> str:
    """What `shown` has at `path`."""
    found: Any = shown
    for part in path.parts:
        found = found.get(part) if isinstance(found, dict) else None
    if found in (None, "", [], {}):
        return f"no {path.text}"
    return found if isinstance(found, str) else written(found)
