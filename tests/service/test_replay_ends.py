"""How a replay ends, on a real Kafka: killed in the middle, while it waits, and not before Kafka has word of all."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.poison import Poison
from tests.builders import PIXEL
from tests.real.broker import RealBroker
from tests.real.clients import wait_until
from tests.service.replays import once, refused, renewed, replay, replaying
from tests.service.shop import Shop
from tests.service.tools import configuration


def test_it_does_not_end_before_kafka_has_word_of_all_that_was_sent(own_broker: RealBroker, tmp_path: Path) -> None:
    with Shop(own_broker.bootstrap, tmp_path) as shop:
        ids = refused(shop, 200)
        shop.sandbox.always(Fault("latency", delay_seconds=0.3))
        # A session that outlasts the outage: its member comes back as itself.
        patient = {"kafka": {"consumer": {"session.timeout.ms": 45_000}}, "delivery": {"batch_events": 10}}
        running = replaying(shop, "--yes", **patient)
        wait_until(lambda: shop.accepted().total() >= 40, 60, "a part is accepted")
        own_broker.kill()
        wait_until(lambda: shop.accepted().total() == 200, 60, "so is the rest")
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(3)
        own_broker.start()
        assert running.wait(90) == 0
        assert shop.accepted() == once(ids)
        assert "none is left to do" in replay(shop).stdout


def test_on_a_terminal_a_bar_says_how_far_it_is_and_what_it_waits_for(shop: Shop) -> None:
    refused(shop, 20)
    shop.sandbox.expire_token(str(PIXEL))
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "capi_stream", "replay", "-c", str(configuration(shop)), "--yes"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal, env={**os.environ, "TERM": "xterm"})
    os.close(terminal)
    shown = drawn(screen, "waits: token_invalid")
    assert "0/20" in shown
    renewed(shop)
    shown += drawn(screen, "20/20")
    assert running.wait(60) == 0
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l"), "a second signal would not bring the cursor back"
    os.close(screen)


def drawn(screen: int, until: str, seconds: float = 60.0) -> str:
    """What comes to the terminal, up to `until`."""
    shown, deadline = "", time.monotonic() + seconds
    while until not in shown:
        assert time.monotonic() < deadline, shown[-500:]
        shown += os.read(screen, 4_096).decode(errors="replace")
    return shown


def test_where_nothing_is_drawn_it_says_what_it_waits_for(shop: Shop) -> None:
    refused(shop, 2)
    shop.sandbox.expire_token(str(PIXEL))
    running = replaying(shop, "--yes", deadlines={"drain_seconds": 5})
    log = shop.folder / "replay.log"
    wait_until(lambda: "waits: token_invalid: 0 of 2 letters" in log.read_text(), 40, "it says so")
    running.terminate()
    assert running.wait(60) == 1
    assert "To go on where it ended" in log.read_text()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_one_that_is_ended_in_the_middle_goes_on_where_it_was(shop: Shop, end: signal.Signals) -> None:
    ids = refused(shop, 600)
    shop.sandbox.always(Fault("latency", delay_seconds=0.2))
    slow = {"delivery": {"batch_events": 10, "posts_in_flight": 2}}
    running = replaying(shop, "--yes", **slow)
    wait_until(lambda: shop.accepted().total() > 100, 60, "a part is accepted")
    running.send_signal(end)
    assert running.wait(60) == (-9 if end is signal.SIGKILL else 1)
    part = set(shop.accepted())
    assert part < set(ids) or (end is signal.SIGTERM and part == set(ids)), "one that is told to stop drains"
    shop.sandbox.clear_faults()
    assert replay(shop, "--yes").returncode == 0
    accepted = shop.accepted()
    assert set(accepted) == set(ids)
    twice = {each for each, number in accepted.items() if number > 1}
    assert twice <= part
    assert len(twice) <= (100 if end is signal.SIGKILL else 0), "what was not committed yet is sent twice, and no more"
    assert len(shop.letters()) == 600


def test_kills_again_and_again_lose_nothing(shop: Shop) -> None:
    ids = refused(shop, 300)
    shop.sandbox.poison(Poison(prefix="order-7"))
    shop.sandbox.always(Fault("latency", delay_seconds=0.1))
    slow = {"delivery": {"batch_events": 5, "posts_in_flight": 2, "commit_interval_seconds": 0.1}}
    for _ in range(3):
        running = replaying(shop, "--yes", "--max-replays", 50, **slow)
        before = len(shop.sandbox.requests)
        wait_until(lambda: len(shop.sandbox.requests) > before + 8 or running.poll() is not None, 60, "it posts")  # noqa: B023
        running.kill()
        running.wait()
    shop.sandbox.clear_faults()
    shop.sandbox.clear_poison()
    assert replay(shop, "--yes", "--max-replays", 50).returncode == 0
    assert set(shop.accepted()) == set(ids)
