"""YAML nodes as a mapping needs them: with lines, keys as they are spelt, and what is wrong noted beside its line.

The text is composed, not loaded: YAML 1.1 would read a country `NO` as false, and lose a key that stands twice.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar

import yaml

from capi_stream.intake.mapping.spec import Mistake

DEEPEST = 20  # levels; a YAML alias can contain itself
DEEPEST_TEXT = 64  # levels of brackets and indents, before they are read: the YAML reader recurses with each
MOST_NODES = 2_000  # objects and lists, each as often as it is read: aliases of aliases double with every line

Made = TypeVar("Made")


def nearest(word: str, words: Collection[str]) -> str:
    """A question that names the nearest of `words`, to be put behind a message; empty if none is near."""
    found = difflib.get_close_matches(word, list(words), 1, 0.6)
    return f" Did you mean '{found[0]}'?" if found else ""


def spelt(value: Any) -> str:
    """A constant, as messages quote it."""
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)


class Nodes:
    """Reads nodes, one at a time, and notes what is wrong with each."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self._depth = 0
        self._nodes = 0

    def composed(self, text: str) -> yaml.Node | None:
        """The root of the text; None where it is empty or no YAML."""
        try:
            self.mistakes.extend(_unreadable(text))
            return None if self.mistakes else yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
            problem = getattr(error, "problem", None) or "it cannot be read"
            self.mistakes.append(Mistake(mark.line + 1 if mark else 1, f"this is not YAML: {problem}"))
        except (ValueError, OverflowError):
            self.mistakes.append(Mistake(1, "this is not YAML: it has an escape that is no character"))
        return None

    def wrong(self, node: yaml.Node, text: str) -> None:
        """Note that `node` is wrong."""
        self.mistakes.append(Mistake(line_of(node), text))

    def nested(self, node: yaml.Node, read: Callable[[], Made], instead: Made) -> Made:
        """What `read` makes of `node`; `instead` where it stands too deep."""
        if self._depth >= DEEPEST:
            self.wrong(node, f"it nests deeper than {DEEPEST} levels")
            return instead
        self._nodes += 1
        if self._nodes > MOST_NODES:
            if self._nodes == MOST_NODES + 1:
                self.wrong(
                    node, f"it has more than {MOST_NODES:,} objects and lists, those of aliases counted each time"
                )
            return instead
        self._depth += 1
        try:
            return read()
        finally:
            self._depth -= 1

    def items(self, node: yaml.Node, what: str) -> Iterator[tuple[str, yaml.Node]]:
        """The keys of an object, as they are spelt, and their values. `what` names it in messages."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{what} is an object: write 'name: ...' lines under it")
            return
        seen = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.wrong(key, f"{what}: a key is a plain word")
            elif key.value in seen:
                self.wrong(key, f"{what} has '{key.value}' twice; remove one")
            else:
                seen.add(key.value)
                yield key.value, value

    def known_keys(self, node: yaml.Node, known: tuple[str, ...], what: str) -> dict[str, yaml.Node]:
        """The members of an object that knows only the keys in `known`."""
        parts = dict(self.items(node, what))
        for key in [key for key in parts if key not in known]:
            self.wrong(parts.pop(key), f"{what} has no key '{key}'; it knows {', '.join(known)}.{nearest(key, known)}")
        return parts

    def sequence(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        """The items of a list that is not empty."""
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.wrong(node, f"{what} is a list: write '- ...' lines under it")
            return []
        return list(node.value)

    def text(self, node: yaml.Node | None) -> str:
        """A scalar as it is written; empty for anything else."""
        return str(node.value) if isinstance(node, yaml.ScalarNode) else ""

    def constant(self, node: yaml.Node) -> Any:
        """The JSON value that `node` spells out."""
        match node:
            case yaml.ScalarNode():
                return self._scalar(node)
            case yaml.SequenceNode():
                return self.nested(node, lambda: [self.constant(each) for each in node.value], [])
            case _:
                empty: dict[str, Any] = {}
                return self.nested(node, lambda: self._object(node), empty)

    def _object(self, node: yaml.Node) -> dict[str, Any]:
        return {key: self.constant(each) for key, each in self.items(node, "a constant")}

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        """A scalar as YAML 1.2's core schema reads it: only null, true, false and decimal numbers are no texts."""
        text = str(node.value)
        if node.style is None:
            if text in _WORDS:
                return _WORDS[text]
            if re.fullmatch(r"[-+]?[0-9]{1,18}", text):
                return int(text)
            if re.fullmatch(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}", text):
                return float(text)
        return text


_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


def line_of(node: yaml.Node) -> int:
    """The line that `node` begins in; 1 is the first."""
    return int(node.start_mark.line) + 1


def _unreadable(text: str) -> Iterator[Mistake]:
    """The first thing in `text` that is YAML, and that nobody should read all the same."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = int(event.start_mark.line) + 1 if event.start_mark else 1
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent) and re.search("[\ud800-\udfff]", event.value):
            yield Mistake(line, "a text in it has half a surrogate pair, which JSON in UTF-8 cannot hold")
            return
        if depth > DEEPEST_TEXT:
            yield Mistake(line, f"it nests deeper than {DEEPEST_TEXT} levels")
            return
