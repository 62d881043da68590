"""What `capi-stream explain` and `mapping test` take for a record, and what they say of all else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from capi_stream.cli.samples import Beside, Sample, sample
from capi_stream.cli.topics import without_configuration
from capi_stream.cli.usage import UsageError
from capi_stream.model import Malformed, Mapped
from tests.builders import UNIX_NOW, avro_bytes, commerce_event, encoded
from tests.cli.commands import command
from tests.cli.test_explain import PLAIN

ONE_NUMBER = json.dumps({"type": "record", "name": "One", "fields": [{"name": "number", "type": "int"}]})
PURCHASE = """
event:
  event_name: {const: Purchase}
  event_time: number
  action_source: {const: website}
  user_data: {external_id: number}
"""


def read(content: bytes, schema: Path | None = None, mapping: Path | None = None) -> Sample:
    return sample(content, Beside(UNIX_NOW), without_configuration(None, schema, mapping))


def with_text(text: str) -> bytes:
    """A record of the contract whose first name is JSON's `text`."""
    written = json.dumps({**PLAIN, "customer": {"first_name": "HERE"}})
    return written.replace('"HERE"', text).encode()


def test_a_byte_order_mark_before_json_is_no_part_of_it() -> None:
    made = read(b"\xef\xbb\xbf" + json.dumps(PLAIN).encode())
    assert isinstance(made.reading, Mapped)
    assert made.notes[0].startswith("JSON")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (json.dumps(PLAIN).encode("utf-16"), "This is text in UTF-16; JSON is read as UTF-8. What to do: iconv"),
        (json.dumps(PLAIN).encode("utf-16-be"), "This is text in UTF-16"),
        (json.dumps(PLAIN).encode("utf-16")[:-2], "This is text in UTF-16"),
        (json.dumps([PLAIN]).encode(), "This is a JSON array; one record is read at a time"),
        (b"// mine\n{}", "The record, line 1: this is no JSON: Expecting value: JSON has no comments."),
        (b"\xef\xbb\xbf# mine\n{}", "JSON has no comments"),
        ("h\u00e9llo\tyou\n".encode(), "The record, line 1: this is no JSON"),
        (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "its brackets nest hundreds of levels deep"),
        (b'{"a": ' + b"7" * 6000 + b"}", "a number has more than 4,300 digits"),
        (b"[1,", "The record, line 1: this is no JSON"),
        (b"7", "This is a number in JSON, and a record is an object"),
        (b'"text"', "This is a text in JSON"),
        (b"null", "This is null in JSON"),
        (b"true", "This is a boolean in JSON"),
        (b"\xef\xbb\xbf{", "The record, line 1: this is no JSON"),
        ('{"event_id": "ä"}'.encode("latin-1"), "byte 15 is no UTF-8"),
        (b" \n", "The record is empty"),
        (with_text('"\\ud800"'), "customer.first_name has a text with half of a surrogate pair"),
        (with_text('["a", "\\uDFFF"]'), "customer.first_name[1] has a text with half of a surrogate pair"),
        (with_text('{"\\ud800": 1}'), "a name in customer.first_name has half of a surrogate pair"),
        (with_text('"Ana", "first_name": "Eva"'), "'first_name' stands twice in customer: leave one of them"),
        (b'{"event_id": "a", "event_id": "a"}', "'event_id' stands twice: leave one of them"),
    ],
)
def test_what_is_no_record_is_told_in_a_sentence_that_quotes_no_value(content: bytes, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(content)
    assert message in str(refused.value)
    assert "Ana" not in str(refused.value)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert read(with_text('"\\ud83d\\ude00"')).decoded["customer"]["first_name"] == "\U0001f600"


@pytest.mark.parametrize("number", [*range(-64, 64), 16_777_215])
def test_bare_avro_is_read_whatever_byte_it_begins_with(number: int, tmp_path: Path) -> None:
    """`[` is -46, `{` -62, `"` 17, a digit a number: one number can look like JSON, whole or in part."""
    schema, mapping = tmp_path / "one.avsc", tmp_path / "one.yaml"
    schema.write_text(ONE_NUMBER)
    mapping.write_text(PURCHASE)
    made = read(avro_bytes({"number": number}, ONE_NUMBER), schema, mapping)
    assert made.decoded == {"number": number}


@pytest.mark.parametrize("event_id", ['{"a": 1}', "[", '"', "\ufeff{}"])
def test_framed_avro_is_read_with_any_text_in_it(event_id: str) -> None:
    assert read(encoded(commerce_event(event_id=event_id))).decoded["event_id"] == event_id


def test_bytes_that_are_neither_are_what_the_service_would_make_of_them() -> None:
    assert isinstance(read(b"hello\x01\xff").reading, Malformed)
    assert isinstance(read(b"\xffhello").reading, Malformed)


@pytest.mark.parametrize("within", ['"\\ud800"', '{"a": 1, "a": 2}', '{"\\ud800": 1}'])
def test_a_name_that_no_field_has_is_not_quoted(within: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(json.dumps({**PLAIN, "properties": {"Erika Mustermann": "HERE"}}).replace('"HERE"', within).encode())
    assert "properties[key]" in str(refused.value)
    assert "Erika" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "text"), [("half of a surrogate pair", '"\\ud800"'), ("twice", '"", "first_name": ""')]
)
def test_explain_and_golden_files_end_with_2_and_a_sentence(said: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "a.record.json").write_bytes(with_text(text))
    for arguments in (("explain", "-"), ("mapping", "test", tmp_path, "--now", "2026-01-01T12:00Z")):
        ended = command(*arguments, stdin=with_text(text))
        assert ended.code == 2
        assert said in ended.error
        assert "Traceback" not in ended.error


def test_a_decimal_is_held_to_the_schemas_precision() -> None:
    order: dict[str, Any] = {"value": "123456789012345.1", "currency": "USD"}
    with pytest.raises(UsageError, match=r"order\.value has more digits than the schema's precision of 18 leaves"):
        read(json.dumps({**PLAIN, "order": order}).encode())
