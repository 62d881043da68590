"""The page of dead letters: by reason, newest first, with what would send them again, and nothing unescaped."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from capi_stream.delivery.ledger import Ledger, LetterView
from capi_stream.observability.board import Sight
from capi_stream.observability.status import About, Shown, dead_letters_page, page
from capi_stream.observability.status.dead_letters import COLUMNS, DEAD, PARKED, Kind, replay_command
from tests.observability.sights import ORDERS, sight

ABOUT = About(
    "1.2.3",
    started_at=1_699_992_900.0,
    meanings={"wrong_type": "a parameter has another JSON type than the API's", "token_invalid": "refused"},
    shows_dead_letters=True,
)
NOW = sight().snapshot
FAILED = LetterView(
    "dead_letter", "wrong_type", "post", "100", "Purchase", ORDERS, 41,
    400, 100, 2804003, "Invalid parameter: …", "AbCd", attempts=2, failed_at=NOW.now - 100,
)  # fmt: skip
"""Refused at Unix second 1,700,000,000."""


def shown(*letters: LetterView, parked: int = 0) -> Shown:
    """A member with these letters, each counted as often as it is there."""
    ledger = Ledger()
    for letter in letters:
        (ledger.dead_letters if letter.kind == "dead_letter" else ledger.parked)[letter.reason] += 1
    if parked:
        ledger.parked["throttled"] = parked
    return Shown(ABOUT, "running", Sight(replace(NOW, ledger=ledger, letters=letters)))


def texts(html: str) -> str:
    """What a person sees, a line for each element."""
    return unescape(re.sub(r"(<[^>]*>\s*)+", "\n", re.sub(r"(?s)<style>.*</style>", "", html)))


@pytest.mark.parametrize(
    "text",
    [
        "2023-11-14 22:13:20", "post", "100", "Purchase", "orders \n0", "41", "100/2804003",  # a row
        "Invalid parameter: …", "fbtrace_id AbCd",  # below it
        "wrong_type", "1 letter", "A parameter has another JSON type than the API's.",  # the reason
        "capi-stream replay -c CONFIG --reason wrong_type --pixel 100",
        "None since this process started.",  # parked
    ],
)  # fmt: skip
def test_the_page_shows(text: str) -> None:
    assert f"\n{text}\n" in texts(dead_letters_page(shown(FAILED)))


def test_the_page_says_since_when_and_as_of_when() -> None:
    text = dead_letters_page(shown())
    assert "counted since it started, 2.0 h ago" in text
    assert "As of 2023-11-14 22:15:00 UTC" in text


def test_reasons_and_their_letters_come_newest_first() -> None:
    letters = (
        replace(FAILED, offset=1, failed_at=NOW.now - 30),
        replace(FAILED, offset=3, failed_at=NOW.now - 10),
        replace(FAILED, offset=2, reason="undecodable", failed_at=NOW.now - 20),
    )
    text = dead_letters_page(shown(*letters))
    shown_of = re.findall(r'<h3><code>(\w+)|data-name="offset" class="number">(\d+)', text)
    assert [reason or offset for reason, offset in shown_of] == ["wrong_type", "3", "1", "undecodable", "2"]


def test_where_there_were_more_than_are_remembered_it_says_so() -> None:
    at = shown(FAILED)
    assert at.sight is not None
    at.sight.snapshot.ledger.dead_letters.update({"wrong_type": 1_233, "forgotten": 7})
    text = texts(dead_letters_page(at))
    assert "1,234 letters" in text
    assert "Here are the newest 1." in text
    assert "\nforgotten\n7 letters\n" in text
    assert "None of them is remembered any more" in text


def test_parked_letters_have_a_section_and_a_command_of_their_own() -> None:
    parked = LetterView("parked", "token_invalid", "post", "100", "Purchase", ORDERS, 5, attempts=3)
    text = dead_letters_page(shown(parked, parked=4))
    assert '<section id="dead_letter"><h2>Dead letters</h2><p class="none">' in text
    assert "<code>capi-stream replay -c CONFIG --parked --reason token_invalid --pixel 100</code>" in text
    assert "4 letters" in text


@pytest.mark.parametrize(
    ("kind", "pixels", "options"),
    [
        (DEAD, ["100"], "--reason r --pixel 100"),
        (DEAD, ["200", "100", "200"], "--reason r --pixel 100 --pixel 200"),
        (DEAD, ["100", "other"], "--reason r"),
        (DEAD, ["none"], "--reason r"),
        (DEAD, [], "--reason r"),
        (PARKED, ["100"], "--parked --reason r --pixel 100"),
        (DEAD, ["1; rm -r /"], "--reason r --pixel '1; rm -r /'"),
    ],
)
def test_the_command_takes_the_pixels_that_are_shown(kind: Kind, pixels: list[str], options: str) -> None:
    views = [replace(FAILED, pixel=pixel) for pixel in pixels]
    assert replay_command(kind, "r", views) == f"capi-stream replay -c CONFIG {options}"


def test_a_table_can_be_read_aloud() -> None:
    text = dead_letters_page(shown(FAILED))
    assert '<caption class="unseen">Dead letters for wrong_type, newest first</caption>' in text
    assert text.count('<th scope="col"') == len(COLUMNS)
    assert '<th scope="row">2023-11-14 22:13:20</th>' in text


def test_the_page_has_no_script_and_no_ids_of_events() -> None:
    text = dead_letters_page(shown(FAILED))
    assert "<script" not in text
    assert "http-equiv" not in text
    assert not {"event_id", "event id"} & {column.name for column in COLUMNS}


def test_everything_is_escaped() -> None:
    evil = "<img src=x onerror=alert(1)>\"'"
    letter = LetterView(
        "dead_letter", evil, evil, evil, evil, ORDERS._replace(topic=evil), 1, words=evil, fbtrace_id=evil
    )
    at = replace(shown(letter), about=About(evil, meanings={evil: evil}))
    text = dead_letters_page(at)
    assert "<img" not in text
    assert "onerror" in text
    assert f'"{evil}' not in text


def test_the_status_page_leads_there_only_where_it_is() -> None:
    link = '<a href="dead-letters">'
    assert link in page(shown())
    assert link not in page(replace(shown(), about=About("1")))


@pytest.mark.parametrize("seen", [None, Sight(sight().snapshot)])
def test_there_is_a_page_at_any_moment(seen: Sight | None) -> None:
    assert dead_letters_page(Shown(ABOUT, "starting", seen)).endswith("</html>")
