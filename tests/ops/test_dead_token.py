"""The dashboard names a dead token, its pixel and that it waits for a person, in under a minute; docs say the way."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from capi_stream.observability.status.advice import BY_A_PERSON
from tests.builders import ROOT
from tests.ops.dashboard_queries import dashboard, panel
from tests.ops.dead_token_walk import MINUTE, PATH, walk

FIRST_SCREEN = 22  # lines of the grid, at 1080 pixels, below Grafana's own bars
THE_ANSWER = "What is held now, and why"


@pytest.mark.ops
@pytest.mark.timeout(300)
def test_a_token_that_dies_under_load_is_named_within_a_minute_and_none_before(broker: str, tmp_path: Path) -> None:
    began = time.time()
    with walk(broker, tmp_path) as run:
        run.wait_until_all_flow()
        died_at = run.trouble()
        told = run.told_after(died_at)
        too_early = [(step.title, at) for at in range(int(began), int(died_at)) for step in PATH if run.tells(step, at)]
    assert told[THE_ANSWER] + refresh_seconds() < MINUTE
    assert too_early == []


def test_the_pages_way_is_the_one_that_is_walked_and_took_less_than_a_minute() -> None:
    page = (ROOT / "docs/dashboards.md").read_text()
    section = page.partition("## Finding a dead token in under a minute\n")[2].partition("\n## ")[0]
    steps = re.findall(r"^\d\. \*\*([^:*]+): ([^*]+)\*\*.*?after (\d+) s", section, re.MULTILINE | re.DOTALL)
    assert [(row, title) for row, title, _ in steps] == [(row_of(step.title), step.title) for step in PATH]
    assert all(int(seconds) < MINUTE for _, _, seconds in steps)


def test_the_pixel_and_the_cause_are_on_the_first_screen() -> None:
    at = panel(THE_ANSWER)["gridPos"]
    assert at["y"] + at["h"] <= FIRST_SCREEN


def test_what_waits_for_a_person_comes_first_and_in_red() -> None:
    made = panel(THE_ANSWER)
    assert made["options"]["sortBy"][0] == {"displayName": "waits for", "desc": False}
    (override,) = made["fieldConfig"]["overrides"]
    properties = {each["id"]: each["value"] for each in override["properties"]}
    colors = {text: shown["color"] for text, shown in properties["mappings"][0]["options"].items()}
    assert (override["matcher"]["options"], min(colors), colors["a person"]) == ("waits for", "a person", "red")
    assert properties["custom.cellOptions"]["applyToRow"]
    (query,) = made["targets"]
    assert set(re.search(r'"reason", "([^"]+)"', query["expr"])[1].split("|")) == BY_A_PERSON  # type: ignore[index]


def row_of(title: str) -> str:
    """The row in which a panel stands."""
    titles: list[tuple[bool, str]] = [(each["type"] == "row", each["title"]) for each in dashboard()["panels"]]
    return [name for is_row, name in titles[: titles.index((False, title))] if is_row][-1]


def refresh_seconds() -> int:
    """How old the dashboard lets its answers grow."""
    return int(dashboard()["refresh"].removesuffix("s"))
