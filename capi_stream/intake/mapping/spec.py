"""What a mapping says, as values: expressions, conditions, filters. `spec_text.py` reads them from YAML.

Every place that can be wrong against a schema carries its line and its name in the event, so that a message can say
where to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: its line in the mapping (1 is the first), and what it makes, such as `user_data.em`."""

    line: int
    makes: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in a mapping, and what to write instead."""

    line: int
    text: str


class MappingError(Exception):
    """A mapping that cannot be used; `mistakes` are all that were found, in the order of their lines."""

    def __init__(self, name: str, mistakes: Iterable[Mistake]) -> None:
        self.name = name
        self.mistakes = tuple(sorted(set(mistakes), key=lambda mistake: mistake.line))
        super().__init__("\n".join(f"mapping {name}, line {each.line}: {each.text}" for each in self.mistakes))


@dataclass(frozen=True, slots=True)
class Path:
    """The value at a dotted path; null where it, or anything before it, is null. An empty text counts as null.

    One that begins with `$` leads elsewhere than into the record or item at hand: see `reading.py`.
    """

    parts: tuple[str, ...]
    place: Place

    @property
    def text(self) -> str:
        """The path as it is written."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Constant:
    """Always the same JSON value. `line` is where it stands; 0 where that is nowhere."""

    value: Any
    line: int = 0


@dataclass(frozen=True, slots=True)
class First:
    """The first of `options` that is not null."""

    options: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What `entries` has for the value of `source`; `otherwise` where it has nothing. Null stays null.

    The keys are texts as they were written. Without `otherwise` the table must name every symbol of an enum.
    """

    source: Expression
    entries: Mapping[str, Any]
    has_otherwise: bool
    otherwise: Any
    place: Place


@dataclass(frozen=True, slots=True)
class Converted:
    """`source` read as `reading` (a name of `conversions.READINGS`); null where it cannot be."""

    source: Expression
    reading: str
    place: Place


@dataclass(frozen=True, slots=True)
class Scaled:
    """The number of `source` divided by 10 ** `scale`: cents of scale 2 are whole ones."""

    source: Expression
    scale: int
    place: Place


@dataclass(frozen=True, slots=True)
class Format:
    """A text of texts and the values at paths; null where one of these is null."""

    parts: tuple[str | Path, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Each:
    """A list: `item` for every item of the array at `path`, without nulls; null if empty. Paths begin at the item."""

    path: Path
    item: Expression | Members


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of `items`, without nulls; null if none is left. In `app_data.extinfo` a null is an empty text."""

    items: tuple[Expression | Members, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Store:
    """The pixel that the routing table has for a store's id."""

    source: Expression


@dataclass(frozen=True, slots=True)
class When:
    """`value` where `condition` holds, else null."""

    condition: Condition
    value: Expression | Members


@dataclass(frozen=True, slots=True)
class Members:
    """A JSON object. Members that are null are left out; so is the whole object if none is left.

    `spread` is a path to a map whose entries are added under their own names.
    """

    members: Mapping[str, Expression | Members]
    spread: Path | None
    place: Place


Expression = Path | Constant | First | Table | Converted | Scaled | Format | Each | Listed | Store | When


@dataclass(frozen=True, slots=True)
class Equals:
    """The value at `path` is one of `values`."""

    path: Path
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Present:
    """The value at `path` is not null."""

    path: Path


@dataclass(frozen=True, slots=True)
class Every:
    """All of `conditions` hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of `conditions` holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`condition` does not hold."""

    condition: Condition


Condition = Equals | Present | Every | Some | Not


@dataclass(frozen=True, slots=True)
class Filter:
    """Records for which `condition` holds are not sent, and counted by `reason`."""

    reason: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Template:
    """What one event is made from, if `condition` holds; with `each`, one for every item of the array there.

    `pixel` is None where it is the mapping's. With `each` all other paths begin at the item.
    """

    event: Members
    pixel: Expression | None = None
    condition: Condition | None = None
    each: Path | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole mapping: which records are not sent, and the events that each other one becomes, in order.

    `pixel` is None where the mapping leaves it to the default pixel.
    """

    name: str
    filters: tuple[Filter, ...]
    pixel: Expression | None
    templates: tuple[Template, ...]
