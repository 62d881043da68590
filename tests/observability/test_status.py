"""The status page: a verdict in words, all that an operator asks for, and nothing that is not escaped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from capi_stream.delivery.ledger import GateView, LaneView, LastError
from capi_stream.model import Destination, PixelId
from capi_stream.observability.board import Sight
from capi_stream.observability.status import About, Shown, page
from capi_stream.observability.status.advice import ADVICE
from capi_stream.observability.status.humane import age, many, size
from capi_stream.observability.status.sections import MOST_PIXELS
from capi_stream.observability.status.verdict import verdict
from tests.observability.sights import ORDERS, PIXEL, sight

ABOUT = About(
    "1.2.3",
    {"Graph API": "v25.0", "librdkafka": "2.16.0"},
    {"Group": "capi-stream", "Drain deadline": "25 s"},
    pixels=3,
)
CREDENTIAL = (("credential", "100"), ("pixel", "100"))


def shown(**changes: Any) -> Shown:
    """A running member with one pixel held for its token, and `changes` to its snapshot or sight."""
    now = sight()
    error = LastError("token_invalid, HTTP 400, code 190", "Error validating access token: …", 990.0)
    lane = replace(now.snapshot.lanes[0], gates=CREDENTIAL, open_batch=2, last_error=error)
    given = {"lanes": (lane,)} | changes
    of_sight = {
        name: given.pop(name) for name in list(given) if name in ("outages", "high_watermarks", "token_expiries")
    }
    return Shown(ABOUT, "running", replace(now, snapshot=replace(now.snapshot, **given), **of_sight))


def told(at: Shown) -> tuple[str, str]:
    found = verdict(at)
    return found.mood, found.title


ENDPOINT = GateView("endpoint", "graph", "timeout", 990.0, 1_002.0, 1)
TOPIC = GateView("topic", "dead-letters", "topic_authorization_failed", 990.0, 1_002.0, 1)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (Shown(ABOUT, "starting"), ("warn", "Starting")),
        (replace(shown(), state="joining"), ("warn", "Joining the group")),
        (replace(shown(), state="stopping"), ("warn", "Stopping")),
        (replace(shown(), stalled="the loop has not turned for 63 s"), ("bad", "Stuck")),
        (shown(outages=("Kafka cannot be reached (all_brokers_down)", "the registry too")),
         ("bad", "Kafka cannot be reached (all_brokers_down)")),
        (shown(outages=("the schema registry does not answer (502)",)),
         ("bad", "The schema registry does not answer (502)")),
        (shown(), ("bad", "Held: 1 of 3 pixels")),
        (shown(gates=(replace(ENDPOINT, scope="credential", name="100"),)), ("warn", "Held: 1 of 3 pixels")),
        (shown(gates=(TOPIC,)), ("bad", "Held: letters for dead-letters")),
        (shown(gates=(), partitions=()), ("warn", "Standing by")),
        (shown(gates=()), ("good", "Delivering")),
    ],
)  # fmt: skip
def test_the_verdict_is_the_worst_that_is_true(at: Shown, expected: tuple[str, str]) -> None:
    assert told(at) == expected


def test_the_verdict_counts_pixels_and_not_gates_or_endpoints() -> None:
    lanes = tuple(
        LaneView(Destination(PixelId(pixel), endpoint), 0, 0, None, None, gates=(("endpoint", "graph"),))
        for pixel, endpoint in (("100", "graph"), ("100", "gateway"), ("2", "graph"), ("3", "graph"))
    )
    assert told(shown(lanes=lanes, gates=(ENDPOINT,))) == ("warn", "Held: all 3 pixels")


def test_a_member_that_is_behind_says_by_how_much() -> None:
    found = verdict(shown(gates=(), high_watermarks={ORDERS: 5_005}))
    assert (found.mood, found.title) == ("good", "Delivering")
    assert "5,000 records behind; the oldest open one is 1 min old" in found.text


@pytest.mark.parametrize(
    "text",
    [
        "token_invalid", "Put a new access token", "Held for 1 min, 2 tries. Next probe in 30 s.",  # the gate
        "Last error 10 s ago: <q>Error validating access token: …</q>", "HTTP 400, code 190",  # in the API's words
        "orders <small>0</small>", ">paused<", "1 min", 'value="100"',  # the partition, and its lag as a bar
        "1.2.3", "v25.0", "2.16.0", "capi-stream", "25 s",  # versions and settings
        "<code>undecodable</code>",  # rejected events
    ],
)  # fmt: skip
def test_the_page_shows(text: str) -> None:
    assert text in page(shown())


@pytest.mark.parametrize(
    ("name", "value"),
    [("open batch", "2"), ("waiting", "3"), ("in flight", "1"), ("accepted", "8"), ("next probe", "in 30 s"),
     ("position", "9"), ("committed", "5"), ("uncommitted", "4"), ("lag", "7")],
)  # fmt: skip
def test_a_cell_carries_its_columns_name(name: str, value: str) -> None:
    marks = (f'data-name="{name}">{value}<', f'data-name="{name}" class="number">{value}<')
    assert any(mark in page(shown()) for mark in marks)


def test_rejected_events_are_shown_by_reason_with_those_that_are_dead_letters_yet() -> None:
    text = page(shown())
    row = '<code>wrong_type</code></th><td data-name="events" class="number">5</td>'
    assert f'{row}<td data-name="dead letters" class="number">2</td>' in text
    assert "<dd>6</dd><dt>events rejected</dt>" in text


def test_a_pixels_rejected_events_count_before_their_letters_are_stored() -> None:
    now = sight()
    now.snapshot.ledger.dead_letters.clear()
    assert '<td data-name="rejected" class="number">5</td>' in page(Shown(ABOUT, "running", now))


def test_a_token_that_ends_soon_is_told_of() -> None:
    now = sight().snapshot.unix_now
    assert "Its token ends in 3.0 d." in page(shown(token_expiries={PIXEL: now + 3 * 86_400}))
    assert "Its token has ended." in page(shown(token_expiries={PIXEL: now - 1}))
    assert "Its token" not in page(shown(token_expiries={PIXEL: now + 60 * 86_400}))


def test_everything_is_escaped() -> None:
    evil = "<img src=x onerror=alert(1)>\"'"
    lane = LaneView(
        Destination(PixelId(evil), evil), 1, 1, 1, LastError(evil, evil, 1.0), gates=(("pixel", evil), ("topic", evil))
    )
    gates = (GateView("pixel", evil, evil, 1.0, 2.0, 1), GateView("topic", evil, evil, 1.0, 2.0, 1))
    now = shown(lanes=(lane,), gates=gates, outages=(evil,))
    assert now.sight is not None
    now.sight.snapshot.ledger.rejected[evil, evil, evil] = 1
    now.sight.snapshot.ledger.parked[evil] = 1
    text = page(replace(now, about=About(evil, {evil: evil}, {evil: evil}), stalled=evil))
    assert "<img" not in text
    assert f'"{evil}' not in text


def test_a_thousand_pixels_are_a_page_still() -> None:
    lanes = tuple(LaneView(Destination(PixelId(str(at))), 1, 0, None, None) for at in range(1_000))
    text = page(shown(lanes=lanes, gates=()))
    assert f"And {1_000 - MOST_PIXELS} more pixels." in text
    assert len(text) < 200_000


def test_held_pixels_come_first() -> None:
    lanes = tuple(
        LaneView(Destination(PixelId(str(at))), 1, 0, None, None, gates=(("pixel", str(at)),)) for at in (1, 2, 3)
    )
    text = page(shown(lanes=lanes, gates=(replace(ENDPOINT, scope="pixel", name="3"),)))
    assert text.index("3 <small>graph") < text.index("1 <small>graph") < text.index("2 <small>graph")


def test_of_several_gates_the_one_that_holds_longest_is_shown() -> None:
    long, short = (replace(ENDPOINT, scope=scope, name="100", until=until) for scope, until in
                   (("pixel", 1_900.0), ("credential", 1_200.0)))  # fmt: skip
    of_another = replace(ENDPOINT, scope="pixel", name="101", until=9_999.0)
    text = page(shown(gates=(short, of_another, replace(long, reason="throttled"))))
    assert "<span>held <code>throttled</code></span>" in text


def test_a_blown_fuse_has_no_next_probe() -> None:
    fuse = GateView("pixel", "100", "fuse", 940.0, float("inf"), 1)
    assert "Next probe when a person opens it" in page(shown(gates=(fuse,)))


def test_a_pixel_of_which_nothing_was_good_is_held_by_its_fuse_and_shown() -> None:
    """It never had an event to post, so the engine has no lane for it."""
    held = shown(lanes=(), gates=(GateView("pixel", "100@gateway", "fuse", 940.0, float("inf"), 1),))
    assert told(held) == ("bad", "Held: 1 of 3 pixels")
    text = page(held)
    assert "<span>held <code>fuse</code></span>" in text
    assert '<td data-name="rejected" class="number">5</td>' in text
    assert "none <small>" not in text, "records that name no pixel are none's"


def test_a_fuse_of_all_holds_every_pixel_of_the_settings() -> None:
    everything = GateView("all", "", "fuse", 940.0, float("inf"), 1)
    assert told(shown(lanes=(), gates=(everything,))) == ("bad", "Held: all 3 pixels")


def test_a_blown_fuse_sends_nobody_to_letters_that_it_holds_itself() -> None:
    advised = ADVICE["fuse"]
    assert "Look at the dead letters" not in advised
    assert all(told in advised for told in ("Rejected events", "capi-stream preview", "capi-stream fuse reset"))
    assert "<h3>Rejected events</h3>" in page(shown())


@pytest.mark.parametrize("state", ["starting", "joining", "running", "stopping"])
@pytest.mark.parametrize("seen", [None, Sight(sight().snapshot), Sight(replace(sight().snapshot, lanes=(), gates=()))])
def test_there_is_a_page_at_any_moment(state: str, seen: Sight | None) -> None:
    assert page(Shown(ABOUT, state, seen)).endswith("</html>")


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (0, "0 s"), (59, "59 s"), (90, "2 min"), (9_000, "2.5 h"), (1e5, "1.2 d")]
)
def test_ages_are_for_people(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(812, "812 B"), (4_000, "4.0 kB"), (67_108_864, "67 MB"), (1.5e9, "1.5 GB")]
)
def test_sizes_are_for_people(number: float, text: str) -> None:
    assert size(number) == text


def test_one_is_not_many() -> None:
    assert (many(1, "pixel"), many(1_200, "pixel")) == ("1 pixel", "1,200 pixels")
    assert (many(1, "try", "tries"), many(2, "try", "tries")) == ("1 try", "2 tries")
