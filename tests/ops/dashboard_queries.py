"""What the tests ask of a dashboard's JSON: its panels, and its expressions as Prometheus would get them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.builders import ROOT

FILE = ROOT / "k8s/grafana/capi-stream.json"
OF_A_SCRAPE = frozenset(("job", "instance", "namespace", "pod"))
_VARIABLE = re.compile(r"\$\{?[A-Za-z_]\w*\}?")  # `$1` is of label_replace
_LEGEND = re.compile(r"{{\s*(\w+)\s*}}")


class Asked(NamedTuple):
    """One query of one panel."""

    title: str
    expr: str
    legend: str


class Selected(NamedTuple):
    """One selector of an expression: a metric's name, and label -> value."""

    name: str
    matchers: Mapping[str, str]


def dashboard() -> dict[str, Any]:
    """The committed one."""
    read: dict[str, Any] = json.loads(FILE.read_text())
    return read


def panels() -> list[dict[str, Any]]:
    """Its panels, without the rows' headings."""
    return [each for each in dashboard()["panels"] if each["type"] != "row"]


def panel(title: str) -> dict[str, Any]:
    """The one of this title."""
    (found,) = [each for each in panels() if each["title"] == title]
    return found


def asked() -> list[Asked]:
    """Every query of every panel."""
    return [Asked(each["title"], to["expr"], to["legendFormat"]) for each in panels() for to in each["targets"]]


def substituted(expr: str, rate_interval: str, range_: str) -> str:
    """`expr` with these intervals, and with `All` in the other variables. Raises ValueError if one is left."""
    filled = expr.replace("$__rate_interval", rate_interval).replace("$__range", range_)
    for name in ("namespace", "pod", "topic", "pixel"):
        filled = filled.replace(f'"${name}"', '".*"')
    if left := _VARIABLE.search(filled):
        raise ValueError(f"{left[0]} in {expr}")
    return filled


def selectors(expr: str) -> Iterator[Selected]:
    """What it selects."""
    for each in _nodes(expr, "VectorSelector"):
        yield Selected(each.name, {matcher.name: matcher.value for matcher in each.matchers.matchers})


def labels(query: Asked) -> set[str]:
    """Every label that a query groups by, joins on, or shows in its legend, but for those that it makes itself."""
    found = set(_LEGEND.findall(query.legend))
    for each in _nodes(query.expr, "AggregateExpr"):
        found |= set(each.modifier.labels if each.modifier else ())
    for each in _nodes(query.expr, "BinaryExpr"):
        joined = each.modifier and each.modifier.matching
        found |= {*joined.labels, *each.modifier.group_labels} if joined else set()
    return found - {each.args[1].val for each in _nodes(query.expr, "Call") if each.func.name == "label_replace"}


def _nodes(expr: str, kind: str) -> list[Any]:
    """The parts of an expression that are of this kind. Raises ValueError if it does not parse."""
    import promql_parser  # of requirements/ops.txt: a test asks for it first

    found: list[Any] = []
    text = expr.replace("$__rate_interval", "1m").replace("$__range", "1h")  # in a matcher, a variable is a text
    promql_parser.walk(promql_parser.parse(text), found.append)
    return [each for each in found if type(each).__name__ == kind]
