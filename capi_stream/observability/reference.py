"""docs/metrics.md, drawn from the declarations: `python -m capi_stream.observability.reference > docs/metrics.md`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from capi_stream.observability.metrics import DECLARED, PREFIX

_UNITS = {"timestamp_seconds": "Unix seconds", "seconds": "seconds", "bytes": "bytes", "ratio": "ratio, 1 is all"}
_LISTED = 8  # of more values the text above the table tells

_HEAD = """# Metrics

Served at `/metrics` of the admin port. Generated from the code; a test holds this page to it.

A name ends in its unit; without one it is a number of what it names. Label values that are listed are all there are.
`pixel` is a configured pixel's id, for the first `admin.pixels` of them, else `other`; `none` before it is known.
`event_name` is a standard event's name, else `custom`; `none` where there is no event. `field` is a parameter's name,
`reason` one of a fixed list (docs/dead-letters.md has those of dead letters) or of the mapping's own. Series of a
partition end when it is given away. Never a label: event ids, trace ids, error texts, URLs.

| metric | type | unit | labels | meaning |
|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rows = (
        (f"`{PREFIX}{each.name}`", each.kind, unit(each.name), _labels(each.labels, each.values), each.help)
        for each in DECLARED
    )
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def unit(name: str) -> str:
    """What a metric is measured in, as its name says; `-` for a plain number."""
    base = name.removesuffix("_total")
    return next((unit for ending, unit in _UNITS.items() if base.endswith(f"_{ending}")), "-")


def _labels(labels: Sequence[str], values: Mapping[str, Sequence[str]]) -> str:
    shown = (
        f"{label} = {', '.join(values[label])}" if len(values.get(label, ())) in range(1, _LISTED + 1) else label
        for label in labels
    )
    return "; ".join(shown) or "-"


if __name__ == "__main__":
    sys.stdout.write(page())
