"""The dashboard is what its code makes, says what it shows, and asks only for what the service has."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from capi_stream.observability.metrics import COLLECTED, HISTOGRAMS, PREFIX
from k8s.grafana.__main__ import text
from k8s.grafana.queries import REPLAYS
from tests.ops.dashboard_prometheus import REPLAY_POD, PodPrometheus
from tests.ops.dashboard_queries import (
    FILE,
    OF_A_SCRAPE,
    Asked,
    asked,
    dashboard,
    labels,
    panels,
    selectors,
    substituted,
)
from tests.ops.dashboard_world import all_goes_wrong, joined, world
from tests.ops.tools import wheels
from tests.real.clients import wait_until

SCHEMA = Path(__file__).with_name("grafana-dashboard.schema.json")
VARIABLES = ("datasource", "namespace", "pod", "topic", "pixel")
UNITS = {"short", "none", "percentunit", "s", "suffix: days", "bytes", "eps", "cps", "recps", "reqps"}
BUILD = ("version", "graph_api_version", "librdkafka")

OURS = (
    {PREFIX + each.name: {*each.labels} for each in COLLECTED}
    | {f"{PREFIX}{each.name}_{part}": {*each.labels} for each in HISTOGRAMS for part in ("count", "sum")}
    | {f"{PREFIX}{each.name}_bucket": {*each.labels, "le"} for each in HISTOGRAMS}
    | {f"{PREFIX}build_info": {*BUILD}}
)
OF_PYTHON: dict[str, set[str]] = {
    "process_cpu_seconds_total": set(),
    "process_resident_memory_bytes": set(),
    "process_start_time_seconds": set(),
}
OF_THE_CLUSTER = {
    "kube_pod_container_resource_limits": {"container", "resource"},
    "kube_pod_container_status_last_terminated_reason": {"container", "reason"},
}
"""What kube-state-metrics says of pods: a stub says it where the tests run."""
KNOWN = OURS | OF_PYTHON | OF_THE_CLUSTER


@pytest.fixture
def queries() -> list[Asked]:
    """Every query of every panel, and the parser that reads them."""
    wheels()
    return asked()


def test_the_committed_dashboard_is_what_the_code_makes() -> None:
    """`python -m k8s.grafana` writes it."""
    assert FILE.read_text() == text()


def test_it_is_a_dashboard_by_grafanas_own_schema() -> None:
    faults = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).iter_errors(dashboard())
    assert [f"{each.json_path}: {each.message}" for each in faults] == []


def test_rows_come_in_the_order_in_which_a_person_who_was_woken_reads_them() -> None:
    rows = [each["title"] for each in dashboard()["panels"] if each["type"] == "row"]
    assert rows == [
        "The promise",
        "Flow",
        "The API",
        "Data quality",
        "Kafka",
        "Saturation",
        "Dead letters",
        "What Meta sees",
    ]


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    assert len(re.findall(r"[.:;] ", panel["description"] + " ")) >= 2, "what it is, what is good, where to look next"
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert {each["datasource"]["uid"] for each in (panel, *panel["targets"])} == {"${datasource}"}
    assert all(target["legendFormat"] for target in panel["targets"])
    assert panel["targets"]


def test_no_two_panels_have_one_title_or_one_id() -> None:
    everything = dashboard()["panels"]
    assert len({each["title"] for each in everything}) == len(everything)
    assert len({each["id"] for each in everything}) == len(everything)


def test_panels_stay_within_the_grid_and_do_not_overlap() -> None:
    cells: dict[tuple[int, int], str] = {}
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        for cell in itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])):
            assert cells.setdefault(cell, panel["title"]) == panel["title"]


def test_there_are_variables_for_what_one_looks_at() -> None:
    variables = dashboard()["templating"]["list"]
    assert tuple(each["name"] for each in variables) == VARIABLES
    assert all(each["allValue"] == ".*" and each["multi"] for each in variables[1:])


def test_a_pixel_can_be_chosen_whose_token_was_dead_from_the_start() -> None:
    """It has been posted to, and nothing else is known of it: no event of it has an outcome."""
    (pixel,) = [each for each in dashboard()["templating"]["list"] if each["name"] == "pixel"]
    assert pixel["query"]["query"].startswith("label_values(capi_stream_requests_total{")


def test_rates_fit_the_scrape_interval_and_the_zoom() -> None:
    windows = {window for query in asked() for window in re.findall(r"\[(.*?)\]", query.expr)}
    assert windows == {"$__rate_interval", "$__range", "$__range:"}


@pytest.mark.ops
def test_queries_ask_only_for_metrics_and_labels_that_there_are(queries: list[Asked]) -> None:
    for query in queries:
        selected = list(selectors(query.expr))
        assert {each.name for each in selected} <= KNOWN.keys(), query
        assert all(set(each.matchers) <= KNOWN[each.name] | OF_A_SCRAPE for each in selected), query
        assert labels(query) <= OF_A_SCRAPE.union(*(KNOWN[each.name] for each in selected)), query


@pytest.mark.ops
def test_every_selector_obeys_the_variables(queries: list[Asked]) -> None:
    for query in queries:
        for each in selectors(query.expr):
            wanted = {"namespace", "pod"} | KNOWN[each.name] & {"topic", "pixel"}
            assert wanted == {name for name, value in each.matchers.items() if value == f"${name}"}, query


@pytest.mark.ops
def test_a_replay_that_is_scraped_is_on_its_own_panel_alone(queries: list[Asked]) -> None:
    """Its lag is that of letters, and its events were counted before."""
    for query in queries:
        for each in selectors(query.expr):
            is_left_out = each.name in OF_THE_CLUSTER or each.matchers.get("job") == REPLAYS
            assert is_left_out == (each.name != f"{PREFIX}replayed_total"), query


@pytest.mark.ops
def test_every_metric_is_on_a_panel(queries: list[Asked]) -> None:
    shown = {each.name for query in queries for each in selectors(query.expr)}
    parts = {f"{PREFIX}{each.name}_{part}" for each in HISTOGRAMS for part in ("bucket", "count", "sum")}
    assert OURS.keys() - shown - parts == set()
    assert [each.name for each in HISTOGRAMS if not shown & {name for name in parts if each.name in name}] == []


@pytest.mark.ops
@pytest.mark.timeout(240)
def test_every_query_returns_data_under_load_with_faults(broker: str, tmp_path: Path) -> None:
    """A real Prometheus scrapes real members while everything goes wrong that a panel shows."""
    since = time.time()
    with world(broker, tmp_path) as (shop, scraping, members):
        all_goes_wrong(shop)
        joined(shop, scraping, members)
        empty = unanswered({each.expr for each in asked()} | set(map(without_zero, asked())), scraping, since)
        unlisted = [each["name"] for each in dashboard()["templating"]["list"][1:] if not listed(each, scraping, since)]
        of_the_replay = {
            each.title for each in asked() if scraping.in_range(of_the_replay_alone(each), since, time.time())
        }
    assert empty == set()
    assert unlisted == []
    assert of_the_replay == {"Sent again, by what became of it"}


def of_the_replay_alone(query: Asked) -> str:
    """What it would show if the pod of the replay were chosen, which has all the metrics of a member."""
    return substituted(query.expr.replace('pod=~"$pod"', f'pod="{REPLAY_POD}"'), "5s", "30s")


def without_zero(query: Asked) -> str:
    """What it asks before the `or` that shows 0 where there is nothing: that alone always returns data."""
    return query.expr.partition(" or 0 * ")[0]


def unanswered(exprs: Iterable[str], scraping: PodPrometheus, since: float, seconds: float = 60.0) -> set[str]:
    """Those that have returned no data since then, though they were asked again and again for `seconds`."""
    left = set(exprs)
    deadline = time.monotonic() + seconds

    def ask() -> bool:
        found = {each for each in left if scraping.in_range(substituted(each, "5s", "30s"), since, time.time())}
        left.difference_update(found)
        return not left or time.monotonic() > deadline

    wait_until(ask, 2 * seconds, "Prometheus has been asked")
    return left


def listed(variable: dict[str, Any], scraping: PodPrometheus, since: float) -> list[dict[str, Any]]:
    """What a variable offers."""
    selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()  # type: ignore[union-attr]
    return scraping.in_range(f"count by ({label}) ({substituted(selector, '', '')})", since, time.time())
