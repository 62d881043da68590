"""The newest letters are remembered as an operator may see them: bounded, and with nothing of the record in them."""

from __future__ import annotations

from dataclasses import astuple
from itertools import chain

import pytest

from capi_stream.delivery.batches import Letter, LetterKind
from capi_stream.delivery.ledger import LetterView, RecordCounts
from capi_stream.delivery.meanings import HOLDS
from capi_stream.delivery.meanings import REJECTIONS as API_REJECTIONS
from capi_stream.delivery.offsets import OffsetTracker, Ticket
from capi_stream.delivery.outcomes import POLICY, Answer, Rejected
from capi_stream.delivery.recent import MOST_OF_A_REASON, MOST_REASONS, Recent
from capi_stream.model import Forwarded, Malformed, Mapped, PixelId, Record, Rejection
from tests.delivery.steps import BERLIN, P0, World, event, refused


def letter(reason: str, offset: int = 0, kind: LetterKind = LetterKind.DEAD) -> Letter:
    record = Record(P0, offset, -1, b"jane", b"jane@example.com")
    ticket = Ticket(OffsetTracker(P0, 0, RecordCounts()), record)
    return Letter(kind, "dead", ticket, Rejection("map", reason, "jane@example.com"))


def remembered(*letters: Letter) -> tuple[LetterView, ...]:
    recent = Recent()
    for each in letters:
        recent.stored(each, "100", "Purchase")
    return recent.views


def shown(world: World) -> tuple[LetterView, ...]:
    return world.engine.snapshot(world.now, 0.0).letters


def test_of_a_reason_the_newest_are_kept() -> None:
    views = remembered(*(letter("wrong_type", offset) for offset in range(MOST_OF_A_REASON + 5)))
    assert [view.offset for view in views] == list(range(5, MOST_OF_A_REASON + 5))


def test_dead_and_parked_letters_of_one_reason_are_kept_apart() -> None:
    views = remembered(
        letter("event_time_too_old", 1),
        *(letter("event_time_too_old", 2, LetterKind.PARKED) for _ in range(MOST_OF_A_REASON)),
    )
    assert (views[0].kind, views[0].offset) == ("dead_letter", 1)
    assert len(views) == 1 + MOST_OF_A_REASON


def test_the_reason_that_had_no_letter_for_the_longest_time_goes_first() -> None:
    names = [f"reason_{number}" for number in range(MOST_REASONS)]
    views = remembered(*map(letter, names), letter(names[0]), letter("another"))
    assert {view.reason for view in views} == {*names, "another"} - {names[1]}
    assert len(views) == MOST_REASONS + 1


def test_as_long_as_nothing_is_stored_the_same_tuple_is_handed_out() -> None:
    recent = Recent()
    recent.stored(letter("wrong_type"), "100", "Purchase")
    views = recent.views
    assert recent.views is views
    recent.stored(letter("wrong_type"), "100", "Purchase")
    assert len(recent.views) == 2
    assert len(views) == 1, "what was handed out does not change"


def test_a_refused_events_view_has_the_answer_and_where_its_record_lies() -> None:
    world = World()
    world.receive(event(BERLIN, event_id="order-77"), offset=7)
    world.linger()
    answer = Answer(400, 100, 2804003, "Invalid parameter: …", "AbCd")
    world.answer(world.post(), Rejected("event_time_too_old", answer=answer))
    assert shown(world) == (), "not before the broker has it"
    world.store_letters()
    assert shown(world) == (
        LetterView(
            "dead_letter", "event_time_too_old", "post", BERLIN, "Purchase", P0, 7,
            400, 100, 2804003, "Invalid parameter: …", "AbCd", attempts=1, failed_at=world.now,
        ),
    )  # fmt: skip


def test_what_only_a_record_says_is_not_in_its_view() -> None:
    """Neither its bytes, nor the refusal's detail, nor the names that it chose for its event, its id and its pixel."""
    world = World()
    quoting = Rejection("validate", "wrong_type", "jane", 0, PixelId("jane"), "jane", "jane")
    record = world.receive(Mapped(rejections=[quoting, refused()]))
    record.key = record.value = b"jane"
    world.receive(Malformed(Rejection("decode", "undecodable", "jane")))
    world.store_letters()
    views = shown(world)
    assert {(view.pixel, view.event) for view in views} == {("other", "custom"), (BERLIN, "Purchase"), ("none", "none")}
    assert "jane" not in str(list(chain.from_iterable(map(astuple, views))))


def test_a_letter_that_is_only_forwarded_is_none() -> None:
    world = World()
    world.receive(Forwarded("orders", "wrong_type"))  # type: ignore[arg-type]
    (stored,) = world.store_letters()
    assert stored.kind is LetterKind.REPLAY
    assert shown(world) == ()


@pytest.mark.parametrize("reason", POLICY)
def test_whatever_parks_a_letter_has_a_meaning(reason: str) -> None:
    assert HOLDS[reason]
    assert reason not in API_REJECTIONS
