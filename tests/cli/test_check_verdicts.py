"""The lines of `capi-stream check`, without a server."""

from __future__ import annotations

import json

import pytest

from capi_stream.cli.check.pixels import of_pixels
from capi_stream.cli.check.registries import fit
from capi_stream.cli.check.tokens import SOON_SECONDS, verdict
from capi_stream.cli.check.verdicts import Level, failed, ok, summary
from capi_stream.endpoints.debug_token import Invalid, Unanswered, Untold, Valid, Worth
from capi_stream.intake.settings import Routing
from capi_stream.kafka.subjects import Registered
from capi_stream.model import Destination, PixelId
from tests.builders import PIXEL, SCHEMA_TEXT, UNIX_NOW, intake_settings, topic_settings


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
    found = fit("orders-value", Registered(3, 7, text, ()), topic_settings())
    assert (found.level, said in found.what) == (level, True)


@pytest.mark.parametrize(
    ("pixel", "default", "expected"),
    [
        ("pixel: pixel_id", None, []),
        (f"pixel: {{const: '{PIXEL}'}}", None, []),
        ("", PIXEL, []),
        ("", None, [(Level.FAILED, "names no pixel, and there is no default_pixel: every event")]),
        ("pixel: {const: 99}", PIXEL, [(Level.FAILED, "names 99, which the configuration does not have: every event")]),
        (f"pixel: {{const: [{PIXEL}, 98]}}", None, [(Level.WARNING, "names 98, which the configuration does not")]),
        ("pixel: {from: channel, values: {APP: 97}, otherwise: 98}", None, [(Level.WARNING, "names 97, 98, which")]),
    ],
)
def test_a_pixel_that_a_mapping_spells_out_must_be_configured(
    pixel: str, default: PixelId | None, expected: list[tuple[Level, str]]
) -> None:
    topic = topic_settings(mapping=f"{pixel}\nevents: [{{event: {{event_name: {{const: Lead}}}}}}, {{event: {{}}}}]")
    found = list(of_pixels(intake_settings(topic, routing=Routing({PIXEL: (Destination(PIXEL),)}, {}, default))))
    assert [each.level for each in found] == [level for level, _ in expected]
    assert all(said in each.what for each, (_, said) in zip(found, expected, strict=True))
