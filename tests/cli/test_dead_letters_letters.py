"""What `capi-stream dead-letters` lists, shows and exports of a letter, and what it keeps to itself."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import fastavro
import pytest

from capi_stream.cli.dead_letters.decoding import Decoding
from capi_stream.cli.dead_letters.export import Format, Taken, _format, told
from capi_stream.cli.dead_letters.files import new_file, write_avro, write_lines
from capi_stream.cli.dead_letters.lying import Lying
from capi_stream.cli.dead_letters.show import _place
from capi_stream.cli.dead_letters.table import DAY_MS, Row, lines, row
from capi_stream.cli.dead_letters.there import There
from capi_stream.cli.dead_letters.view import View
from capi_stream.cli.explain.masking import HIDDEN
from capi_stream.cli.letters.opening import Opened, Passed
from capi_stream.cli.masking import MASK
from capi_stream.cli.usage import UsageError
from capi_stream.config.settings import Settings
from capi_stream.letter_heads import PREFIX, Head
from capi_stream.model import Malformed, Mapped, NeedSchema, Partition, PixelId, Reading, Rejection, SchemaRef
from capi_stream.replay.choosing import Choice
from tests.builders import (
    PIXEL,
    SCHEMA_ID,
    SCHEMA_TEXT,
    commerce_event,
    encoded,
    event,
    intake_settings,
    record,
    tombstone,
)

HEAD = Head(
    kind="dead_letter",
    reason="malformed_parameter",
    stage="post",
    source_topic="commerce.events",
    source_partition=1,
    source_offset=41,
    source_timestamp=-1,
    detail="mary in detail",
    event_id="order-1",
    event_name="Purchase",
    pixel=str(PIXEL),
    code=100,
    subcode=2804019,
    message="mary in message",
    last_failed_at=1_767_225_700_000,
)
NOW_MS = 1_767_225_900_000
OWN = [("traceparent", b"00-mary"), ("damaged", b"\xff"), ("empty", None), ("empty", b"mary twice")]


def letter(value: bytes | None = b"mary's bytes", head: Head | None = HEAD, offset: int = 17) -> Lying:
    made = record(
        value or b"", topic="letters", offset=offset, key=b"mary's key", headers=[*OWN, (f"{PREFIX}kind", b"x")]
    )
    made.value = value
    return Lying(made, head)


def rowed(each: Lying) -> Row:
    return row(each, NOW_MS)


def viewed(each: Lying, now: Reading | str, record: Any = None, *, raw: bool = False) -> tuple[str, dict[str, Any]]:
    """The text for a person, and the object for a program."""
    then = Passed(each.record, now) if isinstance(now, str) else Opened(each.record, each.head or HEAD, now)
    view = View(each, record, then, raw)
    return "\n".join(view.lines()), view.values()


# A list.


def test_a_row_has_what_tells_letters_apart_and_nothing_that_quotes() -> None:
    found = rowed(letter())
    names, line = lines([found])
    assert names.split("  ")[0] == "place"
    words = ("letters/0/17", "2026-01-01T00:01:40Z", "post", "malformed_parameter", str(PIXEL), "100/2804019")
    assert line.split() == [*words, "Purchase", "order-1", "0"]
    assert {"offset": 17, "code": 100, "is_foreign": False, "has_value": True}.items() <= found.values.items()
    assert "mary" not in line + json.dumps(found.values)


def test_columns_stand_below_their_names() -> None:
    long = letter(head=replace(HEAD, reason="r" * 40, event_id=None, event_name="x" * 50))
    names, *shown = lines([rowed(letter()), rowed(long)])
    at = names.index("pixel")
    assert [each[at - 2 : at + 10] for each in shown] == [f"  {PIXEL}"] * 2
    assert f"{'x' * 39}…" in shown[1]


def test_what_is_foreign_is_listed_where_no_filter_asks_for_more() -> None:
    each = letter(head=None)
    assert "(no letter of ours)" in list(lines([rowed(each)]))[1]
    assert rowed(each).values["is_foreign"]
    assert (each.is_chosen(Choice()), each.is_chosen(Choice(stages=frozenset({"post"})))) == (True, False)


def test_a_terminal_obeys_no_row() -> None:
    each = letter(head=replace(HEAD, event_id="id\x1b[2J\n", event_name="\ud800"))
    assert all(line.isprintable() for line in lines([rowed(each)]))


def test_of_what_a_record_put_in_the_place_of_a_pixel_or_a_name_nothing_is_shown() -> None:
    head = replace(HEAD, pixel="ana@example.com", event_name="+49 170 1234567", event_id="order ana@example.com 7")
    found = rowed(letter(head=head))
    assert [found.values[key] for key in ("pixel", "event_name", "event_id")] == [MASK, MASK, f"order {MASK} 7"]
    assert list(lines([found]))[1].split("  ")[4:] == [MASK, "100/2804019", MASK, f"order {MASK} 7", "0"]


@pytest.mark.parametrize(
    ("failed_at", "stored_at", "expected"),
    [
        (NOW_MS - 5, NOW_MS - 3, NOW_MS - 5),
        (None, NOW_MS - 3, NOW_MS - 3),
        (NOW_MS + DAY_MS - 1, NOW_MS, NOW_MS + DAY_MS - 1),  # another clock
        (NOW_MS + DAY_MS, NOW_MS - 3, NOW_MS - 3),
        (10**20 - 1, NOW_MS - 3, NOW_MS - 3),
        (10**20 - 1, -1, None),
        (None, 10**17, None),
    ],
)
def test_a_time_that_is_to_come_was_damaged(failed_at: int | None, stored_at: int, expected: int | None) -> None:
    each = letter(head=replace(HEAD, last_failed_at=failed_at))
    each.record.timestamp_ms = stored_at
    assert rowed(each).at_ms == expected


def test_a_letter_without_a_time_is_older_than_all() -> None:
    damaged = letter(head=replace(HEAD, last_failed_at=10**20 - 1), offset=99)
    damaged.record.timestamp_ms = -1
    assert rowed(damaged).age < rowed(letter()).age
    assert list(lines([rowed(damaged)]))[1].split()[1] == "-"


# In the width of a terminal.


def many(topics: tuple[str, ...] = ("letters",)) -> list[Row]:
    """Rows of `topics`, each of a letter with much to say and one that is foreign."""
    made = []
    for topic in topics:
        for each in (letter(head=replace(HEAD, event_id="order-" + "1" * 30, replay_count=2)), letter(head=None)):
            each.record.partition = Partition(topic, 0)
            made.append(rowed(each))
    return made


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("topics", [("commerce.events.dead-letters",), ("commerce.events.dead", "commerce.parked")])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(width: int, topics: tuple[str, ...]) -> None:
    text = list(lines(many(topics), width))
    assert max(map(len, text)) <= width
    whole = set(" ".join(lines(many(topics))).split())
    shown = {word.removeprefix(f"{topics[0]}/") if len(topics) == 1 else word for word in " ".join(text).split()}
    assert {word.removeprefix(f"{topics[0]}/") if len(topics) == 1 else word for word in whole} <= shown


def test_where_all_fits_the_table_is_as_it_is_elsewhere() -> None:
    whole = list(lines(many()))
    assert list(lines(many(), max(map(len, whole)))) == whole
    assert list(lines(many(), max(map(len, whole)) - 1)) != whole


def test_the_topic_that_all_are_of_is_said_once_and_of_several_each() -> None:
    one = list(lines(many(("events.dead",)), 60))
    assert (one[0], one[3].split()[0]) == ("All lie in events.dead,", "place")
    assert "\n".join(one).count("events.dead") == 1
    assert [line.split()[0] for line in one[3:] if not line.startswith(" ")] == ["place", "0/17", "0/17"]
    several = "\n".join(lines(many(("events.dead", "events.parked")), 60))
    assert (several.count("events.dead/0/17"), several.count("events.parked/0/17")) == (2, 2)


def test_a_column_in_which_nothing_stands_is_left_out_where_it_is_narrow() -> None:
    bare = rowed(letter(head=replace(HEAD, code=None, subcode=None, event_id=None, reason="none")))
    assert "code" in next(iter(lines([bare])))
    words = " ".join(lines([bare], 60)).split()
    assert not {"code", "id", "replays"} & set(words)
    assert {"stage", "pixel", "event"} <= set(words)
    zero = replace(HEAD, code=0, subcode=None)
    assert "code" in " ".join(lines([rowed(letter(head=zero))], 60)).split()


# One letter.

SENT = Mapped(events=[event(b'{"event_name": "Purchase", "user_data": {"fn": "mary"}}')])


def test_without_raw_nothing_is_shown_that_may_quote_a_person() -> None:
    for now in (SENT, Malformed(Rejection("decode", "not_framed", "mary")), "no_letter"):
        text, values = viewed(letter(), now)
        assert "mary" not in text + json.dumps(values)
        assert "traceparent" in text
        assert "--raw" in text
    assert values["own_headers"] == [{"name": "traceparent"}, {"name": "damaged"}, {"name": "empty"}, {"name": "empty"}]
    assert (values["key_bytes"], values["value_bytes"]) == (10, 12)


def test_with_raw_all_is_shown() -> None:
    text, values = viewed(letter(), SENT, raw=True)
    for part in (
        "mary in detail",
        "mary in message",
        "00-mary",
        "mary twice",
        "mary's key",
        "mary's bytes",
        '"fn": "mary"',
    ):
        assert part in text
    assert base64.b64decode(values["value"]) == b"mary's bytes"
    assert {"name": "damaged", "value": "\\xff"} in values["own_headers"]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (SENT, f"send to pixel {PIXEL} at graph"),
        (Malformed(Rejection("decode", "not_framed")), "reject decode not_framed: the bytes name no schema"),
        (Mapped(filtered=["consent_denied"]), "filter consent_denied"),
        (Mapped(filtered=["too_old"]), "pass over too_old: the API takes no event of its age any more"),
        (Mapped(), "skip no_events"),
        ("value_omitted", "pass over value_omitted: its value was too large"),
    ],
)
def test_what_would_become_of_it_is_said(now: Reading | str, said: str) -> None:
    text, _ = viewed(letter(), now)
    assert f"  {said}" in text[text.index("If it were sent now") :]


def test_why_it_is_there_is_said_in_words() -> None:
    text, values = viewed(letter(), SENT)
    assert text.split("\n")[1] == f"malformed_parameter: {values['meaning']}"
    assert "(100/2804019)" in values["meaning"]


def test_a_good_record_without_usable_headers_is_no_letter_and_that_is_why_it_is_not_decoded() -> None:
    text, _ = viewed(letter(head=None), "no_letter")
    assert "No letter of ours: its headers do not say why it is here and where it came from." in text
    assert "Value: not decoded, since it is no letter of ours; 12 bytes" in text
    assert "cannot be decoded" not in text


def test_a_schema_that_is_not_told_is_no_fault_of_the_value() -> None:
    waits = Opened(letter().record, HEAD, NeedSchema(SchemaRef("", 7)))
    assert "a registry did not tell its schema" in "\n".join(View(letter(), None, waits, False, False).lines())
    assert "Value: cannot be decoded" in "\n".join(View(letter(), None, waits, False).lines())


def test_a_pixel_and_a_name_that_are_none_are_shown_with_raw_alone() -> None:
    head = replace(HEAD, pixel="ana@example.com", event_name="ana@example.com", event_id="ana@example.com")
    rejection = Rejection(
        "map", "pixel_not_configured", "", 0, PixelId("ana@example.com"), "ana@example.com", "ana@b.c"
    )
    for now in (Malformed(rejection), Mapped(events=[event(b'{"event_name": "ana@example.com"}')])):
        text, values = viewed(letter(head=head), now)
        assert "ana@" not in text + json.dumps(values)
        assert text.count(MASK) >= 3
        text, values = viewed(letter(head=head), now, raw=True)
        assert text.count("ana@example.com") >= 3
        assert "ana@example.com" in json.dumps(values["now"])


def test_a_value_that_is_not_there_is_said_with_the_place_where_it_was_read() -> None:
    text, values = viewed(letter(None, replace(HEAD, value_omitted="true")), "value_omitted")
    assert "Value: none" in text
    assert "commerce.events/1/41" in text
    assert values["value_bytes"] is None


def test_the_decoded_record_is_shown_without_its_nulls() -> None:
    text, values = viewed(letter(), SENT, {"price": Decimal("1.10"), "nothing": None})
    assert '{"price": 1.1}' in text
    assert values["record"] == {"price": Decimal("1.10"), "nothing": None}


def settings() -> Settings:
    topics = SimpleNamespace(dead_letter_topic="a.dead", parked_topic="a.parked")
    return cast("Settings", SimpleNamespace(producer=topics))


@pytest.mark.parametrize(
    ("text", "topic", "number", "offset"), [("0/17", "a.dead", 0, 17), ("a.parked/3/0", "a.parked", 3, 0)]
)
def test_a_place_is_read(text: str, topic: str, number: int, offset: int) -> None:
    assert _place(settings(), text) == (Partition(topic, number), offset)


@pytest.mark.parametrize("text", ["17", "a/b/c", "-1/2", "0/²", "x/0/1", "a/b/0/1", "", f"0/{10**30}"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        _place(settings(), text)


# The record.


@pytest.fixture(scope="module")
def decoding() -> Decoding:
    """Of the contract's records, with a registry that knows their schema."""
    made = Decoding(cast("Settings", SimpleNamespace(intake=intake_settings(), registries={})))
    made._intake.learned(SchemaRef("", SCHEMA_ID), SCHEMA_TEXT)
    return made


def test_a_record_is_decoded_as_it_was_or_without_a_letter_of_what_is_personal(decoding: Decoding) -> None:
    each = letter(encoded(commerce_event()))
    raw, masked = decoding.raw(each), decoding.masked(each)
    assert raw["customer"]["emails"] == [" Ana.Silva@Example.com "]
    assert masked["customer"]["emails"] == [MASK]
    assert masked["page"]["url"] == f"https://shop.example.com/{MASK}"
    assert [each["sku"] for each in masked["order"]["items"]] == ["SKU-1", "SKU-2"]
    assert masked["properties"] == {f"{MASK} 1": MASK}
    assert HIDDEN not in json.dumps(masked, default=str, ensure_ascii=False)


@pytest.mark.parametrize(
    "each",
    [
        letter(b"no Avro"),
        letter(encoded(commerce_event())[:-9]),
        letter(None),
        letter(encoded(commerce_event()), None),
        letter(encoded(commerce_event()), replace(HEAD, source_topic="another")),
    ],
    ids=["not framed", "torn", "no value", "foreign", "of a topic that is not configured"],
)
def test_what_cannot_be_decoded_is_none(decoding: Decoding, each: Lying) -> None:
    assert (decoding.raw(each), decoding.masked(each), decoding.is_complete) == (None, None, True)


# A file.


class NoDecoding:
    """Stands where Decoding does."""

    def raw(self, each: Lying) -> Any:
        return {"price": Decimal("1.10")} if each.head else None


def test_avro_has_each_letter_byte_for_byte() -> None:
    letters = [letter(), letter(None, None, 18), letter(b"v" * 2_000_000, offset=19)]
    file = io.BytesIO()
    write_avro(file, letters)
    file.seek(0)
    found = [cast("dict[str, Any]", each) for each in fastavro.reader(file)]
    assert [each["offset"] for each in found] == [17, 18, 19]
    for each, read in zip(letters, found, strict=True):
        assert (read["key"], read["value"], read["timestamp"]) == (
            each.record.key, each.record.value, each.record.timestamp_ms,
        )  # fmt: skip
        assert [(one["name"], one["value"]) for one in read["headers"]] == list(each.record.headers)


def test_lines_of_json_have_bytes_in_base64_and_the_record_beside() -> None:
    file = io.BytesIO()
    write_lines(file, [letter(), letter(None, None)], cast("Decoding", NoDecoding()))
    first, second = [json.loads(line) for line in file.getvalue().splitlines()]
    assert (base64.b64decode(first["value"]), first["record"]) == (b"mary's bytes", {"price": "1.10"})
    assert first["headers"][1] == {"name": "damaged", "value": "\\xff"}
    assert (second["value"], second["record"]) == (None, None)


def test_a_file_is_its_owners_alone_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "letters.avro"
    with new_file(path) as file:
        file.write(b"first")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="left as it is"), new_file(path):
        pass
    assert path.read_bytes() == b"first"


def test_a_file_that_cannot_be_finished_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "letters.jsonl"

    def broken_off() -> Iterator[Lying]:
        yield letter()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), new_file(path) as file:
        write_lines(file, broken_off(), cast("Decoding", NoDecoding()))
    assert not path.exists()


def test_a_file_that_nobody_wants_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "letters.jsonl"
    with new_file(path, is_wanted=lambda: False):
        pass
    assert not path.exists()


def exported(*letters: Lying, choice: Choice = Choice(), is_complete: bool = True) -> str:  # noqa: B008  frozen
    """What is told of an export of `letters`."""
    taken = Taken(letters, choice, There(choice), "the topic")
    list(taken)
    return "\n".join(told(taken, "a.jsonl", is_complete=is_complete))


def test_an_export_tells_what_the_file_holds() -> None:
    sealed = letter(head=replace(HEAD, encrypted="fernet"))
    assert exported(letter(), letter(head=None)).startswith("2 written to a.jsonl. They hold raw personal data")
    assert "encrypted" not in exported(letter())
    assert "1 of them are still encrypted: no key" in exported(letter(), sealed)
    assert "All are there, some without their decoded record" in exported(letter(), is_complete=False)


def test_an_export_of_nothing_says_so_and_what_there_is() -> None:
    assert exported() == "No letter is taken: a.jsonl is not written.\nThere is none in the topic."
    text = exported(letter(), letter(), letter(head=None), choice=Choice(reasons=frozenset({"mistyped"})))
    assert "The filters take none of 2 in the topic, which have:\n  --reason: malformed_parameter (2)" in text
    assert "personal" not in text


def test_a_file_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be made"), new_file(tmp_path / "nowhere" / "letters.avro"):
        pass


@pytest.mark.parametrize(
    ("file", "how", "expected"),
    [
        ("a.jsonl", None, Format.JSONL),
        ("a.AVRO", None, Format.AVRO),
        ("a.txt", Format.AVRO, Format.AVRO),
        ("-", None, Format.JSONL),
        ("a.txt", None, None),
        ("-", Format.AVRO, None),
    ],
)
def test_the_format_is_the_endings_unless_one_is_named(file: str, how: Format | None, expected: Format | None) -> None:
    if expected is None:
        with pytest.raises(UsageError):
            _format(file, how)
    else:
        assert _format(file, how) is expected


def test_a_tombstone_is_a_letter_too() -> None:
    each = Lying(tombstone(topic="letters"), HEAD)
    assert not rowed(each).values["has_value"]
