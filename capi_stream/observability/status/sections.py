"""The parts of the page that show what is delivered: held gates, pixels, partitions, rejections, letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from capi_stream.delivery.ledger import GateView, LaneView, Ledger, PartitionView, Snapshot
from capi_stream.observability.board import Sight
from capi_stream.observability.lag import age_of, lag_of
from capi_stream.observability.status.advice import advice, needs_a_person
from capi_stream.observability.status.holds import holds_of, lanes_of, next_try, what
from capi_stream.observability.status.humane import age, many, size
from capi_stream.observability.status.tables import Column, Html, Row, bar, table, text

TOKEN_ENDS_SOON_SECONDS = 14 * 86_400.0
MOST_PIXELS = 100  # a page of all, where there are thousands, would be megabytes every few seconds

PIXELS = (
    Column("pixel"), Column("gate"), Column("next probe"), Column("open batch", True), Column("waiting", True),
    Column("in flight", True), Column("accepted", True), Column("rejected", True), Column("parked", True),
)  # fmt: skip
PARTITIONS = (
    Column("partition"), Column("position", True), Column("committed", True), Column("uncommitted", True),
    Column("lag", True), Column(""), Column("oldest open record", True), Column("state"),
)  # fmt: skip
REJECTED = (Column("reason"), Column("events", True), Column("dead letters", True), Column(""))
PARKED = (Column("reason"), Column("records", True), Column(""))


def tiles(snapshot: Snapshot) -> Html:
    """What was done since the process started, and what it holds."""
    outcomes = _outcomes(snapshot)
    total: Counter[str] = sum(outcomes.values(), Counter())
    consumed = sum(number for (_, outcome), number in snapshot.ledger.records.items() if outcome == "consumed")
    share = snapshot.buffered_bytes / snapshot.buffer_limit_bytes
    shown = [
        (f"{consumed:,}", "records read"),
        (f"{total['accepted']:,}", "events accepted"),
        (f"{snapshot.ledger.rejected.total():,}", "events rejected"),
        (f"{total['dead_lettered']:,}", "dead letters"),
        (f"{total['parked']:,}", "parked"),
        (f"{snapshot.buffered_events:,}", "events waiting"),
        (f"{share:.0%}", f"of {size(snapshot.buffer_limit_bytes)} in use"),
    ]
    return Html("".join(f"<div><dd>{number}</dd><dt>{escape(name)}</dt></div>" for number, name in shown))


def held(snapshot: Snapshot) -> Html:
    """A card for each gate that holds, those that need a person first."""
    views = sorted(snapshot.gates, key=lambda view: (not needs_a_person(view), view.since))
    if not views:
        return Html('<p class="none">Nothing is held.</p>')
    more = f'<p class="none">And {many(len(views) - MOST_PIXELS, "more gate")}.</p>' if len(views) > MOST_PIXELS else ""
    cards = "".join(_card(view, snapshot.now) for view in views[:MOST_PIXELS])
    return Html(f'<ul class="cards">{cards}</ul>{more}')


def _card(view: GateView, now: float) -> str:
    mood = "bad" if needs_a_person(view) else "warn"
    tries = f", {many(view.attempt, 'try', 'tries')}"
    return (
        f'<li class="{mood}"><h3>{escape(what(view))} <code>{escape(view.reason)}</code></h3>'
        f"<p>Held for {age(now - view.since)}{tries}. Next probe {escape(next_try(view, now))}.</p>"
        f'<p class="do">{escape(advice(view))}</p></li>'
    )


def pixels(sight: Sight) -> Html:
    """A row for each pixel at each of its endpoints, held ones first."""
    snapshot = sight.snapshot
    outcomes = _outcomes(snapshot)
    holds = holds_of(snapshot)
    lanes = sorted(lanes_of(snapshot), key=lambda lane: (lane.destination not in holds, lane.destination))
    rows = [
        _pixel(lane, sight, holds.get(lane.destination), outcomes[lane.destination.pixel])
        for lane in lanes[:MOST_PIXELS]
    ]
    more = (
        f'<p class="none">And {many(len(lanes) - MOST_PIXELS, "more pixel")}.</p>' if len(lanes) > MOST_PIXELS else ""
    )
    return Html(table("Pixels", PIXELS, rows, "No event has come yet.") + more)


def _pixel(lane: LaneView, sight: Sight, hold: GateView | None, outcomes: Counter[str]) -> Row:
    pixel, endpoint = lane.destination
    gate = "passing" if hold is None else Html(f"<span>held <code>{escape(hold.reason)}</code></span>")
    mood = "good" if hold is None else "bad" if needs_a_person(hold) else "warn"
    name = Html(f"{escape(pixel)} <small>{escape(endpoint)}</small>")
    probe = "" if hold is None else next_try(hold, sight.snapshot.now)
    counts = (lane.open_batch, lane.waiting, lane.in_flight, *map(outcomes.__getitem__, OUTCOMES))
    return Row(
        (name, gate, probe, *(f"{number:,}" for number in counts)), mood, _below(lane, sight, is_held=hold is not None)
    )


def _below(lane: LaneView, sight: Sight, *, is_held: bool) -> Html:
    """What stands below a pixel's numbers: its last error, the oldest event that waits, the end of its token."""
    snapshot, told = sight.snapshot, []
    if error := lane.last_error:
        words = f"<q>{escape(error.words)}</q> " if error.words else ""
        told.append(f"Last error {age(snapshot.now - error.at)} ago: {words}<small>{escape(error.what)}</small>")
    if lane.oldest_event_time is not None and is_held:
        told.append(f"The oldest event that waits is {age(snapshot.unix_now - lane.oldest_event_time)} old.")
    ends_at = sight.token_expiries.get(lane.destination.pixel)
    if ends_at is not None and (left := ends_at - snapshot.unix_now) < TOKEN_ENDS_SOON_SECONDS:
        told.append(f"Its token ends in {age(left)}." if left > 0 else "Its token has ended.")
    return Html("<br>".join(told))


OUTCOMES = ("accepted", "rejected", "parked")


def _outcomes(snapshot: Snapshot) -> dict[str, Counter[str]]:
    """Pixel -> outcome -> events. Rejected ones are dead letters once those are stored, and a fuse may hold them."""
    found: dict[str, Counter[str]] = {lane.destination.pixel: Counter() for lane in snapshot.lanes}
    for (pixel, _, outcome), number in snapshot.ledger.events.items():
        found.setdefault(pixel, Counter())[outcome] += number
    for (pixel, _, _), number in snapshot.ledger.rejected.items():
        found.setdefault(pixel, Counter())["rejected"] += number
    return found


def partitions(sight: Sight) -> Html:
    """A row for each assigned partition."""
    views = sorted(sight.snapshot.partitions, key=lambda view: view.partition)
    most = max((lag_of(view, sight) or 0 for view in views), default=0)
    rows = [_partition(view, sight, most) for view in views]
    return table("Partitions", PARTITIONS, rows, "No partition is assigned to this member.")


def _partition(view: PartitionView, sight: Sight, most: int) -> Row:
    topic, number = view.partition
    lag, oldest = lag_of(view, sight), age_of(view, sight)
    cells = (
        Html(f"{escape(topic)} <small>{number}</small>"),
        f"{view.position:,}",
        f"{view.committed:,}",
        f"{view.uncommitted:,}",
        "unknown" if lag is None else f"{lag:,}",
        bar(lag / most, "its share of the largest lag") if lag and most else "",
        "" if oldest is None else age(oldest),
        "paused" if view.is_paused else "reading",
    )
    return Row(cells, "warn" if view.is_paused else "")


def letters(snapshot: Snapshot) -> Html:
    """Rejected events and parked records by reason, since the process started."""
    ledger = snapshot.ledger
    rejected = _by_reason("Rejected events by reason", REJECTED, _rejected(ledger), ledger.dead_letters)
    parked = _by_reason("Parked records by reason", PARKED, ledger.parked)
    return Html(f"<div><h3>Rejected events</h3>{rejected}</div><div><h3>Parked</h3>{parked}</div>")


def _rejected(ledger: Ledger) -> Counter[str]:
    """Reason -> events that were found invalid, whether their letters are stored yet or wait, as behind a fuse."""
    found: Counter[str] = Counter()
    for (_, _, reason), number in ledger.rejected.items():
        found[reason] += number
    return found


def _by_reason(caption: str, columns: Sequence[Column], counts: Counter[str], *beside: Counter[str]) -> Html:
    """A row for each reason of `counts`, the largest first, with what each of `beside` counts of it."""
    most = max(counts.values(), default=0)
    rows = [
        Row((
            Html(f"<code>{text(reason)}</code>"),
            *(f"{each[reason]:,}" for each in (counts, *beside)),
            bar(number / most, "its share of the largest"),
        ))
        for reason, number in counts.most_common()
    ]  # fmt: skip
    return table(caption, columns, rows, "None since this process started.")
