"""docs/metrics.md, drawn from the declarations: `python -m capi_stream.observability.reference > docs/metrics.md`."""

from __future__ import annotations

import sys

from capi_stream.observability.families import FAMILIES
from capi_stream.observability.metrics import HISTOGRAMS, PREFIX

_HEAD = """# Metrics

Served at `/metrics` of the admin port. Generated from the code; a test holds this page to it.

`pixel` is a configured pixel's id, for the first `admin.pixels` of them, else `other`; `none` before it is known.
`event_name` is a standard event's name, else `custom`. Series of a partition end when it is given away. Never a label:
event ids, trace ids, error texts, URLs.

| metric | type | labels | meaning |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rows: list[tuple[str, str, tuple[str, ...], str]] = [
        (each.name, each.kind, each.labels, each.help) for each in FAMILIES
    ]
    rows += [(each.name, "histogram", each.labels, each.help) for each in HISTOGRAMS]
    rows.append(("build_info", "gauge", ("version", "graph_api_version", "librdkafka"), "Versions; always 1."))
    return _HEAD + "".join(
        f"| `{PREFIX}{name}` | {kind} | {', '.join(labels) or '-'} | {text} |\n" for name, kind, labels, text in rows
    )


if __name__ == "__main__":
    sys.stdout.write(page())
