"""Panels as plain dicts, as Grafana reads them. Each has what the tests ask for: title, description, unit, legend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

Panel = dict[str, Any]

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
RATE_INTERVAL_FLOOR = "30s"  # the least step: Grafana makes `$__rate_interval` from it and the scrape interval


@dataclass(frozen=True, slots=True)
class Query:
    """One expression of PromQL and the name of its series: `{{label}}` stands for a label's value."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Line:
    """From `value` on it is `color`: orange asks for a look, red for a person."""

    value: float
    color: str


@dataclass(frozen=True, slots=True)
class First:
    """A column by whose text a table is sorted before its value, from A to Z, and which gives each row its colour."""

    column: str
    colors: Mapping[str, str]

    @property
    def sorting(self) -> dict[str, Any]:
        """As Grafana's table has it."""
        return {"displayName": _heading(self.column), "desc": False}

    @property
    def override(self) -> dict[str, Any]:
        """The colours, as a field's override."""
        options = {text: {"color": color, "index": at} for at, (text, color) in enumerate(self.colors.items())}
        return {
            "matcher": {"id": "byName", "options": _heading(self.column)},
            "properties": [
                {"id": "mappings", "value": [{"type": "value", "options": options}]},
                {
                    "id": "custom.cellOptions",
                    "value": {"type": "color-background", "mode": "basic", "applyToRow": True},
                },
            ],
        }


def timeseries(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    width: int = 8,
    lines: Iterable[Line] = (),
    height: int = 8,
    stacked: bool = False,
    logarithmic: bool = False,
    **limits: Any,
) -> Panel:
    """Lines over time, or areas on one another where `stacked`. `limits` are Grafana's own: min, max, decimals.

    A count that stays 0 is drawn on an axis that ends at 1.
    """
    steps = list(lines)
    custom = {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 40 if stacked else 0 if logarithmic else 8,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if steps else "off"},
        "axisGridShow": not logarithmic,  # one line for each of nine steps of each power is noise
        "scaleDistribution": {"type": "log", "log": 10} if logarithmic else {"type": "linear"},
    } | ({"axisSoftMax": 1} if unit in ("short", "cps") else {})
    return _panel(
        "timeseries",
        title,
        description,
        (width, height),
        _targets(queries),
        _defaults(unit, steps, custom=custom, color={"mode": "palette-classic"}, **limits),
        legend={"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        tooltip={"mode": "multi", "sort": "desc"},
    )


def stat(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *lines: Line,
    base: str = "green",
    width: int = 3,
    height: int = 4,
    **limits: Any,
) -> Panel:
    """The newest value, large, in the colour of the highest of `lines` that it reaches; below all of them in `base`.

    What looks over the whole time shown is asked once: with a curve behind it, 30 days would be read for each point.
    """
    once = {"instant": True, "range": False} if "$__range" in query.expr else {}
    return _panel(
        "stat",
        title,
        description,
        (width, height),
        [{**each, **once} for each in _targets([query])],
        _defaults(unit, lines, base=base, **limits),
        colorMode="value",
        graphMode="area",
        textMode="value",
        reduceOptions={"calcs": ["lastNotNull"], "fields": "", "values": False},
    )


def table(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *columns: str,
    value: str,
    width: int = 12,
    height: int = 6,
    first: First | None = None,
) -> Panel:
    """The newest values, a row a series, with these labels as `columns` and the number as `value`, largest first."""
    order = {name: place for place, name in enumerate((*columns, "Value"))}
    shown = {
        "id": "organize",
        "options": {
            "indexByName": order,
            "includeByName": dict.fromkeys(order, True),
            "renameByName": {"Value": value} | {name: _heading(name) for name in columns if _heading(name) != name},
        },
    }
    made = _panel(
        "table",
        title,
        description,
        (width, height),
        [{**each, "instant": True, "range": False, "format": "table"} for each in _targets([query])],
        _defaults(unit, ()),
        showHeader=True,
        cellHeight="sm",
        sortBy=[*([first.sorting] if first else []), {"displayName": value, "desc": True}],
    )
    made["fieldConfig"]["overrides"] = [first.override] if first else []
    return {**made, "transformations": [shown]}


def _heading(column: str) -> str:
    return column.replace("_", " ")


def heatmap(title: str, description: str, unit: str, query: Query, width: int = 8) -> Panel:
    """How the observations of a histogram spread over its buckets, over time."""
    return _panel(
        "heatmap",
        title,
        description,
        (width, 8),
        [{**each, "format": "heatmap"} for each in _targets([query])],
        {"unit": unit, "custom": {"scaleDistribution": {"type": "linear"}}},
        calculate=False,
        color={"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "fill": "dark-orange"},
        cellGap=1,
        yAxis={"axisPlacement": "left", "unit": unit},
        rowsFrame={"layout": "le", "value": "observations"},
        tooltip={"mode": "single", "yHistogram": True, "showColorScale": True},
        legend={"show": True},
    )


def _panel(
    kind: str,
    title: str,
    description: str,
    size: tuple[int, int],
    targets: list[dict[str, Any]],
    defaults: dict[str, Any],
    **options: Any,
) -> Panel:
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "gridPos": {"w": size[0], "h": size[1]},
        "interval": RATE_INTERVAL_FLOOR,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
    }


def _targets(queries: Iterable[Query]) -> list[dict[str, Any]]:
    return [
        {
            "refId": ref_id,
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": query.expr,
            "legendFormat": query.legend,
            "range": True,
        }
        for ref_id, query in zip(ascii_uppercase, queries, strict=False)
    ]


def _defaults(unit: str, lines: Iterable[Line], base: str = "green", **more: Any) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"value": None, "color": base}]
    steps += [{"value": line.value, "color": line.color} for line in lines]
    return {"unit": unit, "thresholds": {"mode": "absolute", "steps": steps}, **more}
