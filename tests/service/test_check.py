"""`capi-stream check` as a person runs it: what it says, its exit code, and that it leaves no trace."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from tests.builders import PIXEL, SCHEMA_TEXT
from tests.real.clients import client, committed, end_offsets, make_topic
from tests.service.shop import OTHER_PIXEL, Shop
from tests.service.tools import configuration, tool, tripwire

NOWHERE = "127.0.0.1:1"


def check(shop: Shop, *options: str, **changes: Any) -> subprocess.CompletedProcess[str]:
    return tool("check", "-c", configuration(shop, **changes), *options)


def lines(ended: subprocess.CompletedProcess[str], level: str, subject: str = "") -> list[str]:
    """The lines of one level, and of one subject."""
    split = [line.split(maxsplit=2) for line in ended.stdout.splitlines() if line]
    return [rest[1] for first, *rest in split if first == level and len(rest) == 2 and rest[0].startswith(subject)]


def test_all_is_fine(shop: Shop) -> None:
    ended = check(shop)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[-1] == "All fine: 10 ok."
    assert lines(ended, "ok", "topic") == [f"{shop.topic}: 2 partitions, may be read"]
    assert lines(ended, "ok", "letters") == [f"{shop.dead_letters}: may be written", f"{shop.parked}: may be written"]
    assert f"{shop.topic}-value: its newest schema (version 1, id {shop.schema_id}) can be read" in ended.stdout
    assert f"pixel {PIXEL}: valid, does not expire" in ended.stdout


def test_nothing_is_read_committed_produced_or_posted(shop: Shop) -> None:
    shop.publish([])
    before = end_offsets(shop.broker, shop.dead_letters), end_offsets(shop.broker, shop.parked), shop.ends
    assert check(shop).returncode == 0
    assert (end_offsets(shop.broker, shop.dead_letters), end_offsets(shop.broker, shop.parked), shop.ends) == before
    assert committed(shop.broker, shop.group, shop.topic) == {}
    groups = AdminClient(client(shop.broker)).list_consumer_groups().result(10).valid
    assert shop.group not in [group.group_id for group in groups]
    assert shop.sandbox.requests == []


def test_no_token_is_shown_or_reaches_a_path(shop: Shop) -> None:
    shop.sandbox.expire_token(str(PIXEL))
    ended = check(shop, logs={"level": "debug"})
    for pixel in (str(PIXEL), OTHER_PIXEL):
        assert shop.sandbox.token(pixel) not in ended.stdout + ended.stderr


def test_what_fails_is_told_with_what_to_do_and_the_others_go_on(shop: Shop) -> None:
    shop.sandbox.expire_token(str(PIXEL))
    shop.settings()  # writes the token files
    small = make_topic(shop.broker, f"{shop.topic}-small", config={"max.message.bytes": "100000"})
    ended = check(
        shop,
        topics={"comerce.events": {}},
        parked={"topic": small},
        pixels={OTHER_PIXEL: {"token": "EAAB-unknown", "token_file": None}},
    )
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-1] == "Not fine: 8 ok, 2 warnings, 3 failed."
    (topic,) = lines(ended, "failed", "topic")
    assert topic.startswith("comerce.events: there is no topic comerce.events. What to do:")
    (expired, unknown) = lines(ended, "failed", "token")
    assert expired.startswith(f"pixel {PIXEL}: its token has expired. What to do:")
    assert unknown.startswith(f"pixel {OTHER_PIXEL}: its token is refused (code 190). What to do:")
    assert lines(ended, "warning", "letters")[0].startswith(f"{small}: its max.message.bytes is 100000")
    assert "knows no such subject" in lines(ended, "warning", "registry")[0]
    assert len(lines(ended, "ok", "letters")) == 1


@pytest.mark.parametrize(
    ("changes", "subject", "said"),
    [
        ({"kafka": {"common": {"bootstrap.servers": NOWHERE}, "connect_seconds": 1}}, "brokers", "bootstrap.servers"),
        ({"registry": {"url": f"http://{NOWHERE}"}}, "registry", "check registry.url"),
        ({"api": {"url": f"http://{NOWHERE}"}}, "token", "check api.url"),
    ],
)
def test_a_server_that_is_not_there_fails_its_own_lines_alone(
    shop: Shop, changes: dict[str, Any], subject: str, said: str
) -> None:
    ended = check(shop, **changes)
    assert (ended.returncode, ended.stderr) == (1, "")
    failures = lines(ended, "failed")
    assert failures == lines(ended, "failed", subject)
    assert all(said in each for each in failures)
    others = {"brokers", "group", "registry", "token"} - {subject} - ({"group"} if subject == "brokers" else set())
    assert all(lines(ended, "ok", other) for other in others)


def test_offline_asks_nobody(shop: Shop) -> None:
    with tripwire() as (url, reached):
        kafka = {"common": {"bootstrap.servers": NOWHERE}}
        ended = check(shop, "--offline", kafka=kafka, registry={"url": url}, api={"url": url})
    assert (ended.returncode, reached) == (0, [])
    assert ended.stdout.splitlines()[-1] == "All fine: 2 ok, 1 skipped."


def test_a_configuration_that_cannot_be_used_ends_with_2(shop: Shop) -> None:
    mapping = shop.folder / "mapping.yaml"
    mapping.write_text("version: 1\nevent:\n  event_name: nowhere\n")
    ended = check(shop, topics={shop.topic: {"mapping_file": str(mapping)}}, api={"version": "25"})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "api.version" in ended.stderr
    assert "mapping_file" in ended.stderr


def test_a_newest_schema_that_cannot_be_read_fails(shop: Shop) -> None:
    changed = json.loads(SCHEMA_TEXT)
    changed["fields"] = [{**field, "type": "boolean"} if field["name"] == "event_id" else field
                         for field in changed["fields"]]  # fmt: skip
    shop.registry.register(f"{shop.topic}-value", json.dumps(changed))
    ended = check(shop)
    assert ended.returncode == 1
    (line,) = lines(ended, "failed", "registry")
    assert "(version 2, " in line
    assert "its records become dead letters" in line


def test_topics_by_pattern_are_looked_for_at_the_broker_and_in_the_registry(shop: Shop) -> None:
    ended = check(shop, topics={shop.topic: None, f"^{shop.topic}.*": {}})
    assert ended.returncode == 0
    assert lines(ended, "ok", "topic") == [f"^{shop.topic}.*: 2 partitions in 1 topic, may be read"]
    assert lines(ended, "ok", "registry")[0].startswith(f"{shop.topic}-value: ")


def test_a_group_that_has_read_before_and_one_that_a_person_must_decide_for(shop: Shop) -> None:
    shop.publish([])
    fresh_group = check(shop, kafka={"no_committed_offset": "error"})
    assert fresh_group.returncode == 1
    assert "the group has no committed offset" in lines(fresh_group, "failed", "group")[0]
    member = shop.run()
    shop.wait_until_committed()
    member.stop(60)
    begun = check(shop, kafka={"no_committed_offset": "error"})
    assert lines(begun, "ok", "group") == [f"{shop.group}: may be used, has committed 2 of 2 partitions"]


def test_a_gateway_is_not_asked(shop: Shop) -> None:
    with tripwire() as (url, reached):
        ended = check(shop, pixels={str(PIXEL): {"gateway": {"url": url, "access_key": "k"}}})
    assert (ended.returncode, reached) == (0, [])
    assert len(lines(ended, "skipped", "gateway")) == 1


def test_a_test_event_code_is_warned_of(shop: Shop) -> None:
    ended = check(shop, api={"allow_test_events": True}, pixels={str(PIXEL): {"test_event_code": "TEST1"}})
    assert ended.returncode == 0
    assert "leave it out in production" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "All fine: 10 ok, 1 warning."
