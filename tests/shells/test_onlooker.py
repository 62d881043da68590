"""Rights on a real Kafka as `capi-stream check` finds them: the service's own, without joining."""

from __future__ import annotations

import time
from pathlib import Path
from typing import get_args

import pytest
import yaml

from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.onlooker import Begun, Onlooker
from capi_stream.kafka.settings import Rebalance
from tests.real.clients import committed
from tests.real.secure import USERS
from tests.service.tools import tool
from tests.shells import members
from tests.shells.test_secure import DESCRIBE, MISTYPED, READ, WRITE, Place, place

__all__ = ["place"]  # the fixture: topics, and a user without a right


def onlooker(place: Place, password: str | None = None, rebalance: Rebalance = "cooperative") -> Onlooker:
    client = place.broker.client("service", password)
    return Onlooker(members.settings(client, place.source, group=place.group, rebalance=rebalance))


def said(place: Place) -> str:
    """What is said of the first thing that is missing."""
    with onlooker(place) as looking, pytest.raises(KafkaFailure) as raised:
        looking.begun(looking.partitions(place.source))
    assert not [secret for secret in USERS.values() if secret in str(raised.value)]
    return str(raised.value)


@pytest.mark.parametrize("rebalance", get_args(Rebalance))
def test_what_a_member_needs_suffices_and_nothing_is_left_behind(place: Place, rebalance: Rebalance) -> None:
    place.allow(READ, place.source, place.group)
    with onlooker(place, rebalance=rebalance) as looking:
        assert looking.brokers() == 1
        assert looking.begun(looking.partitions(place.source)) == Begun(0, 1)
    assert committed(place.broker.client(), place.group, place.source) == {}
    place.commit_start()
    with onlooker(place, rebalance=rebalance) as looking:
        assert looking.begun(looking.partitions(place.source)) == Begun(1, 1)


@pytest.mark.parametrize("is_seen", [False, True])
def test_a_topic_that_may_not_be_read_is_named(place: Place, is_seen: bool) -> None:
    place.allow(READ, place.group)
    if is_seen:
        place.allow(DESCRIBE, place.source)
    text = said(place)
    assert f"topic {place.source}" in text
    assert "READ and DESCRIBE on source topics" in text


@pytest.mark.parametrize("is_seen", [False, True])
def test_a_group_that_may_not_be_joined_is_named(place: Place, is_seen: bool) -> None:
    place.allow(READ, place.source)
    if is_seen:
        place.allow(DESCRIBE, place.group)
    assert "give the service's user READ and DESCRIBE on its group.id" in said(place)


def test_a_wrong_password_is_told_of_at_once(place: Place) -> None:
    began = time.monotonic()
    with onlooker(place, MISTYPED) as looking, pytest.raises(KafkaFailure, match=r"check security\.protocol"):
        looking.brokers()
    assert time.monotonic() - began < 8.0


def test_each_missing_right_has_its_line(place: Place, tmp_path: Path) -> None:
    place.allow(READ, place.group)
    place.allow(DESCRIBE, place.source, place.dead)
    place.allow(WRITE, place.parked)
    path = tmp_path / "capi-stream.yaml"
    settings = {
        "kafka": {"common": place.broker.client("service"), "consumer": {"group.id": place.group}},
        "topics": {place.source: {"framing": "bare"}},
        "dead_letters": {"topic": place.dead},
        "parked": {"topic": place.parked},
        "api": {"url": "http://127.0.0.1:1"},
        "pixels": {"1": {"token": "t"}},
    }
    path.write_text(yaml.safe_dump(settings))
    ended = tool("check", "-c", path)
    levels = [line.split(maxsplit=3)[:3] for line in ended.stdout.splitlines() if place.source[-8:] in line]
    assert levels == [
        ["ok", "mapping", f"{place.source}:"],
        ["failed", "topic", f"{place.source}:"],
        ["ok", "group", f"{place.group}:"],
        ["failed", "letters", f"{place.dead}:"],
        ["ok", "letters", f"{place.parked}:"],
    ]
    assert ended.returncode == 1
    assert USERS["service"] not in ended.stdout + ended.stderr
