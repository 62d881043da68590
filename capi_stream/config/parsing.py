"""A YAML text as nested mappings of texts, each with its line.

Every scalar is kept as it is written: the setting's type, not YAML's guess, gives it its meaning. So `0123`, `no` and
`1:30` stay what they look like, a pixel's id needs no quotes, and a file says the same as an environment variable.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from capi_stream.config.document import Document
from capi_stream.config.keys import KeyPath, dotted
from capi_stream.config.mistakes import ConfigError, Finding, Mistake, Place, WrongValueError

MOST_VALUES = 100_000
"""In one document. Aliases multiply: nine lines of nine aliases each would be 400 million values."""

_CORE_TAG = "tag:yaml.org,2002:"


def read_document(path: Path) -> Document:
    """The mapping in the file at `path`. Raises ConfigError where nothing can be made of it."""
    name = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable(Place(name), "this is no UTF-8 text", "Save the file as UTF-8") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        why = getattr(error, "strerror", None) or "this is no path"
        raise _unreadable(Place(name), f"the file cannot be read: {why}", "Name a YAML file with --config") from None
    return parse_document(text, name)


def parse_document(text: str, name: str) -> Document:
    """The mapping in `text`, which stands in the file `name`. Raises ConfigError where nothing can be made of it."""
    document = Document(places={(): Place(name)})
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        found = None if node is None else _Reader(document, name).read(node, (), ())
    except yaml.YAMLError as error:
        raise _syntax(error, name) from None
    except RecursionError:
        raise _unreadable(Place(name), "brackets or blocks are nested too deep", "Write it flatter") from None
    if isinstance(found, dict):
        document.values = found
        return document
    document.verdict()
    advice = "Begin with keys, such as `kafka:`; docs/configuration.md has all"
    raise _unreadable(Place(name), "this is no mapping", advice)


def parse_value(text: str) -> Any:
    """A list or mapping that an environment variable holds, written as in YAML. Raises WrongValueError."""
    try:
        document = parse_document(f"value: {text}", "")
        document.verdict()
    except ConfigError as error:
        first = error.mistakes[0]
        raise WrongValueError(first.what, first.write_instead) from None
    return document.values["value"]


def _unreadable(where: Place, what: str, write_instead: str) -> ConfigError:
    return ConfigError([Mistake(where, "", what, write_instead)])


def _syntax(error: yaml.YAMLError, name: str) -> ConfigError:
    """A syntax error. YAML's words quote names from the text, which may be a secret that wants quotes: they are cut."""
    mark = getattr(error, "problem_mark", None)
    where = Place(name) if mark is None else Place(name, mark.line + 1)
    problem = str(getattr(error, "problem", None) or "it holds a control character")
    if "another document" in problem:
        return _unreadable(where, "a second document begins here", "Leave one, or run the service once for each")
    if "alias" in problem or "anchor" in problem or "tag" in problem:
        return _unreadable(where, "this is no YAML: *, & and ! have a meaning of their own", "Put the value in quotes")
    return _unreadable(where, f"this is no YAML: {problem}", "Mend the line, or the one above it")


class _Reader:
    """Turns YAML nodes into plain values, and notes where they stand."""

    def __init__(self, document: Document, name: str) -> None:
        self._document = document
        self._name = name
        self._left = MOST_VALUES

    def read(self, node: yaml.Node, path: KeyPath, around: tuple[yaml.Node, ...]) -> Any:
        """The value of `node`, which stands within the nodes `around`. Raises ConfigError if there are too many."""
        self._left -= 1
        if self._left < 0:
            what = f"this makes more than {MOST_VALUES:,} values"
            raise _unreadable(self._where(node), what, "Repeat less with aliases (*), or write less")
        if node in around:
            return self._spoilt(node, path, "this refers to itself", "Write out what is meant")
        if not node.tag.startswith(_CORE_TAG):
            return self._spoilt(node, path, "! begins a YAML tag, which means nothing here", "Quote the value")
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
                first = self._document.places[inner].line
                self._mistake(key, inner, f"the key stands twice, first in line {first}", "Leave one of them out")
                continue
            yield key.value, self.read(value, self._placed(key, inner), around)

    def _placed(self, node: yaml.Node, path: KeyPath) -> KeyPath:
        self._document.places[path] = self._where(node)
        return path

    def _where(self, node: yaml.Node) -> Place:
        return Place(self._name, node.start_mark.line + 1)

    def _spoilt(self, node: yaml.Node, path: KeyPath, what: str, write_instead: str) -> None:
        self._document.places[path] = self._where(node)
        self._document.spoil(Finding(path, what, write_instead))

    def _mistake(self, node: yaml.Node, path: KeyPath, what: str, write_instead: str) -> None:
        self._document.mistakes.append(Mistake(self._where(node), dotted(path), what, write_instead))
