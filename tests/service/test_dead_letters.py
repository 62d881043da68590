"""`capi-stream dead-letters` on a real Kafka, over what a real run of the service has left there."""

from __future__ import annotations

import base64
import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import fastavro
import pytest
from confluent_kafka import Producer
from cryptography.fernet import Fernet

from capi_stream.cli.preview.reading import WAIT_SECONDS
from capi_stream.sandbox.poison import Poison
from tests.builders import PIXEL, commerce_event, encoded
from tests.real.clients import end_offsets, publish, wait_until
from tests.service.shop import OTHER_PIXEL, Shop, fresh, header
from tests.service.tools import configuration, tool

NOWHERE = "127.0.0.1:1"
PERSONAL = ("ilva", "198.51.100.7", "6505550112", "ExampleBrowser", "thanks", "zqmark")
DAMAGED = [("capi-stream.kind", b"dead_letter"), ("capi-stream.source_offset", b"\xff"), ("own", None)]


@pytest.fixture(scope="module")
def left(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose service has refused five events and parked one; somebody has put three other records there."""
    with Shop(broker, tmp_path_factory.mktemp("letters")) as shop:
        shop.sandbox.poison(Poison(event_ids=frozenset({"bad-1"})))
        shop.sandbox.expire_token(OTHER_PIXEL)
        own = [("zqmark-name", b"zqmark value")]
        shop.publish([fresh("bad-1"), fresh("good-1"), fresh("held-1", pixel_id=OTHER_PIXEL)], headers=own)
        shop.publish([fresh("old") | {"occurred_at": 1_600_000_000_000}, fresh("other", pixel_id="99")])
        shop.publish([fresh("currency", order_currency="ZZZ")])
        shop.publish_values([b"zqmark no Avro"])
        member = shop.run(delivery={"park_after_seconds": 0.5})
        shop.wait_until_committed()
        member.kill()
        omitted: list[Any] = [*(shop.letters()[0].headers() or ()), ("capi-stream.value_omitted", b"true")]
        strange: list[dict[str, Any]] = [
            {"value": None},
            {"value": b"zqmark", "headers": DAMAGED},
            {"value": None, "headers": omitted},
        ]
        publish(broker, shop.dead_letters, strange)
        yield shop


def letters(shop: Shop, *words: str | int | Path, **changes: Any) -> subprocess.CompletedProcess[str]:
    first, *others = map(str, words)
    return tool("dead-letters", first, "-c", configuration(shop, **changes), *others)


def place(shop: Shop, event_id: str) -> str:
    """Where the letter of an event lies among the dead letters."""
    (found,) = [each for each in shop.letters() if header(each, "event_id") == event_id and each.value() is not None]
    return f"{found.partition()}/{found.offset()}"


def objects(ended: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def assert_nothing_personal(ended: subprocess.CompletedProcess[str]) -> None:
    assert not [each for each in PERSONAL if each in ended.stdout.replace("zqmark-name", "") + ended.stderr]


# The summary.


def test_the_summary_counts_both_topics(left: Shop) -> None:
    (found,) = objects(letters(left, "summary", "--json"))
    dead, parked = found["dead"], found["parked"]
    assert (dead["topic"], dead["letters"], dead["foreign"], dead["without_value"]) == (left.dead_letters, 6, 2, 2)
    assert dead["by_reason"].keys() == {
        "malformed_parameter", "event_time_too_old", "pixel_not_configured", "currency_unknown", "not_framed",
    }  # fmt: skip
    assert dead["by_code"]["100/2804019"] >= 1
    assert dead["by_age"]["<1 h"] == 6
    assert parked["by_reason"] == {"token_invalid": 1}
    assert parked["by_pixel"] == {OTHER_PIXEL: 1}


def test_the_summary_for_a_person_has_the_same(left: Shop) -> None:
    ended = letters(left, "summary")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"dead letters, topic {left.dead_letters}: 6" in ended.stdout
    assert "no letters of ours, beside them: 2" in ended.stdout
    assert any(line.split()[:2] == ["event_time_too_old", "1"] and "#" in line for line in ended.stdout.splitlines())
    assert_nothing_personal(ended)


def test_the_summary_of_one_topic_and_of_one_that_is_empty(shop: Shop) -> None:
    ended = letters(shop, "summary", "--kind", "parked")
    assert (ended.returncode, ended.stdout) == (0, f"parked records, topic {shop.parked}: there is none\n")


# The list.


def test_the_list_has_every_letter_the_newest_last(left: Shop) -> None:
    found = objects(letters(left, "list", "--json"))
    assert len(found) == 9
    times = [each.get("last_failed_at", each["timestamp"]) for each in found]
    assert times == sorted(times)
    assert sum(each["is_foreign"] for each in found) == 2
    assert {each["topic"] for each in found} == {left.dead_letters, left.parked}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--reason", "event_time_too_old"), {"old"}),
        (("--reason", "event_time_too_old", "--reason", "currency_unknown"), {"old", "currency"}),
        (("--stage", "post", "--kind", "dead"), {"bad-1"}),
        (("--pixel", OTHER_PIXEL), {"held-1"}),
        (("--code", "100"), {"bad-1"}),
        (("--code", "100", "--stage", "validate"), set()),
        (("--topic", "another"), set()),
        (("--event-name", "Purchase", "--kind", "parked"), {"held-1"}),
        (("--until", "1h"), set()),
        (("--since", "1h", "--reason", "pixel_not_configured"), {"other"}),
    ],
)
def test_filters_choose(left: Shop, options: tuple[str, ...], expected: set[str]) -> None:
    found = objects(letters(left, "list", "--json", *options))
    assert {each["event_id"] for each in found if each["has_value"]} == expected


def test_the_table_shows_the_newest_and_says_how_many_more_there_are(left: Shop) -> None:
    ended = letters(left, "list", "--kind", "dead", "--limit", 2)
    names, *rows, nothing, told = ended.stdout.splitlines()
    assert names.split()[0] == "place"
    assert (len(rows), nothing) == (2, "")
    assert told == f"The newest 2 of 8 in {left.dead_letters}; 6 more with --limit 8."
    assert_nothing_personal(letters(left, "list"))
    assert_nothing_personal(letters(left, "list", "--json"))


@pytest.mark.parametrize("width", [60, 100])
def test_in_a_terminal_no_line_is_wider_than_it(left: Shop, width: int) -> None:
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "capi_stream", "dead-letters", "list", "-c", str(configuration(left))]
    command += ["--kind", "dead", "--limit", "5"]
    environment = {**os.environ, "COLUMNS": str(width)}
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environment, timeout=60)
    told = os.read(reader, 65_536).decode().splitlines()
    os.close(writer)
    os.close(reader)
    assert (ended.returncode, ended.stderr) == (0, b"")
    *table, _, _ = told
    assert max(map(len, table)) <= width
    assert table[0] == f"All lie in {left.dead_letters},"


# One letter.


def test_a_letter_that_the_api_refused_is_shown_and_what_would_be_sent_of_it(left: Shop) -> None:
    ended = letters(left, "show", place(left, "bad-1"))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "malformed_parameter: a parameter has a form that the API does not take" in ended.stdout
    assert f"send to pixel {PIXEL} at graph" in ended.stdout
    assert "zqmark-name" in ended.stdout
    assert '"emails": ["[masked]"]' in ended.stdout
    assert '"[masked] 1": "[masked]"' in ended.stdout  # the custom property
    assert "•" not in ended.stdout
    assert_nothing_personal(ended)
    assert left.accepted() == {"good-1": 1}


def test_raw_shows_the_record_as_it_was(left: Shop) -> None:
    (found,) = objects(letters(left, "show", place(left, "bad-1"), "--raw", "--json"))
    assert found["record"]["customer"]["emails"] == commerce_event()["customer"]["emails"]
    assert found["record"]["order"]["value"] == "119.9700"
    assert found["own_headers"] == [{"name": "zqmark-name", "value": "zqmark value"}]
    assert found["headers"]["message"]
    assert found["now"][0]["event"]["event_id"] == "bad-1"
    assert "198.51.100.7" in letters(left, "show", place(left, "bad-1"), "--raw").stdout


@pytest.mark.parametrize(
    ("event_id", "would", "reason"),
    [
        ("old", "pass_over", "too_old"),
        ("other", "reject", "pixel_not_configured"),
        ("currency", "reject", "currency_unknown"),
    ],
)
def test_what_would_be_refused_again_is_said(left: Shop, event_id: str, would: str, reason: str) -> None:
    ended = letters(left, "show", place(left, event_id), "--json")
    (found,) = objects(ended)
    assert [(each["would"], each["reason"]) for each in found["now"]] == [(would, reason)]
    assert_nothing_personal(ended)
    assert_nothing_personal(letters(left, "show", place(left, event_id)))


def test_a_letter_of_a_pixel_that_is_cured_would_be_sent(left: Shop) -> None:
    (found,) = objects(letters(left, "show", f"{left.parked}/0/0", "--json"))
    assert found["headers"]["reason"] == "token_invalid"
    assert [(each["would"], each["pixel"]) for each in found["now"]] == [("send", OTHER_PIXEL)]


def test_whatever_lies_there_is_shown_and_none_is_an_error(left: Shop) -> None:
    now = []
    for offset in range(8):
        ended = letters(left, "show", f"0/{offset}", "--json")
        (found,) = objects(ended)
        now.append((found["is_foreign"], found["now"][0].get("reason")))
        assert_nothing_personal(ended)
        assert_nothing_personal(letters(left, "show", f"0/{offset}"))
    assert now.count((True, "no_letter")) == 2
    assert (False, "value_omitted") in now


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0/99", "holds offsets 0 to 7"),
        ("7/0", "has no partition 7, but 0"),
        ("another/0/0", "the configuration has no such topic of letters, but"),
        ("first", "PARTITION/OFFSET"),
    ],
)
def test_a_place_where_nothing_lies_ends_with_2(left: Shop, text: str, said: str) -> None:
    ended = letters(left, "show", text)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr


def test_a_registry_that_is_not_there_ends_with_1_and_the_rest_is_shown(left: Shop, tmp_path: Path) -> None:
    registry = {"url": f"http://{NOWHERE}"}
    shown = letters(left, "show", place(left, "bad-1"), "--json", registry=registry)
    assert shown.returncode == 1
    assert "capi-stream check" in shown.stderr
    assert json.loads(shown.stdout)["now"] == [{"would": "wait", "reason": f"schema_{left.schema_id}_not_told"}]
    file = tmp_path / "letters.jsonl"
    ended = letters(left, "export", file, registry=registry)
    assert (ended.returncode, len(file.read_text().splitlines())) == (1, 9)
    assert "All are there, some without their decoded record" in ended.stderr


def test_a_registry_that_is_not_there_is_waited_for_once(left: Shop) -> None:
    began = time.monotonic()
    shown = letters(left, "show", place(left, "bad-1"), registry={"url": f"http://{NOWHERE}", "answer_seconds": 1})
    assert shown.returncode == 1
    assert "not decoded, since a registry did not tell its schema" in shown.stdout
    assert time.monotonic() - began < WAIT_SECONDS * 1.6


def test_where_a_transactions_mark_stands_is_no_record(shop: Shop) -> None:
    producer = Producer({"bootstrap.servers": str(shop.broker), "transactional.id": shop.dead_letters})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(shop.dead_letters, b"v")
    producer.commit_transaction(20)
    wait_until(lambda: end_offsets(shop.broker, shop.dead_letters) == {0: 2}, 20, "the mark, written a little later")
    assert letters(shop, "show", "0/0").returncode == 0
    ended = letters(shop, "show", "0/1")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "there is no record. Partition 0" in ended.stderr


# A file.


def test_avro_has_every_record_byte_for_byte(left: Shop, tmp_path: Path) -> None:
    file = tmp_path / "letters.avro"
    ended = letters(left, "export", file)
    assert ended.returncode == 0
    assert f"9 written to {file}. They hold raw personal data" in ended.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    with file.open("rb") as stream:
        found = [cast("dict[str, Any]", each) for each in fastavro.reader(stream)]
    there = [*left.letters(), *left.letters(left.parked)]
    assert [(each["topic"], each["offset"], each["key"], each["value"]) for each in found] == [
        (each.topic(), each.offset(), each.key(), each.value()) for each in there
    ]
    assert [[(one["name"], one["value"]) for one in each["headers"]] for each in found] == [
        list(each.headers() or ()) for each in there
    ]


def test_lines_have_the_decoded_record_where_there_is_one(left: Shop, tmp_path: Path) -> None:
    file = tmp_path / "letters.jsonl"
    assert letters(left, "export", file, "--kind", "dead").returncode == 0
    found = [json.loads(line) for line in file.read_text().splitlines()]
    decoded = {each["record"]["event_id"] for each in found if each["record"]}
    assert (len(found), decoded) == (8, {"bad-1", "old", "other", "currency"})
    assert base64.b64encode(b"zqmark no Avro").decode() in [each["value"] for each in found]
    ended = letters(left, "export", "-", "--reason", "event_time_too_old")
    assert [each["record"]["event_id"] for each in objects(ended) if each["record"]] == ["old"]


def test_a_file_that_is_there_is_left_as_it_is(left: Shop, tmp_path: Path) -> None:
    file = tmp_path / "letters.avro"
    file.write_bytes(b"mine")
    ended = letters(left, "export", file)
    assert (ended.returncode, file.read_bytes()) == (2, b"mine")
    assert "left as it is" in ended.stderr


# What cannot be.


@pytest.mark.parametrize("words", [("summary",), ("list",), ("show", "0/0"), ("export", "-")])
def test_a_kafka_that_is_not_there_ends_with_1_and_a_reason(left: Shop, words: tuple[str, ...]) -> None:
    ended = letters(left, *words, kafka={"common": {"bootstrap.servers": NOWHERE}, "connect_seconds": 1})
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "check bootstrap.servers" in ended.stderr


def test_where_filters_take_nothing_what_there_is_is_said(left: Shop, tmp_path: Path) -> None:
    file = tmp_path / "letters.avro"
    for words in (("list",), ("summary",), ("export", file)):
        ended = letters(left, *words, "--reason", "mistyped", "--code", "5")
        told = ended.stdout + ended.stderr
        assert ended.returncode == 0
        assert f"The filters take none of 7 in {left.dead_letters} and {left.parked}, which have:" in told
        assert "malformed_parameter (" in told[told.index("  --reason: ") :]
        assert "  --code: 100 (" in told
    assert f"No letter is taken: {file} is not written." in told
    assert not file.exists()
    ended = letters(left, "list", "--json", "--reason", "mistyped")
    assert (ended.stdout, "  --reason: " in ended.stderr) == ("", True)


def test_a_topic_that_is_not_there_is_named_by_its_setting(left: Shop) -> None:
    for key, kind in (("dead_letters", "dead"), ("parked", "parked")):
        wrong: dict[str, Any] = {key: {"topic": "shop.wrong"}}
        ended = letters(left, "list", "--kind", kind, **wrong)
        assert (ended.returncode, f"under {key}.topic" in ended.stderr) == (1, True)
    ended = letters(left, "show", "shop.wrong/0/0", dead_letters={"topic": "shop.wrong"})
    assert (ended.returncode, "under dead_letters.topic" in ended.stderr) == (1, True)


@pytest.mark.parametrize("words", [("list",), ("summary",), ("export", "-")])
def test_a_full_disk_is_one_sentence(left: Shop, words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "capi_stream", "dead-letters", *words, "-c", str(configuration(left))]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (1, "the output cannot be written: No space left on device\n")


def test_what_a_record_put_in_the_place_of_a_pixel_is_shown_nowhere_but_with_raw(shop: Shop) -> None:
    shop.publish([fresh("wrong", pixel_id="ana@example.com", event_name="ana@example.com")])
    member = shop.run()
    shop.wait_until_committed()
    member.kill()
    for words in (("summary",), ("list",), ("show", "0/0"), ("summary", "--json"), ("list", "--json")):
        ended = letters(shop, *words)
        assert ("ana@" in ended.stdout, "[masked]" in ended.stdout) == (False, True)
    ended = letters(shop, "show", "0/0", "--json")
    assert "ana@" not in ended.stdout
    assert json.loads(ended.stdout)["headers"]["pixel"] == "[masked]"
    assert "ana@example.com" in letters(shop, "show", "0/0", "--raw").stdout
    assert objects(letters(shop, "list", "--json", "--pixel", "ana@example.com"))[0]["pixel"] == "[masked]"


def test_a_good_record_that_somebody_has_put_there_is_no_letter(shop: Shop) -> None:
    value = encoded(fresh("good"), shop.schema_id)
    publish(shop.broker, shop.dead_letters, [{"value": value, "headers": [("capi-stream.kind", b"dead_letter")]}])
    ended = letters(shop, "show", "0/0")
    assert "No letter of ours" in ended.stdout
    assert "cannot be decoded" not in ended.stdout


def test_letters_that_no_key_opens_are_said_to_be_encrypted(shop: Shop) -> None:
    key = shop.folder / "letters.keys"
    key.write_text(Fernet.generate_key().decode())
    key.chmod(0o600)
    shop.publish([fresh("old") | {"occurred_at": 1_600_000_000_000}])
    member = shop.run(letters={"encryption_key_file": str(key)})
    shop.wait_until_committed()
    member.kill()
    assert "no key of letters.encryption_key_file opens them: 1" in letters(shop, "summary").stdout
    ended = letters(shop, "export", "-")
    assert "1 written to stdout. They hold raw personal data" in ended.stderr
    assert "1 of them are still encrypted: no key of letters.encryption_key_file opens their values." in ended.stderr


def test_a_file_is_gone_again_where_kafka_does_not_answer(left: Shop, tmp_path: Path) -> None:
    file = tmp_path / "letters.avro"
    unreachable = {"common": {"bootstrap.servers": NOWHERE}, "connect_seconds": 1}
    assert letters(left, "export", file, kafka=unreachable).returncode == 1
    assert not file.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--stage", "sent"), "--stage sent: there is none"),
        (("list", "--since", "yesterday"), "or how long ago it was: 90s, 30m, 6h, 2d, 1w"),
        (("list", "--since", "1h", "--until", "1d"), "--since 1h --until 1d"),
        (("summary", "--kind", "lost"), "--kind"),
        (("list", "--limit", "0"), "--limit"),
        (("export", "letters.txt"), "the ending says no format"),
        (("export", "-", "--format", "avro"), "stdout takes jsonl alone"),
    ],
)
def test_a_wrong_option_ends_with_2(left: Shop, words: tuple[str, ...], said: str) -> None:
    ended = letters(left, *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
