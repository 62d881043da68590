"""A loop that does not turn is told once, with where it is stuck."""

from __future__ import annotations

import threading

from structlog.testing import capture_logs

from capi_stream.observability.board import Board
from capi_stream.observability.watchdog import Watchdog, stacks

NEVER, AT_ONCE = 1e9, -1.0


def test_a_stall_is_told_once_with_the_stacks_of_all_threads_and_so_is_its_end() -> None:
    board = Board(AT_ONCE)
    watchdog = Watchdog(board)
    with capture_logs() as lines:
        watchdog.look()
        watchdog.look()
        board.stalled_after_seconds = NEVER
        watchdog.look()
        watchdog.look()
    assert [line["event"] for line in lines] == ["loop_stalled", "loop_turns_again"]
    assert any("test_watchdog.py" in place for place in lines[0]["stacks"]["MainThread"])


def test_a_turning_loop_says_nothing() -> None:
    with capture_logs() as lines:
        Watchdog(Board(NEVER)).look()
    assert lines == []


def test_stacks_name_threads_and_places_and_hold_no_values() -> None:
    secret, ready, done = "jane@example.com", threading.Event(), threading.Event()

    def stuck(text: str) -> None:
        ready.set()
        done.wait(10)
        assert text

    thread = threading.Thread(target=stuck, args=(secret,), name="stuck one")
    thread.start()
    ready.wait(10)
    found = stacks()
    done.set()
    thread.join()
    assert any(place.endswith("in stuck") for place in found["stuck one"])
    assert secret not in str(found)
