"""What the options of `replay` come to: a choice, a consumer group, settings, and a command that says it again."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import Any

import pytest

from capi_stream.cli.letters.options import Filters
from capi_stream.cli.replay.plan import Plan
from capi_stream.cli.times import unix_time_or_ago
from capi_stream.cli.usage import UsageError
from capi_stream.config import Settings
from capi_stream.config.replaying import Replay, group_of, replayed
from capi_stream.replay.choosing import Choice
from tests.config.test_config import loaded

NOON = 1_767_225_600.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return loaded(tmp_path)


def plan(settings: Settings, filters: Filters | None = None, **changes: Any) -> Plan:
    given: dict[str, Any] = {
        "replay_id": "main",
        "most": 5,
        "rate": 0.0,
        "to_topic": "",
        "parked": False,
        "follow": False,
    }
    return Plan(settings, Path("capi.yaml"), filters or Filters(), **(given | changes))


# Filters.


def test_options_become_a_choice() -> None:
    filters = Filters(["a", "b"], ["post"], ["1"], [100], ["orders"], ["Lead"], "2d", "2026-01-01T06:00:00Z")
    assert filters.choice(NOON) == Choice(
        frozenset({"a", "b"}), frozenset({"post"}), frozenset({"1"}), frozenset({100}), frozenset({"orders"}),
        frozenset({"Lead"}), NOON - 2 * 86_400, 1_767_247_200.0,
    )  # fmt: skip
    assert Filters().choice(NOON) == Choice()


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1_800), ("6h", 21_600), ("2d", 172_800), ("0m", 0)])
def test_a_time_may_be_so_long_ago(text: str, seconds: int) -> None:
    assert unix_time_or_ago(text, NOON) == NOON - seconds


@pytest.mark.parametrize("text", ["", "d", "-1d", "1w", "soon", "1.5h", "٣d", "9999999d", "2026-13-01"])
def test_a_time_that_is_none_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        unix_time_or_ago(text, NOON)
    assert text[:10] in str(raised.value)


def test_the_same_filters_are_the_same_whatever_their_order_and_the_hour() -> None:
    one, other = Filters(["a", "b"], since="2d"), Filters(["b", "a"], since="2d")
    assert one.fingerprint() == other.fingerprint() != ""
    assert Filters().fingerprint() == ""
    assert (
        len({Filters(["a"]).fingerprint(), Filters(stages=["map"]).fingerprint(), Filters(["map"]).fingerprint()}) == 3
    )


# The group.


def test_each_replay_has_a_group_of_its_own_beside_the_services() -> None:
    groups = {
        group_of("live", Replay("main", "")): "live-replay-dead-letters-main",
        group_of("live", Replay("main", "", parked=True)): "live-replay-parked-main",
        group_of("live", Replay("friday", "ab12cd34")): "live-replay-dead-letters-friday-ab12cd34",
    }
    assert all(found == expected for found, expected in groups.items())


def test_where_letters_go_does_not_make_it_another_replay(settings: Settings) -> None:
    assert plan(settings, to_topic="events").group == plan(settings, rate=9.0).group == plan(settings).group
    assert plan(settings).group.startswith(plan(settings).family)
    assert not plan(settings, parked=True).group.startswith(plan(settings).family)


# The settings.


def test_a_replay_is_the_service_with_letters_in_place_of_records(settings: Settings) -> None:
    own = plan(settings).own_settings
    assert own.consumer.topics == ("commerce.events.dead-letters",)
    assert own.consumer.properties["group.id"] == "capi-stream-replay-dead-letters-main"
    assert (own.consumer.no_committed_offset, own.consumer.stops_at_ends) == ("earliest", True)
    assert (own.limits.replays, own.limits.park_after_seconds) == ("dead_letter", math.inf)
    assert (own.producer.replay_id, own.producer.dead_letter_topic) == ("main", "commerce.events.dead-letters")
    assert (own.admin.host, own.admin.port) == ("127.0.0.1", 0), "the service's own port is taken where it runs"
    assert own.intake is settings.intake
    assert own.posters is settings.posters


def test_one_that_follows_reads_what_is_parked_without_an_end(settings: Settings) -> None:
    own = plan(settings, parked=True, follow=True).own_settings
    assert own.consumer.topics == ("commerce.events.parked",)
    assert (own.consumer.stops_at_ends, own.limits.replays) == (False, "parked")
    assert own.admin == settings.admin


@pytest.mark.parametrize("name", ["", "two words", "ä", "x" * 61, "a/b", "a\n"])
def test_an_id_that_is_no_part_of_a_group_s_name_is_refused(settings: Settings, name: str) -> None:
    with pytest.raises(ValueError, match="a replay's id"):
        replayed(settings, Replay(name, ""))


@pytest.mark.parametrize("topic", ["commerce.events.dead-letters", "commerce.events.parked"])
def test_letters_do_not_go_where_letters_lie(settings: Settings, topic: str) -> None:
    with pytest.raises(ValueError, match="topic of letters"):
        plan(settings, to_topic=topic).check(NOON, is_meant=False)


def test_only_parked_records_are_followed_and_only_in_earnest(settings: Settings) -> None:
    plan(settings, parked=True, follow=True).check(NOON, is_meant=True)
    for is_parked, is_meant in ((True, False), (False, True)):
        with pytest.raises(UsageError, match="--follow"):
            plan(settings, follow=True, parked=is_parked).check(NOON, is_meant=is_meant)


def test_the_command_says_all_that_was_asked(settings: Settings) -> None:
    filters = Filters(["b", "a"], codes=[100], since="2d")
    command = plan(settings, filters, rate=2.5, to_topic="other events", parked=True, replay_id="friday").command
    assert shlex.split(command) == [
        *(
            "capi-stream",
            "replay",
            "-c",
            "capi.yaml",
            "--reason",
            "a",
            "--reason",
            "b",
            "--code",
            "100",
            "--since",
            "2d",
        ),
        *("--parked", "--to-topic", "other events", "--rate", "2.5", "--id", "friday", "--yes"),
    ]
