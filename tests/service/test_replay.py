"""`capi-stream replay` on a real Kafka: what is sent again, and what is not."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.poison import Poison
from tests.builders import PIXEL
from tests.conftest import MakeTopic
from tests.real.clients import committed, read_all
from tests.service.replays import once, published_and_settled, refused, replay, said
from tests.service.shop import OTHER_PIXEL, Shop, fresh, header, rebalancing
from tests.service.tools import tool


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
