"""`capi-stream replay` on a real Kafka: what is sent again and what is not, and kills in the middle."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message

from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.poison import Poison
from tests.builders import PIXEL
from tests.conftest import MakeTopic
from tests.real.broker import RealBroker
from tests.real.clients import committed, read_all, wait_until
from tests.service.shop import OTHER_PIXEL, Shop, fresh, header, rebalancing
from tests.service.tools import configuration, tool


def replay(shop: Shop, *options: str | int, **changes: Any) -> subprocess.CompletedProcess[str]:
    return tool("replay", "-c", configuration(shop, **changes), *map(str, options))


def replaying(shop: Shop, *options: str | int, **changes: Any) -> subprocess.Popen[bytes]:
    """One that runs on by itself; its log is `replay.log` in the shop's folder."""
    command = ["-m", "capi_stream", "replay", "-c", str(configuration(shop, **changes)), *map(str, options)]
    with (shop.folder / "replay.log").open("ab") as log:
        return subprocess.Popen([sys.executable, *command], stdout=log, stderr=log)


def published_and_settled(shop: Shop, events: Iterable[dict[str, Any]], **changes: Any) -> None:
    """Run the service until all of `events` are settled, and end it."""
    member = shop.run(**changes)
    shop.publish(events)
    shop.wait_until_committed()
    member.kill()


def refused(shop: Shop, number: int, **changes: Any) -> list[str]:
    """So many dead letters, which the API would take now."""
    ids = [f"order-{at}" for at in range(number)]
    shop.sandbox.poison(Poison(prefix="order-"))
    published_and_settled(shop, (fresh(each) for each in ids), **changes)
    shop.sandbox.clear_poison()
    return ids


def said(letter: Message, *names: str) -> tuple[str, ...]:
    return tuple(header(letter, name) for name in names)


def once(ids: Iterable[str]) -> Counter[str]:
    return Counter(set(ids))


# What is sent.


def test_a_look_sends_nothing_and_leaves_no_trace(shop: Shop) -> None:
    refused(shop, 3)
    before = len(shop.sandbox.requests)
    looked = replay(shop)
    assert (looked.returncode, looked.stderr) == (0, "")
    assert "3 letters in " in looked.stdout
    assert "3 would be sent" in looked.stdout
    assert f"{PIXEL}  Purchase" in looked.stdout
    assert "malformed_parameter" in looked.stdout
    assert len(shop.sandbox.requests) == before
    assert shop.accepted() == {}
    assert committed(shop.broker, f"{shop.group}-replay-dead-letters-main", shop.dead_letters) == {}
    assert replay(shop).stdout == looked.stdout


def test_letters_are_sent_once_and_a_second_run_finds_nothing_left(shop: Shop) -> None:
    ids = refused(shop, 20)
    done = replay(shop, "--yes")
    assert done.returncode == 0, done.stderr
    assert "20  events accepted" in done.stdout
    assert shop.accepted() == once(ids)
    again = replay(shop, "--yes")
    assert (again.returncode, shop.accepted()) == (0, once(ids))
    assert "none is left to do" in replay(shop).stdout
    assert committed(shop.broker, shop.group, shop.topic) == shop.committed, "the live group is left alone"


def test_the_command_that_a_look_prints_does_what_it_showed(shop: Shop) -> None:
    ids = refused(shop, 2)
    looked = replay(shop, "--reason", "malformed_parameter", "--pixel", str(PIXEL), "--rate", 50)
    command = looked.stdout.rpartition("To do it: capi-stream ")[2].split()
    assert tool(*command).returncode == 0
    assert shop.accepted() == once(ids)


def test_only_the_destination_that_refused_it_gets_it_again(shop: Shop) -> None:
    gateway = {"url": shop.sandbox.url, "access_key": shop.sandbox.token(str(PIXEL))}
    changes = {"pixels": {str(PIXEL): {"gateway": gateway}}}
    shop.sandbox.next(Fault("schema", endpoint="gateway"))
    published_and_settled(shop, [fresh("order-1")], **changes)
    [letter] = shop.letters()
    assert said(letter, "endpoint", "event_id") == ("gateway", "order-1")
    assert len(header(letter, "mapping")) == 8
    assert (shop.accepted(), shop.accepted(endpoint="gateway")) == ({"order-1": 1}, {})
    assert replay(shop, "--yes", **changes).returncode == 0
    assert (shop.accepted(), shop.accepted(endpoint="gateway")) == ({"order-1": 1}, {"order-1": 1})


def test_what_fails_again_is_a_new_letter_that_remembers_the_first(shop: Shop) -> None:
    refused(shop, 3)
    first = {header(letter, "event_id"): letter for letter in shop.letters()}
    shop.sandbox.poison(Poison(prefix="order-1", error="too_many_parameters"))
    done = replay(shop, "--yes", "--id", "friday")
    assert done.returncode == 0, done.stderr
    assert shop.accepted() == once(["order-0", "order-2"])
    again = shop.letters()[3:]
    [letter] = again
    assert said(letter, "event_id", "replay_count", "replay_id") == ("order-1", "1", "friday")
    assert header(letter, "first_reason") == "malformed_parameter"
    place = ("source_topic", "source_partition", "source_offset", "source_timestamp", "first_failed_at")
    assert said(letter, *place) == said(first["order-1"], *place)
    assert (letter.key(), letter.value()) == (first["order-1"].key(), first["order-1"].value())
    shop.sandbox.clear_poison()
    assert replay(shop, "--yes", "--id", "friday").returncode == 0
    assert shop.accepted() == once(["order-0", "order-1", "order-2"])


def test_a_letter_that_goes_on_failing_is_left_to_a_person(shop: Shop) -> None:
    refused(shop, 1)
    shop.sandbox.poison(Poison(prefix="order-"))
    for _ in range(3):
        assert replay(shop, "--yes", "--max-replays", 2).returncode == 0
    assert [header(letter, "replay_count") for letter in shop.letters()] == ["", "1", "2"]
    assert "replayed_too_often" in replay(shop, "--max-replays", 2, "--id", "look").stdout


def test_a_record_whose_mapping_was_wrong_is_mapped_anew(shop: Shop) -> None:
    """The usual case: a pixel was not configured. Its store's events come back once it is."""
    unknown = {"pixels": {OTHER_PIXEL: None}}
    published_and_settled(shop, [fresh("order-1", pixel_id=OTHER_PIXEL), fresh("order-2")], **unknown)
    assert shop.reasons == {"pixel_not_configured": 1}
    assert "map  pixel_not_configured" in replay(shop, **unknown).stdout
    assert replay(shop, "--yes").returncode == 0
    assert (shop.accepted(OTHER_PIXEL), shop.accepted(str(PIXEL))) == ({"order-1": 1}, {"order-2": 1})


def test_filters_choose_and_each_choice_has_its_own_group(shop: Shop) -> None:
    shop.sandbox.poison(Poison(prefix="order-"))
    events = [
        fresh("order-1"),
        fresh("order-2", pixel_id=OTHER_PIXEL),
        fresh("old") | {"occurred_at": 1_600_000_000_000},
    ]
    published_and_settled(shop, events)
    shop.sandbox.clear_poison()
    looked = replay(shop, "--pixel", OTHER_PIXEL).stdout
    assert "1 would be sent, 2 left where they lie" in looked
    assert "not_chosen" in looked
    assert replay(shop, "--yes", "--pixel", OTHER_PIXEL).returncode == 0
    assert shop.accepted() == {"order-2": 1}
    assert replay(shop, "--yes", "--pixel", str(PIXEL)).returncode == 0
    assert shop.accepted() == {"order-1": 1, "order-2": 1}
    whole = replay(shop).stdout
    assert "too_old" in whole
    assert whole.count(f"  {shop.group}-replay-dead-letters-main-") == 2, "it says who may have sent these before"


def test_letters_go_to_a_topic_where_the_service_reads_them(shop: Shop) -> None:
    gateway = {"url": shop.sandbox.url, "access_key": shop.sandbox.token(str(PIXEL))}
    changes = {"pixels": {str(PIXEL): {"gateway": gateway}}}
    shop.sandbox.next(Fault("schema", endpoint="gateway"))
    published_and_settled(shop, [fresh("order-1")], **changes)
    done = replay(shop, "--yes", "--to-topic", shop.topic, "--id", "friday", **changes)
    assert done.returncode == 0, done.stderr
    assert f"1  published to {shop.topic}" in done.stdout
    assert f"whoever reads {shop.topic} sees them again" in done.stderr
    put = read_all(shop.broker, shop.topic)[-1]
    assert said(put, "kind", "replay_count", "replay_id", "endpoint") == ("replay", "1", "friday", "gateway")
    shop.run(**changes)
    shop.wait_until_committed()
    assert (shop.accepted(), shop.accepted(endpoint="gateway")) == ({"order-1": 1}, {"order-1": 1})


def test_a_topic_that_is_not_there_or_that_of_letters_is_an_error(shop: Shop) -> None:
    refused(shop, 1)
    for options in ((), ("--yes",)):
        gone = replay(shop, *options, "--to-topic", "gone.events")
        assert (gone.returncode, gone.stdout) == (1, "")
        assert (
            "there is no topic gone.events. What to do: create it, or correct its name under --to-topic" in gone.stderr
        )
    loop = replay(shop, "--yes", "--to-topic", shop.dead_letters)
    assert (loop.returncode, "topic of letters" in loop.stderr) == (2, True)
    assert len(shop.letters()) == 1


def test_it_goes_no_faster_than_it_may(shop: Shop) -> None:
    ids = refused(shop, 30)
    began = time.monotonic()
    assert replay(shop, "--yes", "--rate", 10).returncode == 0
    assert time.monotonic() - began > 2.0
    assert shop.accepted() == once(ids)


def test_it_ends_where_the_letters_ended_when_it_began(shop: Shop) -> None:
    """What fails again is behind that: no loop."""
    refused(shop, 40)
    shop.sandbox.poison(Poison(prefix="order-"))
    done = replay(shop, "--yes", fuse=None)
    assert done.returncode == 0, done.stderr
    assert Counter(header(letter, "replay_count") for letter in shop.letters()) == {"": 40, "1": 40}


def test_a_fuse_that_blows_ends_it_and_what_was_not_sent_stays(shop: Shop) -> None:
    ids = refused(shop, 60)
    shop.sandbox.poison(Poison(prefix="order-"))
    fuse = {"delivery": {"fuse": {"minimum": 20}}}
    ended = replay(shop, "--yes", **fuse)
    assert ended.returncode == 1
    assert "the fuse" in ended.stdout
    assert "To go on where it ended: capi-stream replay" in ended.stdout
    shop.sandbox.clear_poison()
    assert replay(shop, "--yes", **fuse).returncode == 0
    assert set(shop.accepted()) == set(ids)


def test_an_event_that_failed_again_and_again_is_sent_once_by_whatever_filter(shop: Shop) -> None:
    ids = refused(shop, 3)
    shop.sandbox.poison(Poison(prefix="order-"))
    for _ in range(2):
        assert replay(shop, "--yes").returncode == 0
    assert len(shop.letters()) == 9
    shop.sandbox.clear_poison()
    looked = replay(shop, "--reason", "malformed_parameter").stdout
    assert "3 would be sent, 6 left where they lie" in looked
    assert "newer_letter" in looked
    assert replay(shop, "--yes", "--reason", "malformed_parameter").returncode == 0
    assert shop.accepted() == once(ids)


def test_what_should_be_mended_first_is_not_passed_over(shop: Shop) -> None:
    ids = refused(shop, 3)
    elsewhere: dict[str, Any] = {"topics": {shop.topic: None, "others": {}}}
    ended = replay(shop, "--yes", **elsewhere)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "3 letters would be passed over for good, topic_not_configured" in ended.stderr
    assert "--leave topic_not_configured" in ended.stderr
    assert "mend that first" in replay(shop, **elsewhere).stdout
    assert replay(shop, "--yes").returncode == 0
    assert shop.accepted() == once(ids)


def test_what_is_left_on_demand_is_done_with(shop: Shop) -> None:
    refused(shop, 3)
    elsewhere: dict[str, Any] = {"topics": {shop.topic: None, "others": {}}}
    left = replay(shop, "--yes", "--leave", "topic_not_configured", **elsewhere)
    assert left.returncode == 0, left.stderr
    assert "3  left where they lie, topic_not_configured" in left.stdout
    assert "none is left to do" in replay(shop).stdout


def test_what_a_topic_does_not_take_is_told_and_stays(shop: Shop, topic: MakeTopic) -> None:
    refused(shop, 2)
    small = topic("small", max_message_bytes="300")
    ended = replay(shop, "--yes", "--to-topic", small)
    assert ended.returncode == 1
    assert "2  left where they lie, too_large_for_topic" in ended.stdout
    assert read_all(shop.broker, small) == []


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


# Kills.


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


# Parked records.


def parked(shop: Shop) -> set[str]:
    """Records that were parked since their pixel's token had expired; it is renewed."""
    shop.sandbox.expire_token(str(PIXEL))
    held = [fresh(f"held-{at}") for at in range(50)]
    free = [fresh(f"free-{at}", pixel_id=OTHER_PIXEL) for at in range(50)]
    published_and_settled(shop, [*held, *free], delivery={"park_after_seconds": 1})
    assert len(shop.letters(shop.parked)) == 50
    return {each["event_id"] for each in held}


def renewed(shop: Shop) -> None:
    shop.token_file(str(PIXEL)).write_text(shop.sandbox.renew_token(str(PIXEL)))


def test_parked_records_come_back_when_their_pixel_answers(shop: Shop) -> None:
    held = parked(shop)
    assert "none is left to do" in replay(shop).stdout, "they are no dead letters"
    assert "token_invalid" in replay(shop, "--parked").stdout
    renewed(shop)
    assert replay(shop, "--parked", "--yes").returncode == 0
    assert shop.accepted(str(PIXEL)) == once(held)
    assert shop.accepted(OTHER_PIXEL) == once(f"free-{at}" for at in range(50))


def test_one_that_follows_waits_for_the_pixel_and_takes_what_comes_later(shop: Shop) -> None:
    held = parked(shop)
    follows = replaying(shop, "--parked", "--yes", "--follow", admin={"port": 0})
    log = shop.folder / "replay.log"
    wait_until(lambda: "gate_held" in log.read_text(), 60, "it waits for the lane to open")
    assert len(shop.letters(shop.parked)) == 50, "nothing is parked again"
    renewed(shop)
    wait_until(lambda: shop.accepted(str(PIXEL)) == once(held), 60, "they come back")
    shop.sandbox.expire_token(str(PIXEL))
    later = [fresh(f"later-{at}") for at in range(5)]
    published_and_settled(shop, [*later, fresh("free", pixel_id=OTHER_PIXEL)], delivery={"park_after_seconds": 1})
    renewed(shop)
    wait_until(lambda: {f"later-{at}" for at in range(5)} <= set(shop.accepted(str(PIXEL))), 60, "so do later ones")
    follows.terminate()
    assert follows.wait(60) == 0


def test_one_that_follows_and_whose_fuse_has_blown_waits_for_a_person_who_resets_it(shop: Shop) -> None:
    held = parked(shop)
    renewed(shop)
    shop.sandbox.poison(Poison(prefix="held-"))
    follows = replaying(shop, "--parked", "--yes", "--follow", admin={"port": 0}, delivery={"fuse": {"minimum": 20}})
    log = shop.folder / "replay.log"
    wait_until(lambda: '"fuse"' in log.read_text(), 60, "most of what it sent was refused")
    shop.sandbox.clear_poison()
    assert tool("fuse", "reset", "--pid", str(follows.pid)).returncode == 0
    wait_until(lambda: "fuses_reset" in log.read_text(), 10, "it was asked")

    def done() -> set[str]:
        return set(shop.accepted(str(PIXEL))) | {header(letter, "event_id") for letter in shop.letters()}

    wait_until(lambda: done() == held, 60, "each was accepted, or refused before and a dead letter now")
    follows.terminate()
    assert follows.wait(60) == 0


def test_options_that_do_not_go_together_are_an_error(shop: Shop) -> None:
    for options in (
        ("--to-topic", ""),
        ("--to-topic", "a b"),
        ("--since", "2d", "--yes"),
        ("--since", "1d", "--until", "2d"),
        ("--rate", "inf"),
        ("--leave", "not_chosen"),
        ("--follow",),
        ("--follow", "--parked"),
        ("--id", "two words"),
        ("--since", "soon"),
        ("--stage", "x"),
    ):
        ended = replay(shop, *options)
        assert (ended.returncode, ended.stdout) == (2, ""), options
        assert len(ended.stderr.splitlines()) == 1


def test_it_ends_in_a_group_that_the_broker_leads(shop: Shop) -> None:
    ids = refused(shop, 5)
    assert replay(shop, "--yes", kafka=rebalancing("consumer")).returncode == 0
    assert shop.accepted() == once(ids)
