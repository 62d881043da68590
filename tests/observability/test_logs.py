"""Lines are JSON whoever writes them, repeat seldom and hold no words of exceptions; waits are told from both ends."""

from __future__ import annotations

import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from capi_stream.delivery.ledger import GateView, Snapshot
from capi_stream.observability.changes import TOLD_EACH, Changes
from capi_stream.observability.logs import OURS, set_up
from capi_stream.observability.sampling import FORGOTTEN_SECONDS, MOST_KEYS, SAME_LINE_SECONDS, Ration, Sampled, Seldom
from capi_stream.observability.settings import LogSettings
from tests.observability.sights import sight

EVERYTHING = LogSettings(format="json", level="debug")
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """What was logged since the last call; the process's loggers are put back afterwards."""
    named = [logging.getLogger(name) for name in ("", *OURS)]
    before = [(logger, logger.level, logger.handlers[:], logger.filters[:]) for logger in named]
    hooks = threading.excepthook, sys.unraisablehook
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logging.captureWarnings(False)
    threading.excepthook, sys.unraisablehook = hooks
    structlog.reset_defaults()
    for logger, level, handlers, filters in before:
        logger.setLevel(level)
        logger.handlers[:], logger.filters[:] = handlers, filters


def test_a_line_is_json_without_surprises(lines: Lines) -> None:
    set_up(EVERYTHING)
    changes = Changes()
    changes.seen(sight().snapshot)
    changes.seen(sight().snapshot)
    changes.seen(replace(sight().snapshot, gates=(), partitions=()))
    told = lines()
    assert [line["event"] for line in told] == ["gate_held", "partitions_paused", "gate_opened", "partitions_resumed"]
    assert told[0] | {"time": ""} == {
        "time": "", "level": "warning", "event": "gate_held", "logger": "capi_stream", "scope": "credential",
        "name": "100", "reason": "token_invalid", "attempt": 2, "hold_seconds": 30.0, "repeats": 0,
    }  # fmt: skip
    assert told[1]["partitions"] == ["orders/0"]


def test_what_libraries_write_has_one_name_and_no_chatter(lines: Lines) -> None:
    set_up(EVERYTHING)
    logging.getLogger("httpx").info("HTTP Request: POST ...")
    logging.getLogger("some.library").debug("headers: ...")
    logging.getLogger("some.library").warning("%s is odd", "this")
    logging.getLogger("librdkafka").info("connected")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("so is this", stacklevel=1)
    told = lines()
    assert [(line["event"], line["logger"]) for line in told] == [
        ("library_said", "some.library"), ("library_said", "librdkafka"), ("library_said", "py.warnings"),
    ]  # fmt: skip
    assert told[0]["text"] == "this is odd"


def fail_with(text: str) -> None:
    raise ValueError(text)


class Unending:
    def __del__(self) -> None:
        fail_with("jane@example.com")


def test_an_exception_is_told_by_its_type_and_places_and_not_in_its_words(lines: Lines) -> None:
    set_up(EVERYTHING)
    try:
        fail_with("jane@example.com")
    except ValueError:
        logging.getLogger("some.library").exception("it broke")
        structlog.get_logger("capi_stream").error("stopped", exc_info=True)
    thread = threading.Thread(target=fail_with, args=("jane@example.com",), name="poster 1")
    thread.start()
    thread.join()
    Unending()
    told = lines()
    assert [(line["event"], line["error"]) for line in told] == [
        ("library_said", "ValueError"), ("stopped", "ValueError"), ("thread_crashed", "ValueError"),
        ("exception_dropped", "ValueError"),
    ]  # fmt: skip
    assert all("test_logs.py" in line["at"][-1] and line["at"][-1].endswith("fail_with") for line in told)
    assert "jane" not in str(told)


def test_lines_of_a_library_that_differ_in_numbers_alone_pass_once_a_minute() -> None:
    seldom = Seldom()
    passed = []
    for created, text in ((0.0, "refused, try 1"), (1.0, "refused, try 2"), (2.0, "other"), (61.0, "refused, try 900")):
        record = logging.makeLogRecord({"msg": text, "created": created})
        passed.append(seldom.filter(record))
    assert passed == [True, False, True, True]


def test_a_fault_that_repeats_is_told_once_a_minute_with_how_often_it_was() -> None:
    now = 0.0
    sampled = Sampled(lambda: now)

    def passes(**line: Any) -> int | None:
        try:
            return int(sampled(None, "warning", {"event": "kafka_read_error", "error": "timed_out", **line})["repeats"])
        except structlog.DropEvent:
            return None

    assert [passes(partition=0), passes(partition=1), passes(partition=0), passes(partition=0)] == [0, 0, None, None]
    now = SAME_LINE_SECONDS
    assert [passes(partition=0), passes(partition=1)] == [2, 0]


def remembered(ration: Ration) -> int:
    return len(ration._passed_at) + len(ration._kept_back)


def test_lines_that_are_never_the_same_fill_no_memory() -> None:
    """At most so many; of who passed first it is forgotten that it did."""
    ration = Ration()
    for number in range(3 * MOST_KEYS):
        assert ration.passes(number, 0.0)
        ration.passes(number, 0.0)
    assert remembered(ration) == 2 * MOST_KEYS
    assert ration.passes(0, 1.0)
    assert not ration.passes(3 * MOST_KEYS - 1, 1.0)


def test_who_passed_long_ago_is_forgotten_and_who_passed_again_since_is_not() -> None:
    ration = Ration()
    for number in range(100):
        ration.passes(number, 0.0)
        ration.passes(number, 0.0)
    ration.passes(0, FORGOTTEN_SECONDS)
    ration.passes("new", FORGOTTEN_SECONDS + 1.0)
    assert remembered(ration) == 3
    assert ration.repeats(0) == 1


# Gates.


def gate(name: str = "1", reason: str = "throttled") -> GateView:
    return GateView("pixel", name, reason, 0.0, 100.0, 1)


def at(now: float, *gates: GateView) -> Snapshot:
    return replace(sight().snapshot, now=now, gates=gates, partitions=())


def told(*snapshots: Snapshot) -> list[tuple[str, Any]]:
    changes = Changes()
    with capture_logs() as logged:
        for snapshot in snapshots:
            changes.seen(snapshot)
    return [(line["event"], line.get("repeats", line.get("gate_count"))) for line in logged]


def test_a_gate_that_flickers_is_told_of_once_a_minute() -> None:
    flickers = [at(float(second), *([gate()] if second % 2 == 0 else [])) for second in range(61)]
    assert told(*flickers) == [("gate_held", 0), ("gate_opened", None), ("gate_held", 29)]


def test_a_hold_that_was_kept_back_and_lasts_is_told_of() -> None:
    lasting = [at(float(second), gate()) for second in range(2, 70)]
    assert told(at(0.0, gate()), at(1.0), *lasting) == [("gate_held", 0), ("gate_opened", None), ("gate_held", 1)]


def test_another_reason_is_told_of_at_once() -> None:
    assert [event for event, _ in told(at(0.0, gate()), at(1.0, gate(reason="fuse")))] == ["gate_held", "gate_held"]


def test_of_a_thousand_gates_behind_one_limit_most_are_one_line() -> None:
    every = [gate(str(number)) for number in range(1_000)]
    lines = told(at(0.0, *every), at(1.0, *every), at(2.0))
    assert lines[:TOLD_EACH] == [("gate_held", 0)] * TOLD_EACH
    assert lines[TOLD_EACH] == ("more_gates_held", 1_000 - TOLD_EACH)
    assert [event for event, _ in lines[TOLD_EACH + 1 :]] == ["gate_opened"] * TOLD_EACH
