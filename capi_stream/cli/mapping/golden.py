"""Golden files: a record, what lies beside it, and what must become of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from capi_stream.cli.explain.twins import twins
from capi_stream.cli.json_text import JsonError, read, written
from capi_stream.cli.samples import Beside, sample
from capi_stream.cli.times import unix_time
from capi_stream.cli.topics import Chosen
from capi_stream.cli.usage import UsageError
from capi_stream.model import Headers, Malformed, Mapped, Reading

RECORD, BESIDE, EVENTS = ".record.json", ".beside.json", ".events.json"
KNOWN = ("now", "topic", "key", "headers", "timestamp")
PUBLISHED = "2026-01-01T12:00Z"
"""A record's time in Kafka where the case names no time at all. It is fixed, and not --now: an event without an id gets
one that is made of it (`derived_event_id`), and a golden file must hold whatever --now is."""


@dataclass(frozen=True, slots=True)
class Case:
    """One record's files, all but the record read. `expected` is None where nobody has written it yet."""

    record: Path
    beside: dict[str, Any]
    events: Path
    expected: Any

    @property
    def name(self) -> str:
        """How people call it."""
        return self.record.name.removesuffix(RECORD)

    @property
    def beside_file(self) -> Path:
        """Where `beside` stands, or would."""
        return self.record.with_name(self.name + BESIDE)

    @property
    def topic(self) -> str | None:
        """The topic that the case names."""
        return self.beside.get("topic")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case, and the lines that tell it."""

    verdict: Literal["alike", "different", "written"]
    lines: list[str]


def cases(directory: Path) -> Iterator[Case]:
    """The cases in `directory`, by name. Raises UsageError where it has none, or a file that cannot be read."""
    records = _records(directory)
    for file in (directory / each for each in (RECORD, BESIDE, EVENTS)):
        if file.exists():
            raise UsageError(f"{file} has no name: call it NAME{file.name}.")
    names = {each.name.removesuffix(RECORD) for each in records}
    for file in sorted([*directory.glob(f"*{EVENTS}"), *directory.glob(f"*{BESIDE}")]):
        name = file.name.removesuffix(EVENTS).removesuffix(BESIDE)
        if name not in names:
            raise UsageError(f"{file} has no {name}{RECORD} beside it.")
    for record in records:
        stem = record.name.removesuffix(RECORD)
        beside, events = record.with_name(stem + BESIDE), record.with_name(stem + EVENTS)
        told = _read(beside) if beside.exists() else {}
        if not isinstance(told, dict) or (unknown := told.keys() - set(KNOWN)):
            extra = "" if not isinstance(told, dict) else f", not {', '.join(sorted(unknown))}"
            raise UsageError(f"{beside} is an object with {', '.join(KNOWN)}{extra}.")
        if not all(isinstance(told.get(name, ""), str) for name in ("topic", "key")):
            raise UsageError(f"{beside}: topic and key are texts.")
        yield Case(record, told, events, _read(events) if events.exists() else None)


def _records(directory: Path) -> list[Path]:
    """The cases' records, by name. Raises UsageError that says how to begin, where there is none."""
    if directory.is_dir() and (records := sorted(directory.glob(f"*{RECORD}"))):
        return records
    if directory.is_dir():
        found = f"{directory} has no file NAME{RECORD}"
    else:
        found = f"{directory} is no directory" if directory.exists() else f"{directory} is not there"
    raise UsageError(
        f"{found}. What to do: make a directory, and in it for each case NAME{RECORD}, a record as plain JSON, and "
        f'NAME{BESIDE} with the time to judge it at: {{"now": "{PUBLISHED}"}}. Then --write writes NAME{EVENTS}, what '
        "becomes of the record; read it once and keep it. See step 3 of Your own schema in docs/mapping.md."
    )


def outcome(case: Case, chosen: Chosen, unix_now: float | None, *, write: bool) -> Outcome:
    """Compare one case as of `unix_now`, or of the time that the case names. Raises UsageError."""
    beside = _beside(case, unix_now)
    try:
        reading = sample(case.record.read_bytes(), beside, chosen).reading
    except UsageError as error:
        raise UsageError(f"{case.record}: {error}") from None
    except OSError as error:
        raise UsageError(f"{case.record} cannot be read: {error.strerror}.") from None
    told = _compared(case, _events(reading), write=write)
    warnings = [f"warning  {case.name}: {each.text()}: Meta keeps one of them" for each in twins(reading)]
    return Outcome(told.verdict, [*told.lines, *warnings])


def _compared(case: Case, made: Any, *, write: bool) -> Outcome:
    if case.expected == made:
        return Outcome("alike", [f"ok       {case.name}"])
    if write:
        case.events.write_text(written(made) + "\n", encoding="utf-8")
        return Outcome(
            "written", [f"written  {case.name}: {case.events}{'' if case.expected is None else ' (changed)'}"]
        )
    if case.expected is None:
        return Outcome("different", [f"MISSING  {case.name}: {case.events} is not there; --write writes it"])
    return Outcome("different", [f"DIFFERS  {case.name}", *_difference(case, made)])


def _difference(case: Case, made: Any) -> Iterator[str]:
    before, after = (_tall(each).splitlines() for each in (case.expected, made))
    names = str(case.events), "what the mapping makes"
    for line in difflib.unified_diff(before, after, *names, n=2, lineterm=""):
        yield f"    {line}"


def _tall(value: Any, indent: int = 0) -> str:
    """JSON with one value a line, so that a difference shows alone."""
    inner = " " * (indent + 2)
    if isinstance(value, dict) and value:
        rows = [f"{inner}{written(key)}: {_tall(each, indent + 2)}" for key, each in sorted(value.items())]
        return "\n".join(["{", ",\n".join(rows), " " * indent + "}"])
    if isinstance(value, list) and value:
        rows = [f"{inner}{_tall(each, indent + 2)}" for each in value]
        return "\n".join(["[", ",\n".join(rows), " " * indent + "]"])
    return written(value)


def _events(reading: Reading) -> dict[str, Any]:
    """What became of a record, as it stands in a golden file. What is empty is left out, but `events`."""
    if isinstance(reading, Malformed):
        return {"events": [], "rejected": [{"reason": reading.rejection.reason}]}
    made = reading if isinstance(reading, Mapped) else Mapped()
    by_index: dict[int, dict[str, Any]] = {}
    for event in made.events:
        entry = by_index.setdefault(event.index, {"pixels": {}, "event": read(event.body)})
        entry["pixels"][event.pixel] = [destination.endpoint for destination in event.destinations]
    rejected = [
        {
            **({} if each.index is None else {"event": each.index}),
            **({} if each.pixel is None else {"pixel": each.pixel}),
            "reason": each.reason,
        }
        for each in made.rejections
    ]
    left_out = [{"field": each.field, "reason": each.reason} for each in made.dropped]
    others = {"rejected": rejected, "filtered": list(made.filtered), "left_out": left_out}
    return {"events": list(by_index.values()), **{key: each for key, each in others.items() if each}}


def _beside(case: Case, unix_now: float | None) -> Beside:
    told = case.beside
    if unix_now is None:
        if "now" not in told:
            raise UsageError(
                f'{case.name} does not say when it is: write {{"now": "2026-01-01T12:00Z"}} into {case.beside_file}, '
                "or give --now."
            )
        unix_now = _time(case, "now")
    published = _time(case, "timestamp" if "timestamp" in told else "now", PUBLISHED)
    headers = _headers(told.get("headers", {}), case)
    return Beside(unix_now, case.topic, told.get("key"), headers, int(published * 1000))


def _time(case: Case, name: str, otherwise: str = "") -> float:
    """What the case says under `name`, as Unix seconds."""
    try:
        return unix_time(str(case.beside.get(name, otherwise)))
    except UsageError as error:
        raise UsageError(f"{case.beside_file}, {name}: {error}") from None


def _headers(told: Any, case: Case) -> Headers:
    if not isinstance(told, dict) or not all(isinstance(each, str) for each in told.values()):
        raise UsageError(f"{case.beside_file}: headers is an object of texts.")
    return [(name, value.encode()) for name, value in told.items()]


def _read(path: Path) -> Any:
    try:
        return read(path.read_bytes())
    except JsonError as error:
        raise UsageError(f"{path}, {error}.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
