"""The pages say what the code does: links lead somewhere, tables hold what the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from capi_stream.delivery.error_table import REJECTIONS
from capi_stream.delivery.meanings import REJECTIONS as FOUND_BY_THE_API
from capi_stream.intake.intake import REASONS
from capi_stream.intake.parameters.violations import REASONS as RULES
from capi_stream.letter_heads import HEADERS, PREFIX
from tests.builders import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("bench/*.md")])
TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
LINK = re.compile(r"\]\((?!https?://)([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    lost = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    assert [f"{file}::{name}" for file, name in TEST.findall(page.read_text()) if not is_test(file, name)] == []


def is_test(file: str, name: str) -> bool:
    path = ROOT / file
    return path.exists() and re.search(rf"^def {name}\(", path.read_text(), re.MULTILINE) is not None


def rows(title: str) -> dict[str, str]:
    """The table below the first heading of docs/dead-letters.md that begins with `title`."""
    text = (ROOT / "docs/dead-letters.md").read_text()
    part = re.split(r"^#+ ", text, flags=re.MULTILINE)
    section = next(each for each in part if each.startswith(title))
    return dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", section, re.MULTILINE))


def test_the_page_of_dead_letters_has_every_header() -> None:
    assert rows("Headers") == {PREFIX + name: text for name, text in HEADERS.items()}


def test_the_page_of_dead_letters_has_every_reason() -> None:
    assert rows("Found by the service, in the record") == REASONS
    assert rows("Found by the service, in the event") == RULES
    assert rows("Found by the API alone") == FOUND_BY_THE_API
    assert FOUND_BY_THE_API.keys() == REJECTIONS - RULES.keys()


def made_topics(page: str) -> list[dict[str, str]]:
    """The options of each kafka-topics.sh of a page, with those of --config beside them."""
    text = (ROOT / "docs" / page).read_text().replace("\\\n", " ")
    lines = [each.replace("--config ", "--").replace("=", " ") for each in re.findall(r"kafka-topics\.sh (.*)", text)]
    return [dict(re.findall(r"--(\S+) +([^-]\S*)", each)) for each in lines]


def test_the_guide_to_kubernetes_makes_the_letters_topics_as_their_page_advises() -> None:
    (advised,) = made_topics("dead-letters.md")
    source, letters = made_topics("kubernetes.md")
    assert "bootstrap-server" in source.keys() & letters.keys() & advised.keys()
    wanted = ("retention.ms", "max.message.bytes", "cleanup.policy")
    assert {name: letters[name] for name in wanted} == {name: advised[name] for name in wanted}
    assert {name for name in wanted if name in source} == set()


def test_every_reason_of_the_api_that_a_rule_shares_has_the_rules_name() -> None:
    assert REJECTIONS & RULES.keys() >= {"event_time_too_old", "purchase_without_value", "user_data_too_broad"}
