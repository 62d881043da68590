"""`capi-stream mapping show` and `test`, run as processes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.builders import ROOT
from tests.cli.commands import Said, command

EXAMPLES = ROOT / "avro/examples"
SERVICE = EXAMPLES / "service.yaml"
FILES = ("--schema", str(EXAMPLES / "booking.avsc"), "--mapping", str(EXAMPLES / "booking.yaml"))


def mapping(*arguments: str | Path) -> Said:
    return command("mapping", *arguments)


# show


def test_show_prints_the_python_and_for_which_schema() -> None:
    said = mapping("show", "-c", SERVICE)
    assert said.code == 0
    assert said.out.startswith("# topic travel.bookings, schema booking.avsc, mapping booking.yaml\n")
    assert "# Compiled from the mapping booking.yaml for travel.v2.Booking." in said.out
    compile(said.out, "shown", "exec")


def test_show_without_a_configuration_is_about_the_built_in_mapping() -> None:
    said = mapping("show")
    assert said.code == 0
    assert "for commerce.v1.CommerceEvent" in said.out


def test_show_asks_for_the_topic_where_there_are_several(tmp_path: Path) -> None:
    both = yaml.safe_load(SERVICE.read_text())
    both["topics"] = {"a": {}, "b": {}}
    path = tmp_path / "service.yaml"
    path.write_text(yaml.safe_dump(both))
    said = mapping("show", "-c", path)
    assert (said.code, said.out) == (2, "")
    assert "--topic: a, b" in said.error
    assert mapping("show", "-c", path, "--topic", "b").code == 0


# test


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """A copy of the bookings' golden files."""
    return Path(shutil.copytree(EXAMPLES / "booking", tmp_path / "booking"))


def test_golden_files_that_agree_end_with_0(cases: Path) -> None:
    said = mapping("test", cases, *FILES)
    assert said.out.splitlines()[-1] == "4 cases: 4 alike"
    assert (said.code, said.error) == (0, "")


def test_a_difference_is_shown_line_by_line_and_ends_with_1(cases: Path) -> None:
    path = cases / "company.events.json"
    path.write_text(path.read_text().replace('"value": 90', '"value": 91').replace("InitiateCheckout", "Lead"))
    said = mapping("test", cases, *FILES)
    assert said.code == 1
    assert "DIFFERS  company" in said.out
    changed = [line.strip() for line in said.out.splitlines() if line.strip()[:2] in ("- ", "+ ")]
    assert [line.replace(" ", "") for line in changed] == [
        '-"value":91',
        '+"value":90',
        '-"event_name":"Lead",',
        '+"event_name":"InitiateCheckout",',
    ]
    assert said.out.splitlines()[-1] == "4 cases: 3 alike, 1 different"


def test_a_missing_file_is_a_difference_and_nothing_is_written_unasked(cases: Path) -> None:
    (cases / "late.events.json").unlink()
    said = mapping("test", cases, *FILES)
    assert said.code == 1
    assert "MISSING  late" in said.out
    assert not (cases / "late.events.json").exists()


def test_write_writes_what_is_missing_or_has_changed_and_says_which(cases: Path) -> None:
    (cases / "late.events.json").unlink()
    (cases / "company.events.json").write_text('{"events": []}')
    untouched = (cases / "confirmed.events.json").stat().st_mtime_ns
    said = mapping("test", cases, *FILES, "--write")
    assert said.code == 0
    assert f"written  company: {cases / 'company.events.json'} (changed)" in said.out
    assert f"written  late: {cases / 'late.events.json'}\n" in said.out
    assert (cases / "confirmed.events.json").stat().st_mtime_ns == untouched
    for name in ("late", "company"):
        there = (cases / f"{name}.events.json").read_text()
        assert there == (EXAMPLES / "booking" / f"{name}.events.json").read_text()


def test_numbers_are_compared_and_not_how_they_are_written(cases: Path) -> None:
    path = cases / "company.events.json"
    path.write_text(path.read_text().replace('"value": 90', '"value": 90.00'))
    assert mapping("test", cases, *FILES).code == 0


def test_nothing_depends_on_the_clock(cases: Path) -> None:
    (cases / "company.beside.json").write_text("{}")
    said = mapping("test", cases, *FILES)
    assert said.code == 2
    assert "company does not say when it is" in said.error
    assert mapping("test", cases, *FILES, "--now", "2026-01-01T12:00Z").code == 0


def test_the_time_is_part_of_the_case(cases: Path) -> None:
    (cases / "company.beside.json").write_text('{"now": "2026-02-01T12:00:00Z"}')
    said = mapping("test", cases, *FILES)
    assert said.code == 1
    assert "event_time_too_old" in said.out


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("company.record.json", '{"reference": 7}', "company.record.json: This JSON is no record of"),
        ("company.record.json", "{", "company.record.json: The record, line 1: this is no JSON"),
        ("company.beside.json", '{"noww": 1}', "is an object with now, topic, key, headers, timestamp, not noww"),
        ("company.beside.json", '{"now": "2026-01-01", "headers": [1]}', "headers is an object of texts"),
        ("company.events.json", "nothing", "company.events.json, line 1: this is no JSON"),
        ("other.events.json", "{}", "has no other.record.json beside it"),
        ("company.beside.json", '{"now": "x"}', "company.beside.json, now: 'x' is no time"),
        (
            "company.beside.json",
            '{"now": 0, "timestamp": -1}',
            "company.beside.json, timestamp: '-1' is no time from 1970",
        ),
        (
            "company.beside.json",
            '{"now": 0, "timestamp": 99999999999999999999}',
            "company.beside.json, timestamp: '999",
        ),
        ("company.beside.json", '{"now": 0, "timestamp": "NaN"}', "is no time from 1970 to 9999"),
        ("company.beside.json", '{"now": 0, "headers": [1]}', "/company.beside.json: headers is an object of texts"),
        (".record.json", "{}", "/.record.json has no name: call it NAME.record.json"),
        (".events.json", "{}", "/.events.json has no name"),
        (".beside.json", "{}", "/.beside.json has no name"),
    ],
)
def test_files_that_cannot_be_used_end_with_2(cases: Path, name: str, text: str, message: str) -> None:
    (cases / name).write_text(text)
    said = mapping("test", cases, *FILES)
    assert said.code == 2
    assert message in said.error


def test_a_place_without_records_is_told_with_how_to_begin(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    empty = tmp_path / "empty"
    empty.mkdir()
    for place, found in (
        (tmp_path / "nodir", "is not there"), (file, "is no directory"), (empty, "has no file NAME.record.json")
    ):  # fmt: skip
        said = mapping("test", place, *FILES)
        assert (said.code, said.out) == (2, "")
        assert said.error.startswith(f"{place} {found}. What to do: make a directory, and in it for each case ")
        for expected in ("NAME.record.json", "NAME.beside.json", '{"now": "', "--write", "NAME.events.json", "docs/"):
            assert expected in said.error


def test_the_way_to_begin_that_is_told_leads_to_golden_files(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    shutil.copy(EXAMPLES / "booking/company.record.json", folder / "mine.record.json")
    (folder / "mine.beside.json").write_text(re.findall(r"{.*?}", mapping("test", tmp_path, *FILES).error)[0])
    assert "written  mine" in mapping("test", folder, *FILES, "--write").out
    assert mapping("test", folder, *FILES).code == 0


def test_events_that_meta_takes_for_one_are_a_warning_and_no_failure(cases: Path, tmp_path: Path) -> None:
    text = (EXAMPLES / "booking.yaml").read_text()
    head, _, first = text.partition("events:\n")
    again = first[: first.index("\n  - ", 1) + 1]
    mine = tmp_path / "twice.yaml"
    mine.write_text(f"{head}events:\n{again}{first}")
    files = ("--schema", EXAMPLES / "booking.avsc", "--mapping", mine)
    assert mapping("test", cases, *files, "--write").code == 0
    said = mapping("test", cases, *files)
    assert said.code == 0
    assert "warning  confirmed: events 0 and 1 have one event_id and one event_name, at pixel " in said.out


def without_id(folder: Path) -> tuple[str | Path, ...]:
    """The bookings' mapping, but for its event ids: the service makes them."""
    path = folder / "booking.yaml"
    lines = (EXAMPLES / "booking.yaml").read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.strip().startswith("event_id:")))
    return "--schema", EXAMPLES / "booking.avsc", "--mapping", path


@pytest.mark.parametrize("beside", ["{}", '{"now": "2026-01-01T12:00Z"}', '{"timestamp": "2026-01-01T11:00Z"}'])
def test_an_id_that_the_service_makes_is_the_same_whatever_now_is(cases: Path, tmp_path: Path, beside: str) -> None:
    for path in (*cases.glob("*.events.json"), *cases.glob("*.beside.json")):
        path.unlink()
    for path in cases.glob("*.record.json"):
        path.with_name(path.name.replace(".record.", ".beside.")).write_text(beside)
    files = without_id(tmp_path)
    assert mapping("test", cases, *files, "--now", "2026-01-01T12:00Z", "--write").code == 0
    assert '"event_id":"' in (cases / "confirmed.events.json").read_text().replace(" ", "")
    said = mapping("test", cases, *files, "--now", "2026-01-01T12:20Z")
    assert said.out.splitlines()[-1] == "4 cases: 4 alike", said


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    broken = tmp_path / "broken.avsc"
    broken.write_text('{"type": "record"}')
    for options in (
        FILES[:2],
        (*FILES, "-c", SERVICE),
        (*FILES[:3], "no-such-file"),
        ("--schema", broken, *FILES[2:]),
        (*FILES[:3], broken),
    ):
        said = mapping("test", EXAMPLES / "booking", *options)
        assert said.code == 2
        assert said.error
        assert "Traceback" not in said.error
