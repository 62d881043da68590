"""The dashboard: rows in the order in which they are read, each laid out from left to right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from capi_stream.observability.metrics import PREFIX
from k8s.grafana import api, flow, kafka, letters, meta, promise, quality, saturation
from k8s.grafana.panels import DATASOURCE, Panel
from k8s.grafana.queries import REPLAYS

ROWS = {
    "The promise": promise.panels,
    "Flow": flow.panels,
    "The API": api.panels,
    "Data quality": quality.panels,
    "Kafka": kafka.panels,
    "Saturation": saturation.panels,
    "Dead letters": letters.panels,
    "What Meta sees": meta.panels,
}
COLUMNS = 24


def dashboard() -> dict[str, Any]:
    """The whole of it, as Grafana imports it."""
    return {
        "uid": "capi-stream",
        "title": "capi-stream",
        "description": "Kafka to Meta's Conversions API: is the promise kept, and if not, why.",
        "tags": ["capi-stream", "kafka"],
        "schemaVersion": 42,
        "editable": True,
        "graphTooltip": 1,  # the crosshair is shared by all panels
        "refresh": "15s",  # as often as it is scraped: what is seen is at most half a minute old
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": _variables()},
        "annotations": {"list": []},
        "links": [],
        "panels": _laid_out((title, panels()) for title, panels in ROWS.items()),
    }


def _variables() -> list[dict[str, Any]]:
    source = {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "refresh": 1,
        "includeAll": False,
        "multi": False,
    }
    return [
        source,
        _variable("namespace", f"{PREFIX}build_info"),
        _variable("pod", f'{PREFIX}build_info{{namespace=~"$namespace"}}'),
        _variable("topic", _within_the_pods("records_total")),
        _variable("pixel", _within_the_pods("requests_total")),  # posted to is enough: a dead token has no events
    ]


def _within_the_pods(name: str) -> str:
    return f'{PREFIX}{name}{{namespace=~"$namespace", pod=~"$pod", job!~"{REPLAYS}"}}'


def _variable(name: str, selector: str) -> dict[str, Any]:
    query = f"label_values({selector}, {name})"
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": f"variable-{name}"},
        "refresh": 2,  # when the time range changes: pods come and go
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _laid_out(rows: Iterable[tuple[str, Sequence[Panel]]]) -> list[Panel]:
    placed: list[Panel] = []
    y = 0
    for title, panels in rows:
        placed.append({"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": _at(0, y, 24, 1)})
        y = _place(panels, y + 1, placed)
    return [{"id": number, **panel} for number, panel in enumerate(placed, 1)]


def _place(panels: Sequence[Panel], y: int, placed: list[Panel]) -> int:
    """Add `panels` from line `y` on, as many side by side as fit; the line below them."""
    x = height = 0
    for panel in panels:
        width = panel["gridPos"]["w"]
        if x + width > COLUMNS:
            x, y, height = 0, y + height, 0
        placed.append({**panel, "gridPos": _at(x, y, width, panel["gridPos"]["h"])})
        x, height = x + width, max(height, panel["gridPos"]["h"])
    return y + height


def _at(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"h": height, "w": width, "x": x, "y": y}
