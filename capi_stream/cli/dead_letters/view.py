"""One letter, laid open: its headers, its record, and what would become of it if it were sent now."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from capi_stream.cli.dead_letters.lying import Lying
from capi_stream.cli.dead_letters.table import MAY_QUOTE, said
from capi_stream.cli.dead_letters.words import MEANINGS, bytes_as_text, meaning, place, when
from capi_stream.cli.json_text import without_nulls, written
from capi_stream.cli.letters.opening import Opened, Passed
from capi_stream.cli.letters.shown import shown
from capi_stream.cli.preview.rows import Row, entry, rows
from capi_stream.letter_heads import HEADERS, own_headers
from capi_stream.replay.reading import PASSED_OVER

MOST_SHOWN = 2_000  # characters of a value that is no record; `export` has all of it
AT = ("topic", "partition", "offset")
TIMES = frozenset({"first_failed_at", "last_failed_at", "source_timestamp"})


@dataclass(frozen=True, slots=True)
class View:
    """`record` is the decoded one, masked unless `is_raw`; None where there is none, or its schema not `is_told`."""

    letter: Lying
    record: Any
    now: Opened | Passed
    is_raw: bool
    is_told: bool = True

    def values(self) -> dict[str, Any]:
        """For a program. Of what is raw only that it is there, and how large, without `is_raw`."""
        record, head = self.letter.record, self.letter.head
        return {
            **dict(zip(AT, (*record.partition, record.offset), strict=True)),
            "timestamp": record.timestamp_ms,
            "is_foreign": head is None,
            "meaning": None if head is None else meaning(head),
            "headers": self._ours(),
            "own_headers": [self._own(name, value) for name, value in own_headers(record.headers)],
            "key_bytes": _size(record.key),
            "value_bytes": _size(record.value),
            **self._raw(),
            "record": self.record,
            "now": self._now(),
        }

    def _ours(self) -> dict[str, Any]:
        head = self.letter.head
        if head is None:
            return {}
        return said(head) if self.is_raw else shown(said(head, MAY_QUOTE))

    def _own(self, name: str, value: bytes | None) -> dict[str, Any]:
        return {"name": name, "value": bytes_as_text(value)} if self.is_raw else {"name": name}

    def _raw(self) -> dict[str, Any]:
        """The key, and the value where it is no record that could be decoded."""
        if not self.is_raw:
            return {}
        key, value = self.letter.record.key, self.letter.record.value
        undecoded = None if value is None or self.record is not None else base64.b64encode(value).decode()
        return {"key": bytes_as_text(key), "value": undecoded}

    def _now(self) -> list[dict[str, Any]]:
        """What would become of each of its events; or the one reason why a replay passes it over."""
        if isinstance(self.now, Passed):
            return [_passed_over(self.now.reason)]
        made = [self._entry(row) for row in rows(self.letter.record, self.now.reading)]
        return [
            _passed_over(each["reason"])
            if each["would"] == "filter" and each["reason"] in PASSED_OVER
            else {name: value for name, value in each.items() if name not in AT}
            for each in made
        ]

    def _entry(self, row: Row) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(entry(row, raw=self.is_raw))
        if self.is_raw:
            return made
        return shown(made) | ({"event": shown(made["event"])} if "event" in made else {})

    # For a person.

    def lines(self) -> Iterator[str]:
        """The same as text."""
        record, head = self.letter.record, self.letter.head
        yield f"{place(record)}, stored {when(record.timestamp_ms)}"
        if head is None:
            yield "No letter of ours: its headers do not say why it is here and where it came from."
        else:
            yield f"{head.reason}: {meaning(head)}"
        yield from _pairs("Headers of the letter", self._header_lines())
        yield from _pairs(
            "Headers of its own",
            [(name, bytes_as_text(value) if self.is_raw else _HIDDEN) for name, value in own_headers(record.headers)],
        )
        yield from self._content()
        yield from ["", "If it were sent now"]
        for each in self._now():
            yield from _fate(each)

    def _header_lines(self) -> list[tuple[str, str]]:
        there = {} if self.letter.head is None else said(self.letter.head)
        there = there if self.is_raw else shown(there)
        return [(name, self._header(name, there[name])) for name in HEADERS if name in there]

    def _header(self, name: str, value: Any) -> str:
        if name in MAY_QUOTE and not self.is_raw:
            return _HIDDEN
        return when(value) if name in TIMES else str(value)

    def _content(self) -> Iterator[str]:
        record, head = self.letter.record, self.letter.head
        yield ""
        if record.key is not None:
            yield f"Key: {bytes_as_text(record.key) if self.is_raw else _bytes(record.key)}"
        if record.value is None:
            yield "Value: none"
            if head is not None and head.value_omitted:
                why = "It may not be here (letters.content)" if head.holds_event else "It was too large for this topic"
                yield f"{why}. It was read at {_source(self.letter)}."
        elif head is not None and head.is_sealed:
            yield f"Value: encrypted ({len(record.value):,} bytes), and no key of letters.encryption_key_file opens it"
        elif self.record is not None:
            yield "Record, without its nulls"
            yield from written(without_nulls(self.record)).split("\n")
        else:
            yield f"Value: {self._undecoded()}; {_bytes(record.value)}"
            if self.is_raw:
                yield (bytes_as_text(record.value[:MOST_SHOWN]) or "")[:MOST_SHOWN]

    def _undecoded(self) -> str:
        """What the value is, which is not decoded."""
        head = self.letter.head
        if head is None:
            return "not decoded, since it is no letter of ours"
        if head.holds_event:
            return "the event as it would be posted"
        return "cannot be decoded" if self.is_told else "not decoded, since a registry did not tell its schema"


def _passed_over(reason: str) -> dict[str, Any]:
    return {"would": "pass_over", "reason": reason, "meaning": PASSED_OVER[reason]}


_HIDDEN = "(may hold personal data: --raw shows it)"


def _source(letter: Lying) -> str:
    assert letter.head is not None
    return f"{letter.head.source_topic}/{letter.head.source_partition}/{letter.head.source_offset}"


def _size(content: bytes | None) -> int | None:
    return None if content is None else len(content)


def _bytes(content: bytes) -> str:
    return f"{len(content):,} bytes, --raw shows them"


def _pairs(title: str, pairs: Sequence[tuple[str, str | None]]) -> Iterator[str]:
    if pairs:
        yield from ["", title]
        width = max(len(name) for name, _ in pairs)
        yield from (f"  {name:<{width}}  {value if value is not None else '(null)'}" for name, value in pairs)


def _fate(each: Mapping[str, Any]) -> Iterator[str]:
    """One of the entries of `_now`."""
    if each["would"] == "send":
        yield f"  send to pixel {each['pixel']} at {', '.join(each['endpoints'])}"
        yield from (f"  {line}" for line in written(each["event"]).split("\n"))
        return
    reason = each["reason"]
    means = each.get("meaning") or MEANINGS.get(reason, "")
    words = [each["would"].replace("_", " "), each.get("stage", ""), f"{reason}: {means}" if means else reason]
    yield "  " + " ".join(filter(None, words))
    if each.get("detail"):
        yield f"  {each['detail']}"
