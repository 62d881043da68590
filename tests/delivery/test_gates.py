"""Gates: one probe after a hold, and each answer holds or opens what it speaks of."""

from __future__ import annotations

import pytest

from capi_stream.delivery.gates import Gate, Gates, pace
from capi_stream.delivery.outcomes import Accepted, Rejected, Scope, Unavailable, Usage

ALL = Gate(Scope.ALL)
ENDPOINT = Gate(Scope.ENDPOINT, "graph")
TOKEN = Gate(Scope.CREDENTIAL, "token")
PIXEL, OTHER = Gate(Scope.PIXEL, "100"), Gate(Scope.PIXEL, "200")
GATES = (ALL, ENDPOINT, TOKEN, PIXEL)
OTHERS = (ALL, ENDPOINT, TOKEN, OTHER)

BROKEN = Unavailable("server_error", Scope.ENDPOINT)
DOWN = Unavailable("not_connected", Scope.ENDPOINT)
THROTTLED = Unavailable("throttled", Scope.PIXEL, hold_seconds=60.0)


def held(gates: Gates) -> dict[tuple[str, str], tuple[str, float, int]]:
    return {(row.scope, row.name): (row.reason, row.until, row.attempt) for row in gates.holding()}


def test_a_held_pixel_does_not_hold_another() -> None:
    gates = Gates()
    gates.answered(GATES, "batch", THROTTLED, now=0.0, jitter=0.0)
    assert not gates.passes(GATES, 59.9)
    assert gates.passes(OTHERS, 0.0)


def test_an_endpoint_that_fails_one_pixel_and_serves_another_is_not_held() -> None:
    gates = Gates()
    for now in (0.0, 10.0, 20.0):
        gates.took(GATES, "batch")
        gates.answered(GATES, "batch", BROKEN, now=now, jitter=0.0)
        assert gates.passes(OTHERS, now)
        gates.answered(OTHERS, "other", Accepted(1), now=now + 1.0, jitter=0.0)
    assert set(held(gates)) == {("pixel", "100")}
    assert held(gates)["pixel", "100"][2] == 3, "its own backoff grows"


def test_an_endpoint_that_fails_a_second_pixel_is_held_itself() -> None:
    gates = Gates()
    gates.answered(GATES, "one", BROKEN, now=0.0, jitter=0.0)
    gates.answered(OTHERS, "two", BROKEN, now=0.0, jitter=0.0)
    assert ("endpoint", "graph") in held(gates)
    gates.took(GATES, "probe")
    gates.answered(GATES, "probe", BROKEN, now=1.0, jitter=0.0)
    assert held(gates)["endpoint", "graph"][2] == 2


def test_a_held_endpoint_lets_one_probe_of_a_thousand_pixels_through() -> None:
    gates = Gates()
    gates.answered(GATES, "first", DOWN, now=0.0, jitter=0.0)
    assert gates.passes(OTHERS, 1.0)
    gates.took(OTHERS, "probe")
    assert not gates.passes(GATES, 1.0)
    assert not gates.passes(OTHERS, 1_000.0)


@pytest.mark.parametrize("outcome", [Accepted(1), Rejected("event_time_too_old")])
def test_an_answer_that_judges_events_opens_what_it_probed(outcome: Accepted | Rejected) -> None:
    gates = Gates()
    gates.answered(GATES, "first", DOWN, now=0.0, jitter=0.0)
    gates.took(GATES, "probe")
    gates.answered(GATES, "probe", outcome, now=1.0, jitter=0.0)
    assert not held(gates)


def test_a_probe_that_fails_waits_longer_and_keeps_the_start() -> None:
    gates = Gates()
    gates.answered(GATES, "first", DOWN, now=0.0, jitter=0.0)
    gates.took(GATES, "probe")
    gates.answered(GATES, "probe", DOWN, now=1.0, jitter=0.0)
    assert held(gates) == {("endpoint", "graph"): ("not_connected", 1.5, 2)}
    assert next(gates.holding()).since == 0.0


def test_answers_to_what_was_posted_before_a_hold_began_change_nothing() -> None:
    gates = Gates()
    gates.took(GATES, "early")
    gates.answered(GATES, "first", THROTTLED, now=0.0, jitter=0.0)
    before = held(gates)
    gates.answered(GATES, "early", Accepted(1), now=1.0, jitter=0.0)
    gates.answered(GATES, "early", Unavailable("throttled", Scope.PIXEL), now=1.0, jitter=0.0)
    assert held(gates) == before


def test_a_probe_that_learns_of_a_narrower_fault_opens_the_wider_gate() -> None:
    """An endpoint that says "this token is dead" is itself alive: other credentials need not wait."""
    gates = Gates()
    gates.answered(GATES, "first", DOWN, now=0.0, jitter=0.0)
    gates.took(GATES, "probe")
    gates.answered(GATES, "probe", Unavailable("token_invalid", Scope.CREDENTIAL), now=1.0, jitter=0.0)
    assert set(held(gates)) == {("credential", "token")}


def test_a_narrower_gate_that_was_not_judged_holds_again_with_its_attempt_unchanged() -> None:
    gates = Gates()
    gates.answered(GATES, "first", THROTTLED, now=0.0, jitter=0.0)
    gates.took(GATES, "probe")
    gates.answered(GATES, "probe", DOWN, now=60.0, jitter=0.0)
    assert held(gates)[("pixel", "100")] == ("throttled", 62.5, 1)
    assert ("endpoint", "graph") in held(gates)
    assert gates.passes(GATES, 63.0)


def test_a_new_secret_lets_a_probe_go_at_once() -> None:
    gates = Gates()
    gates.answered(GATES, "first", Unavailable("token_invalid", Scope.CREDENTIAL), now=0.0, jitter=0.0)
    assert not gates.passes(GATES, 1.0)
    gates.probe_now(TOKEN, 1.0)
    assert gates.passes(GATES, 1.0)


@pytest.mark.parametrize(
    ("usage", "seconds"),
    [
        (Usage(0.0), 0.0),
        (Usage(0.79), 0.0),
        (Usage(0.9), 15.0),
        (Usage(1.0), 60.0),
        (Usage(1.2, regain_seconds=300.0), 300.0),
    ],
)
def test_posts_are_paced_from_80_percent_of_the_limit_on(usage: Usage, seconds: float) -> None:
    assert pace(usage) == pytest.approx(seconds)


def test_a_well_used_limit_paces_every_pixel_of_the_credential() -> None:
    gates = Gates()
    gates.answered(GATES, "batch", Accepted(1, usage=Usage(0.9)), now=0.0, jitter=0.0)
    assert not gates.passes(OTHERS, 14.9)
    assert gates.passes(OTHERS, 15.0)
