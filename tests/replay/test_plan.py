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
from capi_stream.config.replaying import Replay, group_of, replayed
from capi_stream.config.settings import Settings
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
    filters = Filters(
        reason=["a", "b"], stage=["post"], pixel=["1"], code=[100], topic=["orders"], event_name=["Lead"],
        since="2d", until="2026-01-01T06:00:00Z",
    )  # fmt: skip
    assert filters.choice(NOON) == Choice(
        frozenset({"a", "b"}), frozenset({"post"}), frozenset({"1"}), frozenset({100}), frozenset({"orders"}),
        frozenset({"Lead"}), NOON - 2 * 86_400, 1_767_247_200.0,
    )  # fmt: skip
    assert Filters().choice(NOON) == Choice()


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1_800), ("6h", 21_600), ("2d", 172_800), ("0m", 0)])
def test_a_time_may_be_so_long_ago(text: str, seconds: int) -> None:
    assert unix_time_or_ago(text, NOON) == NOON - seconds


@pytest.mark.parametrize("text", ["", "d", "-1d", "1y", "soon", "1.5h", "٣d", "9999999d", "2026-13-01"])
def test_a_time_that_is_none_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        unix_time_or_ago(text, NOON)
    assert text[:10] in str(raised.value)


def test_times_that_move_are_fixed_and_written_so_that_they_choose_the_same() -> None:
    fixed = Filters(since="2d", until="1h").fixed(NOON)
    assert (fixed.since, fixed.until) == ("2025-12-30T00:00:00Z", "2025-12-31T23:00:00Z")
    assert fixed.choice(NOON + 999.0) == Filters(since="2d", until="1h").choice(NOON)
    assert fixed.fixed(NOON + 999.0) == fixed


@pytest.mark.parametrize(("since", "until"), [("1d", "2d"), ("1d", "1d"), ("2026-01-02", "2026-01-01")])
def test_a_span_in_which_no_time_lies_is_an_error(since: str, until: str) -> None:
    with pytest.raises(UsageError, match="no time lies between"):
        Filters(since=since, until=until).choice(NOON)


# The group.


def test_each_replay_has_a_group_of_its_own_beside_the_services() -> None:
    groups = {
        group_of("live", Replay("main", "")): "live-replay-dead-letters-main",
        group_of("live", Replay("main", "", parked=True)): "live-replay-parked-main",
        group_of("live", Replay("friday", "ab12cd34")): "live-replay-dead-letters-friday-ab12cd34",
    }
    assert all(found == expected for found, expected in groups.items())


def test_another_choice_under_the_same_id_is_another_replay(settings: Settings) -> None:
    """What one has passed over, it would not see again."""
    ones = [
        plan(settings), plan(settings, Filters(reason=["a"])), plan(settings, Filters(reason=["map"])),
        plan(settings, Filters(stage=["map"])), plan(settings, to_topic="events"), plan(settings, most=9),
        plan(settings, parked=True), plan(settings, replay_id="friday"),
    ]  # fmt: skip
    assert len({each.group for each in ones}) == len(ones)
    assert all(each.group.startswith(each.family) for each in ones)
    assert not plan(settings, parked=True).group.startswith(plan(settings).family)


def test_the_same_choice_is_the_same_replay_however_it_is_written(settings: Settings) -> None:
    assert plan(settings, rate=9.0, leave=frozenset({"not_decrypted"})).group == plan(settings).group
    one = Filters(reason=["a", "b"], since="2026-01-01", until="1d").fixed(NOON + 9 * 86_400)
    other = Filters(reason=["b", "a", "b"], since="2026-01-01T01:00:00+01:00", until="24h").fixed(NOON + 9 * 86_400)
    assert plan(settings, one).group == plan(settings, other).group


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


@pytest.mark.parametrize("rate", [-1.0, 0.5, math.inf, math.nan])
def test_a_rate_that_is_none_is_refused(settings: Settings, rate: float) -> None:
    with pytest.raises(UsageError, match="--rate"):
        plan(settings, rate=rate).check(NOON, is_meant=False)


def test_only_what_can_be_mended_is_left_on_demand(settings: Settings) -> None:
    plan(settings, leave=frozenset({"not_decrypted", "topic_not_configured"})).check(NOON, is_meant=True)
    with pytest.raises(UsageError, match="--leave too_old"):
        plan(settings, leave=frozenset({"too_old"})).check(NOON, is_meant=True)


@pytest.mark.parametrize("topic", ["a b", "ä", "x" * 250, "a/b", "a\n"])
def test_a_topic_that_can_be_none_is_refused(settings: Settings, topic: str) -> None:
    with pytest.raises(ValueError, match="--to-topic"):
        plan(settings, to_topic=topic).check(NOON, is_meant=False)


def test_only_parked_records_are_followed_and_only_in_earnest(settings: Settings) -> None:
    plan(settings, parked=True, follow=True).check(NOON, is_meant=True)
    for is_parked, is_meant in ((True, False), (False, True)):
        with pytest.raises(UsageError, match="--follow"):
            plan(settings, follow=True, parked=is_parked).check(NOON, is_meant=is_meant)


def test_the_command_says_all_that_was_asked(settings: Settings) -> None:
    filters = Filters(reason=["b", "a"], code=[100], since="2025-12-30T00:00:00Z")
    changes = {"rate": 2.5, "to_topic": "other.events", "parked": True, "replay_id": "friday", "most": 9}
    command = plan(settings, filters, leave=frozenset({"not_decrypted"}), **changes).command
    assert shlex.split(command) == [
        *("capi-stream", "replay", "-c", "capi.yaml", "--reason", "a", "--reason", "b", "--code", "100"),
        *("--since", "2025-12-30T00:00:00Z", "--to-topic", "other.events", "--max-replays", "9", "--parked"),
        *("--rate", "2.5", "--leave", "not_decrypted", "--id", "friday", "--yes"),
    ]
