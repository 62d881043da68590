"""A letter that failed again lies there more than once: only the newest is sent."""

from __future__ import annotations

import pytest

from capi_stream.model import Mapped
from capi_stream.replay.choosing import Choice
from capi_stream.replay.newer import Newer
from capi_stream.replay.reading import PASSED_OVER, Letters, Wish
from tests.builders import PIXEL, UNIX_NOW, record
from tests.intake.commerce import INTAKE
from tests.intake.test_parts import letter
from tests.replay.test_letters import head_of

EVENT = {"event_index": 0, "pixel": PIXEL, "endpoint": "graph"}


def newer(*left: dict[str, object], offset: int = 0) -> Newer:
    made = Newer()
    for said in left:
        made.learn(head_of(letter(record(offset=offset), **said)))  # type: ignore[arg-type]
    return made


def head(**said: object):  # type: ignore[no-untyped-def]
    return head_of(letter(record(), **said))  # type: ignore[arg-type]


def test_the_newest_of_an_event_stands_for_those_before() -> None:
    left = newer(EVENT, {**EVENT, "replay_count": 1}, {**EVENT, "replay_count": 2})
    assert [left.stands_for(head(**EVENT, replay_count=count)) for count in (0, 1, 2)] == [True, True, False]


def test_one_of_an_event_stands_for_the_whole_record_whose_other_events_went() -> None:
    assert newer({**EVENT, "replay_count": 1}).stands_for(head())
    assert not newer({"replay_count": 1}).stands_for(head(**EVENT)), "a wider one is of something else"


@pytest.mark.parametrize("other", [{"event_index": 1}, {"pixel": "5"}, {"endpoint": "gateway"}])
def test_one_of_another_event_or_destination_does_not(other: dict[str, object]) -> None:
    assert not newer({**EVENT, **other, "replay_count": 1}).stands_for(head(**EVENT))


def test_one_of_another_record_does_not() -> None:
    assert not newer({**EVENT, "replay_count": 1}, offset=1).stands_for(head(**EVENT))


def test_a_letter_with_a_newer_one_is_passed_over() -> None:
    wish = Wish(Choice(), newer=newer({**EVENT, "replay_count": 1}))
    first = letter(record(), event_index=0, pixel=PIXEL, endpoint="graph")
    [(_, reading)] = Letters(INTAKE, wish).readings([first], UNIX_NOW)
    assert reading == Mapped(filtered=["newer_letter"])
    assert "newer_letter" in PASSED_OVER
