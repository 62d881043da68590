"""Semantic tables that become cards on a phone: every cell carries its column's name."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple


class Html(str):
    """A text that is HTML already: everything else is escaped."""

    __slots__ = ()


class Column(NamedTuple):
    """`is_number` aligns it to the right."""

    name: str
    is_number: bool = False


class Row(NamedTuple):
    """Cells, a class for colour, and what stands below them at full width."""

    cells: Sequence[str]
    mood: str = ""
    below: str = ""


def text(value: str) -> Html:
    """`value` escaped, unless it is HTML already."""
    return value if isinstance(value, Html) else Html(escape(value))


def table(caption: str, columns: Sequence[Column], rows: Sequence[Row], otherwise: str) -> Html:
    """A table, or a line that says why there is none."""
    if not rows:
        return Html(f'<p class="none">{escape(otherwise)}</p>')
    heads = "".join(f'<th scope="col"{_number(column)}>{escape(column.name)}</th>' for column in columns)
    bodies = "".join(_body(columns, row) for row in rows)
    return Html(
        f'<table><caption class="unseen">{escape(caption)}</caption><thead><tr>{heads}</tr></thead>{bodies}</table>'
    )


def _body(columns: Sequence[Column], row: Row) -> str:
    first, *others = zip(columns, row.cells, strict=True)
    cells = f'<th scope="row">{text(first[1])}</th>' + "".join(
        f'<td data-name="{escape(column.name)}"{_number(column)}>{text(cell)}</td>' for column, cell in others
    )
    below = f'<tr class="below"><td colspan="{len(columns)}">{text(row.below)}</td></tr>' if row.below else ""
    return f'<tbody class="{row.mood}"><tr>{cells}</tr>{below}</tbody>'


def _number(column: Column) -> str:
    return ' class="number"' if column.is_number else ""


def bar(share: float, name: str) -> Html:
    """A bar for `share` (0 to 1)."""
    return Html(
        f'<progress max="100" value="{100 * min(1.0, max(0.0, share)):.0f}" aria-label="{escape(name)}"></progress>'
    )
