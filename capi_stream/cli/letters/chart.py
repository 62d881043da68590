"""Counts as a small bar chart of plain characters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from capi_stream.cli.json_text import short

MOST_BARS = 20
WIDEST = 30  # characters, of the longest bar


def chart(title: str, counts: Mapping[str, int], order: Sequence[str] = ()) -> Iterator[str]:
    """A line for each count: in `order`, else the largest first, and then no more than MOST_BARS. Nothing for none."""
    there = {name: number for name, number in counts.items() if number}
    named = {name: there[name] for name in order if name in there} if order else _largest(there)
    if not named:
        return
    names = {name: short(name) for name in named}
    width, digits = max(map(len, names.values())), max(len(f"{number:,}") for number in named.values())
    most = max(named.values())
    yield ""
    yield title
    for name, number in named.items():
        bar = "#" * max(1, round(WIDEST * number / most))
        yield f"  {names[name]:<{width}}  {number:>{digits},}  {bar}"
    if left := len(there) - len(named):
        yield f"  and {left:,} more, which --json has"


def _largest(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:MOST_BARS])
