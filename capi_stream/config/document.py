"""A YAML text as nested mappings of texts, each with its line.

Every scalar is kept as it is written: the setting's type, not YAML's guess, gives it its meaning. So `0123`, `no` and
`1:30` stay what they look like, a pixel's id needs no quotes, and a file says the same as an environment variable.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from capi_stream.config.mistakes import Mistake, WrongValueError

KeyPath = tuple[str, ...]
"""The keys from the root to a setting; an entry of a list is a number."""

_CORE_TAG = "tag:yaml.org,2002:"


@dataclass(slots=True)
class Document:
    """What was read: texts, None, lists and mappings of them. `places` says where each key stands."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def place(self, path: KeyPath) -> str:
        """Where `path` stands, or would."""
        while path not in self.places and path:
            path = path[:-1]
        return self.places.get(path, "")


def read_document(path: Path) -> Document:
    """The mapping in the file at `path`. What cannot be read is a mistake; never raises."""
    name = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return _faulty(name, "this is no UTF-8 text", "Save the file as UTF-8")
    except OSError as error:
        return _faulty(name, f"the file cannot be read: {error.strerror}", "Name a YAML file with --config")
    return parse_document(text, name)


def parse_document(text: str, name: str) -> Document:
    """The mapping in `text`, which stands in the file `name`."""
    document = Document(places={(): name})
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        found = None if node is None else _Reader(document, name).read(node, (), ())
    except yaml.YAMLError as error:
        return _unreadable(error, name)
    except RecursionError:
        return _faulty(name, "brackets or blocks are nested too deep", "Write it flatter")
    if isinstance(found, dict):
        document.values = found
    elif not document.mistakes:
        return _faulty(name, "this is no mapping", "Begin with keys, such as `kafka:`; docs/configuration.md has all")
    return document


def parse_value(text: str) -> Any:
    """A list or mapping that an environment variable holds, written as in YAML. Raises WrongValueError."""
    document = parse_document(f"value: {text}", "")
    for mistake in document.mistakes:
        raise WrongValueError(mistake.what, mistake.write_instead)
    return document.values["value"]


def _faulty(where: str, what: str, write_instead: str) -> Document:
    return Document(places={(): where}, mistakes=[Mistake(where, "", what, write_instead)])


def _unreadable(error: yaml.YAMLError, name: str) -> Document:
    """A syntax error. YAML's words quote names from the text, which may be a secret that wants quotes: they are cut."""
    mark = getattr(error, "problem_mark", None)
    where = name if mark is None else f"{name}, line {mark.line + 1}"
    problem = str(getattr(error, "problem", None) or "it holds a control character")
    if "alias" in problem or "anchor" in problem or "tag" in problem:
        return _faulty(where, "this is no YAML: *, & and ! have a meaning of their own", "Put the value in quotes")
    return _faulty(where, f"this is no YAML: {problem}", "Mend the line, or the one above it")


class _Reader:
    """Turns YAML nodes into plain values, and notes where they stand."""

    def __init__(self, document: Document, name: str) -> None:
        self._document = document
        self._name = name

    def read(self, node: yaml.Node, path: KeyPath, around: tuple[yaml.Node, ...]) -> Any:
        """The value of `node`, which stands within the nodes `around`."""
        if node in around:
            return self._mistake(node, path, "this refers to itself", "Write out what is meant")
        if not node.tag.startswith(_CORE_TAG):
            return self._mistake(node, path, "! begins a YAML tag, which means nothing here", "Quote the value")
        match node:
            case yaml.MappingNode():
                return dict(self._entries(node, path, (*around, node)))
            case yaml.SequenceNode():
                return [
                    self.read(entry, self._placed(entry, (*path, str(number))), (*around, node))
                    for number, entry in enumerate(node.value)
                ]
            case _:
                return None if node.tag == f"{_CORE_TAG}null" else node.value

    def _entries(
        self, node: yaml.MappingNode, path: KeyPath, around: tuple[yaml.Node, ...]
    ) -> Iterator[tuple[str, Any]]:
        """The keys and values of `node`, `around` included; a key that stands twice counts once."""
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._mistake(key, path, "a key must be a text", "Quote it")
                continue
            inner = (*path, key.value)
            if inner in self._document.places:
                first = self._document.places[inner].rpartition(" ")[2]
                self._mistake(key, inner, f"the key stands twice, first in line {first}", "Leave one of them out")
                continue
            yield key.value, self.read(value, self._placed(key, inner), around)

    def _placed(self, node: yaml.Node, path: KeyPath) -> KeyPath:
        self._document.places[path] = self._where(node)
        return path

    def _where(self, node: yaml.Node) -> str:
        return f"{self._name}, line {node.start_mark.line + 1}"

    def _mistake(self, node: yaml.Node, path: KeyPath, what: str, write_instead: str) -> None:
        self._document.mistakes.append(Mistake(self._where(node), ".".join(path), what, write_instead))
