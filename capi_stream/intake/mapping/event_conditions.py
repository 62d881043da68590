"""Conditions on an event as it will be sent, in the mapping's language: which destinations get it.

A destination belongs to a pixel, and a pixel takes events of many topics, so these read the event and not the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

import yaml

from capi_stream.intake.mapping.spec import Condition, Equals, Every, Not, Path, Present, Some
from capi_stream.intake.mapping.spec_nodes import nearest
from capi_stream.intake.mapping.spec_text import read_condition
from capi_stream.intake.mapping.targets import OBJECTS, OPEN, parameter_at, parameters_in
from capi_stream.intake.parameters.table import Hashing

INNER = tuple(name for name in OBJECTS if name != "event" and not name.endswith("[]"))
"""The objects of an event whose members a condition can name, such as `user_data`."""


class ConditionError(ValueError):
    """A condition that cannot be used; each of `mistakes` is a sentence."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(self.mistakes))


def event_condition(written: Mapping[str, Any]) -> Condition:
    """The condition that `written` spells out, in values or in the texts of them. Raises ConditionError."""
    condition, mistakes = read_condition(_node(written))
    wrong = [*(each.text for each in mistakes), *(each for test in _tests(condition) if (each := _wrong(test)))]
    if wrong:
        raise ConditionError(wrong)
    return condition


def holds(condition: Condition, event: Mapping[str, Any]) -> bool:
    """Whether `condition` holds for `event`, a JSON object. Of a list, one value must be as it says."""
    match condition:
        case Equals(path, values):
            found = _at(path, event)
            listed = found if isinstance(found, list) else [found]
            return any(_same(each, value) for each in listed for value in values)
        case Present(path):
            return _at(path, event) not in (None, "", [], {})
        case Every(conditions):
            return all(holds(each, event) for each in conditions)
        case Some(conditions):
            return any(holds(each, event) for each in conditions)
        case Not(inner):
            return not holds(inner, event)
        case _:
            assert_never(condition)


def _same(found: Any, wanted: Any) -> bool:
    """Numbers equal the texts that an event has of them, such as an order's id; true and false are no numbers."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    return bool(found == wanted) or (isinstance(found, str) and found == str(wanted))


def _node(written: Any) -> yaml.Node:
    """YAML as it was before the configuration read it."""
    match written:
        case Mapping():
            pairs = [(_node(key), _node(value)) for key, value in written.items()]
            return yaml.MappingNode("tag:yaml.org,2002:map", pairs, _MARK, _MARK)
        case list() | tuple():
            return yaml.SequenceNode("tag:yaml.org,2002:seq", [_node(each) for each in written], _MARK, _MARK)
        case bool():
            return _node(str(written).lower())
    return yaml.ScalarNode("tag:yaml.org,2002:str", "" if written is None else str(written), _MARK, _MARK)


_MARK = yaml.Mark("configuration", 0, 0, 0, None, 0)  # its mistakes are told by the key and not by a line


def _at(path: Path, event: Any) -> Any:
    for part in path.parts:
        event = event.get(part) if isinstance(event, dict) else None
    return event


def _tests(condition: Condition) -> Iterable[Equals | Present]:
    match condition:
        case Equals() | Present():
            yield condition
        case Every(inner) | Some(inner):
            for each in inner:
                yield from _tests(each)
        case Not(each):
            yield from _tests(each)


def _wrong(test: Equals | Present) -> str:
    """What is wrong with the path of `test`: it is read in the event, whose parameters are the API's."""
    within, dot, name = test.path.text.rpartition(".")
    parameters = parameters_in(within) if within in INNER else parameters_in("event") if not dot else None
    if within.partition(".")[0] == OPEN:
        return ""
    if parameters is None or name not in parameters:
        known = [
            *(parameters_in("event") or ()),
            *(f"{each}.{key}" for each in INNER for key in parameters_in(each) or ()),
        ]
        return f"an event has no '{test.path.text}'.{nearest(test.path.text, known)}"
    parameter = parameter_at(test.path.text)
    if isinstance(test, Equals) and parameter and parameter.hashing is not Hashing.NEVER:
        return f"'{test.path.text}' is hashed when it is sent: it can be tested with {{present: true}} alone"
    return ""
