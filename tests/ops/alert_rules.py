"""What the tests ask of the alerts' files: rules, unit tests, expressions, and the sections of the runbook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.builders import ROOT

FOLDER = ROOT / "k8s/alerts"
RULES = FOLDER / "rules.yaml"
UNIT_TESTS = (FOLDER / "tests.yaml", FOLDER / "tests_week.yaml")
RUNBOOK = ROOT / "docs/runbook.md"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of rules.yaml: an alert, or a recorded series."""

    alert: str | None
    record: str | None
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    def __str__(self) -> str:
        told = [
            self.alert or str(self.record),
            *(self.labels[each] for each in ("where", "what") if each in self.labels),
        ]
        return "-".join(told)


@dataclass(frozen=True, slots=True)
class Shown:
    """What one unit test shows of one alert: the labels that it fires with; none where it keeps quiet."""

    alert: str
    is_quiet: bool
    metrics: frozenset[str]
    labels: Mapping[str, str]


def rules() -> list[Rule]:
    """Every rule, in order."""
    read = yaml.safe_load(RULES.read_text())
    return [
        Rule(each.get("alert"), each.get("record"), each["expr"], each.get("labels", {}), each.get("annotations", {}))
        for group in read["groups"]
        for each in group["rules"]
    ]


def alerts() -> list[Rule]:
    """Those of them that tell somebody."""
    return [each for each in rules() if each.alert]


def shown() -> Iterator[Shown]:
    """What every unit test shows at its last look."""
    for file in UNIT_TESTS:
        for test in yaml.safe_load(file.read_text())["tests"]:
            alert, verb = test["name"].partition(":")[0].split(" ", 1)
            last = test["alert_rule_test"][-1]
            assert last["alertname"] == alert, test["name"]
            assert bool(last["exp_alerts"]) == (verb == "fires"), test["name"]
            metrics = frozenset(each["series"].partition("{")[0] for each in test["input_series"])
            fired = last["exp_alerts"] or [{"exp_labels": {}}]
            for each in fired:
                yield Shown(alert, verb == "is quiet", metrics, each["exp_labels"])


def metrics(expr: str) -> frozenset[str]:
    """The metrics of `expr`; of a recorded series, those that it is made of."""
    recorded = {each.record: each.expr for each in rules() if each.record}
    found = frozenset(each.name for each in nodes(expr, "VectorSelector"))
    return found | {inner for name in found & recorded.keys() for inner in metrics(recorded[name])}


def nodes(expr: str, kind: str) -> list[Any]:
    """The parts of `expr` that are of this kind. Raises ValueError if it does not parse."""
    import promql_parser  # of requirements/ops.txt: a test asks for it first

    found: list[Any] = []
    promql_parser.walk(promql_parser.parse(expr), found.append)
    return [each for each in found if type(each).__name__ == kind]


def grouped(expr: str) -> set[str]:
    """Every label that `expr` groups by or joins on."""
    found: set[str] = set()
    for each in nodes(expr, "AggregateExpr"):
        found |= set(each.modifier.labels if each.modifier else ())
    for each in nodes(expr, "BinaryExpr"):
        found |= set(each.modifier.matching.labels if each.modifier and each.modifier.matching else ())
    return found


def anchors(page: str) -> list[str]:
    """The anchors that GitHub gives the headings of `page`: lower case, no punctuation, hyphens for spaces."""
    text = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)  # a comment in a command is no heading
    found: list[str] = []
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        words = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.append(f"{anchor}-{found.count(anchor)}" if anchor in found else anchor)
    return found


def sections() -> dict[str, str]:
    """Heading -> text, of the runbook's sections."""
    parts = re.split(r"^## (.+)\n", RUNBOOK.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
