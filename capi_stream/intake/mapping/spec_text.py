"""A mapping's YAML text -> its spec, and every mistake in it with line, place and what to write instead."""

from __future__ import annotations

import re

import yaml

from capi_stream.intake.mapping.spec import Filter, Members, Mistake, Path, Place, Some, Spec, Template
from capi_stream.intake.mapping.spec_expressions import ExpressionReader
from capi_stream.intake.mapping.spec_nodes import line_of


def read_spec(text: str, name: str) -> tuple[Spec, list[Mistake]]:
    """The spec in `text` and what is wrong with it. With mistakes, the spec holds what could be read."""
    reader = _Reader()
    root = reader.composed(text)
    return reader.spec(root, name), reader.mistakes


class _Reader(ExpressionReader):
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
