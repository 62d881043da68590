"""How it goes, in one sentence and one colour: what somebody sees who was just woken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from capi_stream.observability.board import Sight
from capi_stream.observability.lag import age_of, lag_of
from capi_stream.observability.status.advice import needs_a_person
from capi_stream.observability.status.holds import FOR_ALL, held_pixels, lanes_of
from capi_stream.observability.status.humane import age, many
from capi_stream.observability.status.shown import Shown

Mood = Literal["good", "warn", "bad"]

FEW_RECORDS = 1_000  # of lag: so many are on their way at any moment

STATES = {
    "starting": "Starting",
    "joining": "Joining the group",
    "stopping": "Stopping",
}


class Verdict(NamedTuple):
    """`title` in a few words, `text` with the rest."""

    mood: Mood
    title: str
    text: str


def verdict(shown: Shown) -> Verdict:
    """The worst that is true."""
    return next(_found(shown))


def _found(shown: Shown) -> Iterator[Verdict]:
    if shown.stalled is not None:
        yield Verdict("bad", "Stuck", f"{shown.stalled.capitalize()}. The log says where it is.")
    sight = shown.sight
    if sight is not None and sight.outages:
        yield Verdict("bad", sight.outages[0][:1].upper() + sight.outages[0][1:], _others(sight))
    if shown.state in STATES or sight is None:
        yield Verdict("warn", STATES.get(shown.state, "Starting"), _of_state(shown.state))
    assert sight is not None
    yield from _held(shown, sight)
    if not sight.snapshot.partitions:
        yield Verdict("warn", "Standing by", "No partition is assigned to this member: others of its group have them.")
    yield Verdict("good", "Delivering", _delivering(sight))


def _others(sight: Sight) -> str:
    others = [f"{each[:1].upper()}{each[1:]}." for each in sight.outages[1:]]
    return " ".join([*others, "It is asked again by itself; nothing is lost meanwhile."])


def _of_state(state: str) -> str:
    return {
        "joining": "Connected to Kafka; the group has not assigned partitions yet.",
        "stopping": "It reads no more, posts what it holds, commits and leaves its group.",
    }.get(state, "Not connected to Kafka yet.")


def _held(shown: Shown, sight: Sight) -> Iterator[Verdict]:
    snapshot = sight.snapshot
    mood: Mood = "bad" if any(needs_a_person(view) for view in snapshot.gates) else "warn"
    topics = [view.name for view in snapshot.gates if view.scope == "topic"]
    if topics:
        yield Verdict("bad", f"Held: letters for {topics[0]}", "The topic takes none. Their offsets wait meanwhile.")
    total = max(shown.about.pixels, len({lane.destination.pixel for lane in lanes_of(snapshot)}))
    are_all = any((view.scope, view.name) == FOR_ALL for view in snapshot.gates)
    if held := total if are_all else len(held_pixels(snapshot)):
        which = f"all {many(total, 'pixel')}" if held == total and total > 1 else f"{held} of {many(total, 'pixel')}"
        why = ", ".join(sorted({view.reason for view in snapshot.gates if view.scope != "topic"}))
        rest = "the others are delivered" if held < total else "offsets wait, and nothing is lost"
        yield Verdict(mood, f"Held: {which}", f"Because of {why}; {rest}.")


def _delivering(sight: Sight) -> str:
    views = sight.snapshot.partitions
    behind = sum(lag_of(view, sight) or 0 for view in views)
    ages = [seconds for view in views if (seconds := age_of(view, sight)) is not None]
    if behind <= FEW_RECORDS:
        return "Nothing is held, and it is up to date."
    since = f"; the oldest open one is {age(max(ages))} old" if ages else ""
    return f"Nothing is held. It is {many(behind, 'record')} behind{since}."
