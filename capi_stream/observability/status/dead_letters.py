"""The page of the newest dead and parked letters, by reason: where each record lies, and what would send it again.

Nothing of a record's own words is on it: a reason's meaning comes from a closed list, and the API's words without what
they quote. Pixels and events are labels, and ids of events, which may be those of orders, are not shown at all.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import NamedTuple

from capi_stream.delivery.ledger import LetterView, Snapshot
from capi_stream.observability.status.frame import head, top
from capi_stream.observability.status.holds import NO_PIXELS
from capi_stream.observability.status.humane import age, many
from capi_stream.observability.status.shown import About, Shown
from capi_stream.observability.status.tables import Column, Html, Row, table

COLUMNS = (
    Column("failed at (UTC)"), Column("stage"), Column("pixel"), Column("event"), Column("attempts", True),
    Column("read from"), Column("offset", True), Column("API error"),
)  # fmt: skip
PAGES = {"status": ".", "metrics": "metrics"}


class Kind(NamedTuple):
    """One kind of letters: its name in a snapshot, what a person calls it, and how a replay is told to take it."""

    name: str
    title: str
    option: Sequence[str]


DEAD = Kind("dead_letter", "Dead letters", ())
PARKED = Kind("parked", "Parked", ("--parked",))


def dead_letters_page(shown: Shown) -> str:
    """The whole page. It has no script, and is as old as its time says."""
    return (
        f'<!doctype html><html lang="en"><head>{head("Dead letters")}</head><body>{top(shown.about, PAGES)}'
        f"<main>{_body(shown)}</main><footer><p>This page is not drawn anew by itself, so that you can read and copy: "
        "reload it. Neither ids of events nor what records say of customers are on it: the letters have them.</p>"
        "</footer></body></html>"
    )


def _body(shown: Shown) -> str:
    title = "<h1>Dead and parked letters</h1>"
    if shown.sight is None:
        return f'<section id="title">{title}<p class="none">Nothing to show yet.</p></section>'
    snapshot, about = shown.sight.snapshot, shown.about
    dead = _kind(DEAD, snapshot.ledger.dead_letters, snapshot, about)
    parked = _kind(PARKED, snapshot.ledger.parked, snapshot, about)
    return f'<section id="title">{title}<p class="none">{_since(snapshot, about)}</p></section>{dead}{parked}'


def _since(snapshot: Snapshot, about: About) -> str:
    started = "" if about.started_at is None else f", {age(snapshot.unix_now - about.started_at)} ago"
    return (
        f"Of this process alone, counted since it started{started}: others of its group have a page of their own. "
        f"As of {_time(snapshot.unix_now)} UTC."
    )


def _kind(kind: Kind, counts: Counter[str], snapshot: Snapshot, about: About) -> str:
    """All letters of one kind, those reasons first that had one last."""
    newest: dict[str, list[LetterView]] = {reason: [] for reason, _ in counts.most_common()}
    for view in sorted(snapshot.letters, key=lambda view: view.failed_at, reverse=True):
        if view.kind == kind.name:
            newest.setdefault(view.reason, []).append(view)
    by_time = sorted(
        newest, key=lambda reason: max((view.failed_at for view in newest[reason]), default=0), reverse=True
    )
    reasons = "".join(_reason(kind, reason, counts[reason], newest[reason], snapshot, about) for reason in by_time)
    none = '<p class="none">None since this process started.</p>'
    return f'<section id="{kind.name}"><h2>{kind.title}</h2>{reasons or none}</section>'


def _reason(kind: Kind, reason: str, number: int, views: Sequence[LetterView], snapshot: Snapshot, about: About) -> str:
    """A reason with what it means, its newest letters, and the command that would send them again."""
    caption = f"{kind.title} for {reason}, newest first"
    rows = [_row(view, snapshot.unix_now - snapshot.now) for view in views]
    return (
        f"<article><h3><code>{escape(reason)}</code> <small>{many(number, 'letter')}</small></h3>"
        f"<p>{escape(_told(about.meanings.get(reason, ''), number, len(views)))}</p>"
        f"{table(caption, COLUMNS, rows, 'None of them is remembered any more: look into the topic.')}"
        f'<p class="command"><span>What a replay would send; nothing is sent without --yes:</span> '
        f"<code>{escape(replay_command(kind, reason, views))}</code></p></article>"
    )


def _told(meaning: str, number: int, remembered: int) -> str:
    """What a reason means, and how many of its letters are shown where that is not all."""
    means = f"{meaning[0].upper()}{meaning[1:]}." if meaning else ""
    return f"{means} Here are the newest {remembered}." if 0 < remembered < number else means


def _row(view: LetterView, unix_offset: float) -> Row:
    topic, number = view.partition
    cells = (
        _time(view.failed_at + unix_offset),
        view.stage,
        view.pixel,
        view.event,
        f"{view.attempts:,}",
        Html(f"{escape(topic)} <small>{number}</small>"),
        str(view.offset),
        _error(view),
    )
    return Row(cells, below=_below(view))


def _error(view: LetterView) -> str:
    """The API's numbers, as its documentation writes them: 100/2804003."""
    numbers = [str(number) for number in (view.code, view.subcode) if number is not None]
    return "/".join(numbers) or ("" if view.status is None else f"HTTP {view.status}")


def _below(view: LetterView) -> Html:
    words = f"<q>{escape(view.words)}</q>" if view.words else ""
    trace = f"<small>fbtrace_id {escape(view.fbtrace_id)}</small>" if view.fbtrace_id else ""
    return Html(" ".join(filter(None, (words, trace))))


def replay_command(kind: Kind, reason: str, views: Iterable[LetterView]) -> str:
    """The command line that shows what would be sent again of `reason`, for the pixels of `views`.

    All pixels where one of them has none of the configuration: no option would find it.
    """
    pixels = sorted({view.pixel for view in views})
    named = [] if NO_PIXELS.intersection(pixels) else [word for pixel in pixels for word in ("--pixel", pixel)]
    return shlex.join(["capi-stream", "replay", "-c", "CONFIG", *kind.option, "--reason", reason, *named])


def _time(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%d %H:%M:%S")
