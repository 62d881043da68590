"""Conditions on an event as it will be sent, in the mapping's language: which destinations get it.

A destination belongs to a pixel, and a pixel takes events of many topics, so these read the event and not the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

import yaml

from capi_stream.intake.mapping.spec import Condition, Equals, Every, Not, Path, Present, Some
from capi_stream.intake.mapping.spec_conditions import read_condition
from capi_stream.intake.mapping.spec_nodes import nearest, spelt
from capi_stream.intake.mapping.targets import OBJECTS, OPEN, parameter_at, parameters_in
from capi_stream.intake.parameters.raw_values import LeftOut
from capi_stream.intake.parameters.table import Hashing, Kind, Parameter

INNER = tuple(name for name in OBJECTS if name != "event" and not name.endswith("[]"))
"""The objects of an event whose members a condition can name, such as `user_data`."""


class ConditionError(ValueError):
    """A condition that cannot be used; each of `mistakes` is a sentence."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(self.mistakes))


def event_condition(written: Mapping[str, Any]) -> Condition:
    """The condition that `written` spells out, in values or in the texts of them. Raises ConditionError.

    Its values are in the normal form in which an event has them: a currency `EUR` is `eur` when it is sent.
    """
    condition, mistakes = read_condition(_node(written))
    wrong = [*(each.text for each in mistakes), *(each for test in _tests(condition) if (each := _wrong(test)))]
    if wrong:
        raise ConditionError(wrong)
    return _as_sent(condition)


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
    """What is wrong with `test`: it reads the event as it is sent, whose parameters are the API's."""
    text = test.path.text
    within, dot, name = text.rpartition(".")
    parameters = parameters_in(within) if within in INNER else parameters_in("event") if not dot else None
    if within.partition(".")[0] == OPEN and (parameters is None or name not in parameters):
        return _wrong_property(text)
    if parameters is None or name not in parameters:
        known = [
            *(parameters_in("event") or ()),
            *(f"{each}.{key}" for each in INNER for key in parameters_in(each) or ()),
        ]
        return f"an event has no '{text}'.{nearest(text, known)}"
    return _wrong_values(test, parameters[name]) if isinstance(test, Equals) else ""


def _wrong_property(text: str) -> str:
    """What is wrong with the path of a custom property: it leads into a parameter, or is none."""
    property_name = text.split(".")[1]
    if property_name in (parameters_in(OPEN) or ()):
        return f"'{text}' leads into '{OPEN}.{property_name}', which is no object: a condition cannot look into it"
    return f"'{text}' is no property: name one" if property_name == "*" else ""


def _wrong_values(test: Equals, parameter: Parameter) -> str:
    """Why `parameter` can never be one of the values of `test`."""
    text = test.path.text
    if parameter.hashing is not Hashing.NEVER:
        return f"'{text}' is hashed when it is sent: it can be tested with {{present: true}} alone"
    if parameter.kind in (Kind.OBJECT, Kind.OBJECTS):
        return f"'{text}' is no single value: it can be tested with {{present: true}} alone"
    if not test.values:
        return f"'{text}' is tested for an empty list: nothing is in it"
    for value in filter(lambda each: each is not None, test.values):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if parameter.kind in (Kind.INTEGER, Kind.NUMBER) and not is_number:
            return f"'{text}' is a number, and never {spelt(value)}"
        if parameter.kind is Kind.FLAG and value not in (True, False):
            return f"'{text}' is true or false, and never {spelt(value)}"
        if parameter.values and value not in parameter.values:
            known = sorted(parameter.values)
            return f"'{text}' is never {spelt(value)}; it is {', '.join(known)}.{nearest(str(value), known)}"
        if isinstance(_normal(value, parameter), LeftOut):
            return f"'{text}' is never {spelt(value)}: its normal form leaves that out"
    return ""


def _normal(value: Any, parameter: Parameter) -> Any:
    """`value` as an event has it; LeftOut where the parameter is left out instead."""
    is_text = parameter.kind is Kind.TEXT and value is not None and not isinstance(value, bool)
    return parameter.normal(str(value)) if is_text else value


def _as_sent(condition: Condition) -> Condition:
    match condition:
        case Equals(path, values) if parameter := parameter_at(path.text):
            return Equals(path, tuple(_normal(value, parameter) for value in values))
        case Every(inner):
            return Every(tuple(map(_as_sent, inner)))
        case Some(inner):
            return Some(tuple(map(_as_sent, inner)))
        case Not(each):
            return Not(_as_sent(each))
    return condition
