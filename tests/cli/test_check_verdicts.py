"""The lines of `capi-stream check`, without a server."""

from __future__ import annotations

import json

import pytest

from capi_stream.cli.check.registries import fit
from capi_stream.cli.check.tokens import SOON_SECONDS, verdict
from capi_stream.cli.check.verdicts import Level, failed, ok, summary
from capi_stream.endpoints.debug_token import Invalid, Unanswered, Untold, Valid, Worth
from capi_stream.kafka.subjects import Newest
from tests.builders import SCHEMA_TEXT, UNIX_NOW, topic_settings


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([], "All fine."),
        (["ok", "ok"], "All fine: 2 ok."),
        (["ok", "warning", "warning", "skipped"], "All fine: 1 ok, 2 warnings, 1 skipped."),
        (["warning", "failed", "ok"], "Not fine: 1 ok, 1 warning, 1 failed."),
    ],
)
def test_the_last_line_counts_the_others(levels: list[str], expected: str) -> None:
    assert summary(map(Level, levels)) == expected


def test_lines_stand_below_each_other() -> None:
    lines = [str(ok("topic", "a")), str(failed("configuration", "b"))]
    assert lines == ["ok       topic         a", "failed   configuration b"]


@pytest.mark.parametrize(
    ("worth", "level", "said"),
    [
        (Valid(), Level.OK, "valid, does not expire"),
        (Valid(UNIX_NOW + SOON_SECONDS + 1), Level.OK, "valid, ends at 2026-01-08 00:01 UTC"),
        (Valid(UNIX_NOW + SOON_SECONDS - 1), Level.WARNING, "What to do: put a new one"),
        (Valid(1e300), Level.OK, "ends at Unix second"),
        (Invalid(True, "190/463"), Level.FAILED, "its token has expired. What to do"),
        (Invalid(False, "190"), Level.FAILED, "its token is refused (code 190). What to do"),
        (Untold("100"), Level.WARNING, "code 100"),
        (Unanswered("ConnectError"), Level.FAILED, "https://api does not answer (ConnectError). What to do"),
    ],
)
def test_what_a_token_is_worth_for_its_pixel(worth: Worth, level: Level, said: str) -> None:
    found = verdict("12", worth, "https://api", UNIX_NOW)
    assert found.level == level
    assert found.what.startswith("pixel 12: ")
    assert said in found.what


@pytest.mark.parametrize(
    ("text", "level", "said"),
    [
        (SCHEMA_TEXT, Level.OK, "(version 3, id 7) can be read"),
        (json.dumps({"type": "record", "name": "Other", "fields": []}), Level.FAILED, "dead letters: "),
        ("{", Level.FAILED, "What to do: mend that schema"),
    ],
)
def test_a_registered_schema_that_cannot_be_read_is_told_of(text: str, level: Level, said: str) -> None:
    found = fit("orders-value", Newest(3, 7, text, ()), topic_settings())
    assert (found.level, said in found.what) == (level, True)
