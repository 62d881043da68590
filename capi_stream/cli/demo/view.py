"""What the demo shows: a live view while it runs, and the books at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Group
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from capi_stream.cli.demo.books import Books
from capi_stream.cli.demo.members import Member, Metrics
from capi_stream.cli.demo.orders import EXPIRED, STEADY, THROTTLED

ROLES = {
    STEADY: "steady, but some answers get lost",
    THROTTLED: "two poison events, and throttled for a while",
    EXPIRED: "its token has expired, until it is renewed",
}


def live(members: Sequence[Member], scrapes: Sequence[Metrics], committed: int, end: int, seconds: float) -> Group:
    """The service at work, from its own metrics."""
    pixels = Table(expand=True)
    for column in ("pixel", "what happens to it", "accepted", "held for"):
        pixels.add_column(column, justify="right" if column == "accepted" else "left")
    accepted: Counter[str] = Counter()
    held: dict[str, str] = {}
    for scrape in scrapes:
        accepted.update(scrape.by("pixel", "events_total", outcome="accepted"))
        held.update(_held(scrape))
    for pixel, role in ROLES.items():
        pixels.add_row(pixel, role, f"{accepted[pixel]:,}", Text(held.get(pixel, ""), style="yellow"))
    bar = Table.grid(padding=(0, 1))
    bar.add_row("committed", ProgressBar(total=max(1, end), completed=committed, width=40), f"{committed:,} of {end:,}")
    links = "  ".join(f"{member.admin}/" for member in members)
    return Group(
        Panel(pixels, title=f"capi-stream, {len(members)} process(es), {seconds:.0f} s", border_style="cyan"),
        bar,
        Text(f"status page: {links}", style="dim"),
    )


def _held(scrape: Metrics) -> Mapping[str, str]:
    """Pixel -> reason, for the pixels whose own gate or credential's gate holds."""
    held = {pixel: _reason(scrape, pixel) for pixel in ROLES}
    return {pixel: reason for pixel, reason in held.items() if reason}


def _reason(scrape: Metrics, pixel: str) -> str | None:
    holding = scrape.by("reason", "gate_holding", name=pixel)
    return next((reason for reason, value in holding.items() if value), None)


def table(books: Books) -> Table:
    """The proof, row by row."""
    rows = Table(title="The books", title_justify="left", show_lines=False)
    rows.add_column("")
    rows.add_column("records", justify="right")
    rows.add_row("published", f"{books.published:,}", style="bold")
    rows.add_section()
    rows.add_row("accepted by the API", f"{len(books.accepted):,}")
    for reason, number in sorted(books.reasons.items()):
        rows.add_row(f"dead letter: {reason}", f"{number:,}")
    rows.add_row("filtered: consent denied", f"{books.filtered:,}")
    rows.add_section()
    rows.add_row("sum", f"{len(books.accepted) + len(books.letters) + books.filtered:,}", style="bold")
    rows.add_row("committed = end offsets", f"{sum(books.committed.values()):,} = {sum(books.ends.values()):,}")
    rows.add_row("sent twice (an answer was lost; the API drops the second)", f"{books.duplicates:,}", style="dim")
    return rows
