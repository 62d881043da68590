"""A condition in YAML -> what it asks, and every mistake in it with line, place and what to write instead."""

from __future__ import annotations

from typing import Any

import yaml

from capi_stream.intake.mapping.spec import Condition, Equals, Every, Mistake, Not, Path, Place, Present, Some
from capi_stream.intake.mapping.spec_nodes import Nodes, line_of


def read_condition(root: yaml.Node) -> tuple[Condition, list[Mistake]]:
    """The condition in `root` and what is wrong with it."""
    reader = ConditionReader()
    return reader.condition(root, "the condition"), reader.mistakes


class ConditionReader(Nodes):
    """Reads conditions. `makes` names in messages what one belongs to."""

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
