"""What parameters are made from, in YAML -> expressions, and every mistake in them with its line."""

from __future__ import annotations

import re

import yaml

from capi_stream.intake.mapping.conversions import MOST_SCALE, READINGS
from capi_stream.intake.mapping.spec import (
    Constant,
    Converted,
    Each,
    Expression,
    First,
    Format,
    Listed,
    Members,
    Path,
    Place,
    Scaled,
    Store,
    Table,
    When,
)
from capi_stream.intake.mapping.spec_conditions import ConditionReader
from capi_stream.intake.mapping.spec_nodes import line_of, nearest
from capi_stream.intake.mapping.targets import OPEN, elsewhere, name_of, parameters_in

SOURCES = ("from", "const", "first", "each", "list", "format", "store")
MODIFIERS = ("as", "scale", "values", "otherwise", "default", "when", "item")
NOTHING: Expression = Constant(None)
"""Stands where a mistake was found, so that the rest is read too."""


class ExpressionReader(ConditionReader):
    """Reads expressions and objects of them. `makes` is what one makes, such as `user_data.em`."""

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
        place = Place(line_of(node), makes)
        made = self._read_as(self._source(sources[0], parts, makes), parts, place)
        if "values" in parts:
            made = self._table(made, parts, place)
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
            case "format":
                return self._format(node, makes)
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

    def _format(self, node: yaml.Node, makes: str) -> Expression:
        """A text with paths in braces."""
        text = self.constant(node) if isinstance(node, yaml.ScalarNode) else None
        pieces = re.split(r"\{([^{}]*)\}", text) if isinstance(text, str) else []
        literals, paths = pieces[::2], pieces[1::2]
        if not paths or any(brace in literal for literal in literals for brace in "{}"):
            self.wrong(node, f"{makes}: format is a text with paths in braces, such as 'shop-{{order.id}}'")
            return NOTHING
        parts: list[str | Path] = [literals[0]]
        for path, literal in zip(paths, literals[1:], strict=True):
            if not all(path.split(".")):
                self.wrong(node, f"{makes} reads '{path}': a path is names with single dots between them")
                return NOTHING
            parts += [Path(tuple(path.split(".")), Place(line_of(node), makes)), literal]
        return Format(tuple(filter(None, parts)), Place(line_of(node), makes))

    def _read_as(self, source: Expression, parts: dict[str, yaml.Node], place: Place) -> Expression:
        """`source` as `as` and `scale` say that its values are to be understood."""
        made = source
        if "as" in parts:
            name = self.text(parts["as"])
            if name in READINGS:
                made = Converted(made, name, place)
            else:
                known = ", ".join(READINGS)
                self.wrong(parts["as"], f"{place.makes} has as '{name}'; it can be {known}.{nearest(name, READINGS)}")
        if "scale" in parts:
            scale = self.constant(parts["scale"])
            if type(scale) is int and 0 <= scale <= MOST_SCALE:
                made = Scaled(made, scale, place)
            else:
                what = f"how many of the digits stand behind the point: 0 to {MOST_SCALE}"
                self.wrong(parts["scale"], f"{place.makes}: scale is {what}")
        return made

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
