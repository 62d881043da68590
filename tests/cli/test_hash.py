"""`capi-stream hash`, run as a person or a script runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from capi_stream.cli.hash import FIELDS, OTHER_NAMES, register
from capi_stream.intake.parameters.raw_values import hash_of

VECTORS = Path(__file__).parents[1] / "vectors"


def run(*arguments: str, stdin: str | bytes = "") -> Result:
    app = typer.Typer()
    register(app)
    app.callback()(lambda: None)  # with one command alone, typer would take away its name
    return CliRunner().invoke(app, ["hash", *arguments], input=stdin)


def answers(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_value_is_shown_with_its_hash() -> None:
    result = run("em", " Mary@Example.com")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "normal form  mary@example.com",
        f"sha256       {hash_of('mary@example.com')}",
    ]


@pytest.mark.parametrize(
    ("field", "value"), [("fbp", "fb.1.1558571054389.1098115397"), ("value", "12.5"), ("currency", "eur")]
)
def test_a_field_that_is_sent_unhashed_says_so(field: str, value: str) -> None:
    result = run(field, value)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"normal form  {value}",
        "sha256       none: the API takes this field unhashed",
    ]


def test_a_value_that_is_left_out_says_why() -> None:
    result = run("ph", "12345")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "left out of the event: too short" in result.stderr
    assert "7 to 15" in result.stderr


@pytest.mark.parametrize(
    ("field", "hint"),
    [("email", "Did you mean em?"), ("contry", "Did you mean country"), ("%", "The fields are em, ph")],
)
def test_an_unknown_field_names_the_nearest(field: str, hint: str) -> None:
    result = run(field, "x")
    assert result.exit_code == 2
    assert hint in result.stderr


@pytest.mark.parametrize("arguments", [[], ["em"], ["em", "a@example.org", "--jsonl"]])
def test_half_a_question_is_refused(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "capi-stream hash em" in result.stderr


def test_the_names_that_people_use_are_fields() -> None:
    assert set(OTHER_NAMES.values()) <= FIELDS.keys()
    assert not OTHER_NAMES.keys() & FIELDS.keys()


@pytest.mark.parametrize("name", ["normalization", "more_fields"])
def test_every_vector_line_by_line(name: str) -> None:
    cases = json.loads((VECTORS / f"{name}.json").read_text())
    lines = "".join(json.dumps({"field": case["field"], "raw": case["raw"]}) + "\n" for case in cases)
    result = run("--jsonl", stdin=lines)
    assert result.exit_code == 0
    assert answers(result) == [{key: case[key] for key in ("field", "normalized", "sha256")} for case in cases]


@pytest.mark.parametrize(
    "raw", ["null", "true", "1.5", "1e999", "NaN", "[]", '["a@example.org"]', '{"a": 1}', '"\\ud800"']
)
def test_any_json_value_is_answered(raw: str) -> None:
    result = run("--jsonl", stdin=f'{{"field": "em", "raw": {raw}}}\n')
    assert result.exit_code == 0
    assert answers(result) == [{"field": "em", "normalized": None, "sha256": None}]


@pytest.mark.parametrize(
    ("line", "what", "field"),
    [
        (b"secret@example.com", "this is no JSON: Expecting value at character 1", None),
        (b'{"field": "em", "raw": "\xff"}', "this is no JSON that can be read", None),
        (b"[" * 100_000, "this is no JSON that can be read", None),
        (b'{"field": "em", "raw": ' + b"1" * 5_000 + b"}", "this is no JSON that can be read", None),
        (b"[]", 'give an object such as {"field"', None),
        (b'{"field": "em"}', 'give an object such as {"field"', "em"),
        (b'{"raw": "x"}', 'give an object such as {"field"', None),
        (b'{"field": 7, "raw": "x"}', 'give an object such as {"field"', None),
        (b'{"field": "emial", "raw": "x"}', "There is no field 'emial'", "emial"),
    ],
)
def test_a_bad_line_is_named_and_answered_with_nulls_in_its_place(line: bytes, what: str, field: str | None) -> None:
    good = b'{"field": "ge", "raw": "Mr"}\n'
    result = run("--jsonl", stdin=good + b"\n" + line + b"\n" + good)
    assert result.exit_code == 1
    assert f"line 3: {what}" in result.stderr
    assert "secret" not in result.stderr
    mr = {"field": "ge", "normalized": "m", "sha256": hash_of("m")}
    assert answers(result) == [mr, {"field": field, "normalized": None, "sha256": None}, mr]


def test_a_good_line_is_answered_byte_for_byte() -> None:
    """Scripts read it."""
    result = run("--jsonl", stdin='{"raw": "MR", "field": "ge"}\r\n\n{"field": "value", "raw": 12.50}\n')
    assert result.stdout_bytes.decode() == (
        f'{{"field": "ge", "normalized": "m", "sha256": "{hash_of("m")}"}}\n'
        '{"field": "value", "normalized": 12.5, "sha256": null}\n'
    )


def test_the_last_line_needs_no_newline() -> None:
    assert answers(run("--jsonl", stdin='{"field": "ge", "raw": "f"}'))[0]["normalized"] == "f"
