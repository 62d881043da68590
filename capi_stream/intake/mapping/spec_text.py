"""A mapping's YAML text -> its spec, and every mistake in it with line, place and what to write instead."""

from __future__ import annotations

import re
from typing import Any

import yaml

from capi_stream.intake.mapping.spec import (
    Condition,
    Constant,
    Each,
    Equals,
    Every,
    Expression,
    Filter,
    First,
    Listed,
    Members,
    Mistake,
    Not,
    Path,
    Place,
    Present,
    Some,
    Spec,
    Store,
    Table,
    Template,
    When,
)
from capi_stream.intake.mapping.spec_nodes import Nodes, line_of, nearest
from capi_stream.intake.mapping.targets import OPEN, elsewhere, name_of, parameters_in

SOURCES = ("from", "const", "first", "each", "list", "store")
MODIFIERS = ("values", "otherwise", "default", "when", "item")
NOTHING: Expression = Constant(None)
"""Stands where a mistake was found, so that the rest is read too."""


def read_spec(text: str, name: str) -> tuple[Spec, list[Mistake]]:
    """The spec in `text` and what is wrong with it. With mistakes, the spec holds what could be read."""
    reader = _Reader()
    root = reader.composed(text)
    return reader.spec(root, name), reader.mistakes


def read_condition(root: yaml.Node) -> tuple[Condition, list[Mistake]]:
    """The condition in `root` and what is wrong with it."""
    reader = _Reader()
    return reader.condition(root, "the condition"), reader.mistakes


class _Reader(Nodes):
    """One reading. Every method reads one node and notes what is wrong with it."""

    def spec(self, root: yaml.Node | None, name: str) -> Spec:
        parts: dict[str, yaml.Node] = {}
        if isinstance(root, yaml.MappingNode):
            parts = self.known_keys(root, ("filters", "pixel", "event", "events"), "a mapping")
        elif not self.mistakes:
            self.mistakes.append(Mistake(1, "a mapping is an object with the keys filters, pixel and event or events"))
        filters = parts.get("filters")
        return Spec(
            name,
            tuple(self._filter(each) for each in self.sequence(filters, "filters")) if filters else (),
            self.expression(parts["pixel"], "pixel") if "pixel" in parts else None,
            self._templates(parts),
        )

    def _templates(self, parts: dict[str, yaml.Node]) -> tuple[Template, ...]:
        if "events" in parts:
            if "event" in parts:
                self.wrong(parts["event"], "it has 'event' and 'events': for several, write each below 'events'")
            return tuple(self._template(each) for each in self.sequence(parts["events"], "events"))
        if "event" in parts:
            return (Template(self.members(parts["event"], "event")),)
        if parts:
            self.mistakes.append(Mistake(1, "it has no 'event': write there what each parameter is made from"))
        return ()

    def _template(self, node: yaml.Node) -> Template:
        parts = self.known_keys(node, ("when", "each", "pixel", "event"), "an item of events")
        event = Members({}, None, Place(line_of(node), "event"))
        if "event" in parts:
            event = self.members(parts["event"], "event")
        else:
            self.wrong(node, "an item of events needs an 'event': write there what each parameter is made from")
        each = self._path(parts["each"], "each") if "each" in parts else None
        return Template(
            event,
            self.expression(parts["pixel"], "pixel") if "pixel" in parts else None,
            self.condition(parts["when"], "an item of events") if "when" in parts else None,
            each if isinstance(each, Path) else None,
        )

    def _filter(self, node: yaml.Node) -> Filter:
        parts = self.known_keys(node, ("reason", "when"), "a filter")
        reason = self.text(parts.get("reason"))
        if not re.fullmatch(r"[a-z][a-z0-9_]*", reason):
            self.wrong(node, "a filter needs a 'reason' of small letters, digits and _, under which it is counted")
        if "when" not in parts:
            self.wrong(node, "a filter needs a 'when': the condition under which a record is not sent")
            return Filter(reason, Some(()))
        return Filter(reason, self.condition(parts["when"], f"filter {reason}"))

    # Objects and expressions.

    def members(self, node: yaml.Node, makes: str) -> Members:
        """The object that `makes` names."""
        members: dict[str, Expression | Members] = {}
        spread: Path | None = None
        parameters = parameters_in(makes)
        for key, value in self.items(node, makes):
            name = name_of(key, makes)
            if key == "*" and makes == OPEN:
                path = self._path(value, name)
                spread = path if isinstance(path, Path) else None
            elif parameters is not None and key not in parameters and makes != OPEN:
                hint = elsewhere(key) or nearest(key, parameters)
                self.wrong(value, f"{makes} has no parameter '{key}'.{hint}")
            else:
                members[key] = self.value(value, name)
        return Members(members, spread, Place(line_of(node), makes))

    def value(self, node: yaml.Node, makes: str) -> Expression | Members:
        """An object where `node` has none of an expression's keys, else an expression."""
        if isinstance(node, yaml.MappingNode):
            keys = {self.text(key) for key, _ in node.value}
            if keys and not keys & {*SOURCES} and not keys <= {*MODIFIERS}:
                empty = Members({}, None, Place(line_of(node), makes))
                return self.nested(node, lambda: self.members(node, makes), empty)
        return self.expression(node, makes)

    def expression(self, node: yaml.Node, makes: str) -> Expression:
        """A path, or an object with one of SOURCES and any of MODIFIERS."""
        if isinstance(node, yaml.MappingNode):
            return self.nested(node, lambda: self._modified(node, makes), NOTHING)
        return self._path(node, makes)

    def _modified(self, node: yaml.MappingNode, makes: str) -> Expression:
        parts = self.known_keys(node, (*SOURCES, *MODIFIERS), makes)
        sources = [key for key in SOURCES if key in parts]
        if len(sources) != 1:
            self.wrong(node, f"{makes} needs one of {', '.join(SOURCES)}, and has {' and '.join(sources) or 'none'}")
            return NOTHING
        made = self._source(sources[0], parts, makes)
        if "values" in parts:
            made = self._table(made, parts, Place(line_of(node), makes))
        elif "otherwise" in parts:
            self.wrong(parts["otherwise"], f"{makes} has 'otherwise' without 'values'; where null is meant: 'default'")
        if "default" in parts:
            made = First((made, self._written(parts["default"])))
        if "when" in parts:
            made = When(self.condition(parts["when"], makes), made)
        return made

    def _source(self, source: str, parts: dict[str, yaml.Node], makes: str) -> Expression:
        node = parts[source]
        if "item" in parts and source != "each":
            self.wrong(parts["item"], f"{makes} has 'item' without 'each'")
        match source:
            case "const":
                return self._written(node)
            case "first":
                return First(tuple(self.expression(each, makes) for each in self.sequence(node, f"{makes}: first")))
            case "list":
                items = self.sequence(node, f"{makes}: list")
                return Listed(tuple(self.value(each, f"{makes}[]") for each in items), Place(line_of(node), makes))
            case "store":
                return Store(self.expression(node, makes))
            case "each":
                if "item" not in parts:
                    self.wrong(node, f"{makes} has 'each' without 'item': write there what each item becomes")
                    return NOTHING
                path = self._path(node, makes)
                return Each(path, self.value(parts["item"], f"{makes}[]")) if isinstance(path, Path) else NOTHING
            case _:
                return self._path(node, makes)

    def _table(self, source: Expression, parts: dict[str, yaml.Node], place: Place) -> Table:
        entries = {key: self.constant(value) for key, value in self.items(parts["values"], f"{place.makes}: values")}
        otherwise = self.constant(parts["otherwise"]) if "otherwise" in parts else None
        return Table(source, entries, "otherwise" in parts, otherwise, place)

    def _path(self, node: yaml.Node, makes: str) -> Expression:
        value = self.constant(node) if isinstance(node, yaml.ScalarNode) else None
        if not isinstance(value, str):
            shown = (node.value or "nothing") if isinstance(node, yaml.ScalarNode) else "a list or an object"
            self.wrong(
                node, f"{makes} wants a path, such as order.value, and has {shown}; write a constant as {{const: ...}}"
            )
            return NOTHING
        if not all(value.split(".")):
            self.wrong(node, f"{makes} reads '{value}': a path is names with single dots between them")
            return NOTHING
        return Path(tuple(value.split(".")), Place(line_of(node), makes))

    def _written(self, node: yaml.Node) -> Constant:
        return Constant(self.constant(node), line_of(node))

    # Conditions.

    def condition(self, node: yaml.Node, makes: str) -> Condition:
        """An object whose every member holds: a path and what is there, or any, all, not."""
        if not isinstance(node, yaml.MappingNode) or not node.value:
            self.wrong(node, f"{makes}: a condition is an object, such as {{consent.advertising: DENIED}}")
            return Some(())
        none: tuple[Condition, ...] = ()
        conditions = self.nested(
            node, lambda: tuple(self._test(*item, makes) for item in self.items(node, makes)), none
        )
        return conditions[0] if len(conditions) == 1 else Every(conditions)

    def _test(self, key: str, node: yaml.Node, makes: str) -> Condition:
        match key:
            case "any":
                return Some(tuple(self.condition(each, makes) for each in self.sequence(node, f"{makes}: any")))
            case "all":
                return Every(tuple(self.condition(each, makes) for each in self.sequence(node, f"{makes}: all")))
            case "not":
                return Not(self.condition(node, makes))
        if not all(key.split(".")):
            self.wrong(node, f"{makes} tests '{key}': a path is names with single dots between them")
            return Some(())
        path = Path(tuple(key.split(".")), Place(line_of(node), makes))
        if isinstance(node, yaml.MappingNode):
            return self._worded_test(path, node, makes)
        return _equals(path, self.constant(node))

    def _worded_test(self, path: Path, node: yaml.MappingNode, makes: str) -> Condition:
        parts = self.known_keys(node, ("present", "not"), f"{makes}: the test of {path.text}")
        if len(parts) != 1:
            self.wrong(
                node, f"{makes}: write the test of {path.text} as a value, a list, {{not: ...}} or {{present: true}}"
            )
            return Some(())
        if "not" in parts:
            return Not(_equals(path, self.constant(parts["not"])))
        wanted = self.constant(parts["present"])
        if not isinstance(wanted, bool):
            self.wrong(node, f"{makes}: present is true or false")
        return Present(path) if wanted else Not(Present(path))


def _equals(path: Path, value: Any) -> Condition:
    if value is None:
        return Not(Present(path))
    return Equals(path, tuple(value) if isinstance(value, list) else (value,))
