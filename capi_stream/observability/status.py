"""The status page: one self-contained page of HTML from what the loop last showed. Ages, not timestamps."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from capi_stream.delivery.ledger import GateView, LaneView, PartitionView, Snapshot
from capi_stream.observability.board import Sight

ADVICE = {
    "token_invalid": "Put a new access token into the pixel's file: it is read within seconds.",
    "permission_missing": "Give the token's user access to this pixel in Meta's Events Manager.",
    "unknown_pixel": "Check the pixel's id, and that its token may see it.",
    "blocked": "Look for a notice in Meta's Events Manager.",
    "fuse": "Too many events were invalid. Look at the dead letters, mend the cause, then: capi-stream fuse reset",
}
NOTHING_TO_DO = "Nothing: it is tried again by itself."
TOPIC_ADVICE = "Check that the topic exists, its rights and its max.message.bytes. Offsets wait meanwhile."

STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #667085; --line: #e3e7ee; --page: #f6f7f9; --card: #fff;
        --good: #087443; --bad: #b42318; --warn: #b54708 }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #98a2b3; --line: #2b3342; --page: #10141c;
        --card: #171c26; --good: #47cd89; --bad: #f97066; --warn: #fdb022 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 0 }
main { max-width: 68rem; margin: 0 auto; padding: 1.5rem }
h1 { font-size: 1.25rem; margin: 0 } h1 small { color: var(--soft); font-weight: 400 }
h2 { font-size: 1rem; margin: 2rem 0 .5rem }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0 }
.tile, table { background: var(--card); border: 1px solid var(--line); border-radius: .5rem }
.tile { padding: .6rem .9rem } .tile b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums }
.tile span, .none { color: var(--soft); font-size: .85rem }
table { border-collapse: separate; border-spacing: 0; width: 100%; overflow: hidden }
th, td { text-align: left; padding: .4rem .9rem; border-top: 1px solid var(--line) }
td:not(:last-child) { white-space: nowrap }
tr:first-child th { border-top: 0 } th { color: var(--soft); font-weight: 500; font-size: .85rem }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
.good { color: var(--good) } .bad { color: var(--bad) } .warn { color: var(--warn) }
footer { color: var(--soft); font-size: .85rem; margin-top: 2rem } a { color: inherit }
"""


def page(sight: Sight | None, state: str, version: str) -> str:
    """The whole page. `state` is the member's: starting, joining, running or stopping."""
    body = '<p class="none">Nothing to show yet.</p>' if sight is None else _body(sight)
    mood = "good" if state == "running" else "warn"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>capi-stream</title>'
        '<meta http-equiv="refresh" content="5"><meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style></head><body><main>"
        f'<h1>capi-stream <small>{escape(version)}</small> <span class="{mood}">{escape(state)}</span></h1>{body}'
        '<footer><a href="metrics">metrics</a> · <a href="healthz">healthz</a> · <a href="readyz">readyz</a> · '
        "this page is drawn anew every 5 s</footer></main></body></html>"
    )


def _body(sight: Sight) -> str:
    snapshot = sight.snapshot
    outages = "".join(f'<p class="bad">{escape(each)}</p>' for each in sight.outages)
    return (
        f"{outages}{_tiles(snapshot)}<h2>Held</h2>{_gates(snapshot)}<h2>Pixels</h2>{_lanes(snapshot)}"
        f"<h2>Partitions</h2>{_partitions(sight)}<h2>Dead letters</h2>{_letters(snapshot)}"
    )


def _tiles(snapshot: Snapshot) -> str:
    outcomes: Counter[str] = Counter()
    for (_, _, outcome), number in snapshot.ledger.events.items():
        outcomes[outcome] += number
    consumed = sum(number for (_, outcome), number in snapshot.ledger.records.items() if outcome == "consumed")
    share = snapshot.buffered_bytes / snapshot.buffer_limit_bytes
    tiles = [
        (f"{consumed:,}", "records read"),
        (f"{outcomes['accepted']:,}", "events accepted"),
        (f"{outcomes['dead_lettered']:,}", "dead letters"),
        (f"{snapshot.buffered_events:,}", "events waiting"),
        (f"{snapshot.posts_in_flight}", "posts in flight"),
        (f"{share:.0%}", "of the memory budget"),
    ]
    return "".join(
        [
            '<div class="tiles">',
            *(f'<div class="tile"><b>{n}</b><span>{what}</span></div>' for n, what in tiles),
            "</div>",
        ]
    )


def _gates(snapshot: Snapshot) -> str:
    rows = [_gate_row(view, snapshot.now) for view in snapshot.gates]
    return _table(("what", "why", "for", "next try in", "what to do"), rows, "Nothing is held.")


def _gate_row(view: GateView, now: float) -> Sequence[str]:
    advice = TOPIC_ADVICE if view.scope == "topic" else ADVICE.get(view.reason, NOTHING_TO_DO)
    next_try = "never" if math.isinf(view.until) else age(max(0.0, view.until - now))
    return (f"{view.scope} {view.name}", view.reason, age(now - view.since), next_try, advice)


def _lanes(snapshot: Snapshot) -> str:
    accepted: Counter[str] = Counter()
    for (pixel, _, outcome), number in snapshot.ledger.events.items():
        if outcome == "accepted":
            accepted[pixel] += number
    rows = [_lane_row(view, accepted, snapshot.unix_now) for view in snapshot.lanes]
    columns = ("pixel", "endpoint", "accepted", "waiting", "in flight", "oldest event", "last error")
    return _table(columns, rows, "No event has come yet.", numbers=(2, 3, 4))


def _lane_row(view: LaneView, accepted: Counter[str], unix_now: float) -> Sequence[str]:
    oldest = "" if view.oldest_event_time is None else age(unix_now - view.oldest_event_time)
    pixel, endpoint = view.destination
    counts = (f"{accepted[pixel]:,}", f"{view.waiting:,}", str(view.in_flight))
    return (pixel, endpoint, *counts, oldest, view.last_error or "")


def _partitions(sight: Sight) -> str:
    rows = [_partition_row(view, sight) for view in sorted(sight.snapshot.partitions, key=lambda each: each.partition)]
    columns = ("topic", "partition", "committed", "read to", "end", "lag", "oldest open record", "")
    return _table(columns, rows, "No partition is assigned.", numbers=(1, 2, 3, 4, 5))


def _partition_row(view: PartitionView, sight: Sight) -> Sequence[str]:
    high = sight.high_watermarks.get(view.partition)
    oldest = view.oldest_timestamp_ms
    return (
        view.partition.topic,
        str(view.partition.number),
        f"{view.committed:,}",
        f"{view.position:,}",
        "" if high is None else f"{high:,}",
        "" if high is None else f"{max(0, high - view.committed):,}",
        "" if oldest is None or oldest < 0 else age(sight.snapshot.unix_now - oldest / 1_000),
        "paused" if view.is_paused else "",
    )


def _letters(snapshot: Snapshot) -> str:
    rows = [(reason, f"{number:,}") for reason, number in snapshot.ledger.dead_letters.most_common()]
    return _table(("reason", "records"), rows, "None since this process started.", numbers=(1,))


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], otherwise: str, numbers: Sequence[int] = ()) -> str:
    rows = list(rows)
    if not rows:
        return f'<p class="none">{otherwise}</p>'
    lines = [_row(columns, "th", numbers), *(_row(row, "td", numbers) for row in rows)]
    return f"<table>{''.join(lines)}</table>"


def _row(cells: Sequence[str], tag: str, numbers: Sequence[int]) -> str:
    marks = (' class="n"' if place in numbers else "" for place in range(len(cells)))
    return (
        f"<tr>{''.join(f'<{tag}{mark}>{escape(cell)}</{tag}>' for cell, mark in zip(cells, marks, strict=True))}</tr>"
    )


def age(seconds: float) -> str:
    """A time for a person: `3 s`, `4 min`, `2.5 h`, `3.1 d`."""
    for size, unit in ((86_400.0, "d"), (3_600.0, "h")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{max(0.0, seconds):.0f} s"
