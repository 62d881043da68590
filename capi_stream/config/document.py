"""What a configuration says, where it says it, and what is wrong with it.

Mistakes that only follow from another are not told. A faulty key is taken out, so that the rest can be looked at; what
is then found about it, about what stands below it, or from it, is no news.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from capi_stream.config.keys import KeyPath, dotted
from capi_stream.config.mistakes import ConfigError, Finding, Mistake, Place


@dataclass(slots=True)
class Document:
    """Values are texts, None, lists and mappings of them. `places` says where each key stands, `()` is the file."""

    places: dict[KeyPath, Place]
    values: dict[str, Any] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    faulty: set[KeyPath] = field(default_factory=set)

    def place(self, path: KeyPath) -> Place:
        """Where `path` stands, or would."""
        while path not in self.places:
            path = path[:-1]
        return self.places[path]

    def tell(self, finding: Finding) -> None:
        """Note a mistake, unless it only follows from a faulty key."""
        if not any(self._is_faulty(path) for path in (finding.path, *finding.rests_on)):
            where = self.place(finding.path)
            self.mistakes.append(Mistake(where, dotted(finding.path), finding.what, finding.write_instead))

    def spoil(self, finding: Finding) -> None:
        """Note a mistake, and that nothing can be made of the value."""
        self.tell(finding)
        self.faulty.add(finding.path)

    def at(self, path: KeyPath) -> Any:
        """The value at `path`; None where there is none."""
        value: Any = self.values
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def put(self, path: KeyPath, value: Any) -> None:
        """Write `value` to `path`, with the mappings around it."""
        holder = self.values
        for key in path[:-1]:
            holder = holder.setdefault(key, {})
        holder[path[-1]] = value

    def take_out(self, path: KeyPath) -> KeyPath:
        """Take the faulty value at `path` out, with the list that holds it; return what was taken."""
        above = path[:-1]
        while above and not isinstance(self.at(above), dict):
            path, above = above, above[:-1]
        self.at(above).pop(path[-1], None)
        self.faulty.add(path)
        return path

    def verdict(self) -> None:
        """Raise ConfigError if there are mistakes: those of the file by line, then those of the environment."""
        if self.mistakes:
            file = self.places[()].source
            once = dict.fromkeys(self.mistakes)
            raise ConfigError(sorted(once, key=lambda each: (each.where.source != file, each.where)))

    def _is_faulty(self, path: KeyPath) -> bool:
        return any(path[:length] in self.faulty for length in range(1, len(path) + 1))
