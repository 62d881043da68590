"""What the demo shows: what it stands up, a live view while it runs, and the books at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from capi_stream.cli.demo.books import Books
from capi_stream.cli.demo.members import Metrics
from capi_stream.cli.demo.orders import EXPIRED, STEADY, THROTTLED, Orders
from capi_stream.cli.demo.stage import RENEWED_AFTER_SECONDS, THROTTLED_SECONDS, Stage

ROLES = {
    STEADY: "one answer gets lost",
    THROTTLED: "throttled; 2 poison events",
    EXPIRED: "its token has expired",
}


def places(made: Stage, *, is_embedded: bool, has_stand_in: bool) -> str:
    """Where everything is."""
    broker = ", the one embedded in librdkafka" if is_embedded else ""
    registry = ", a stand-in" if has_stand_in else ""
    return (
        f"Kafka     {made.topics.bootstrap}{broker}\n"
        f"topic     {made.topics.source}\n"
        f"registry  {made.registry_url}{registry}\n"
        f"API       {made.sandbox.url}, the sandbox: a stand-in of Meta's\n"
    )


def plot(published: Orders) -> str:
    """What is published, and what goes wrong."""
    return (
        f"{len(published.values):,} commerce events for 3 pixels. What goes wrong:\n"
        f"  {STEADY}  one answer of the API gets lost\n"
        f"  {THROTTLED}  the API throttles it for {THROTTLED_SECONDS:.0f} s; two of its events are poison,\n"
        f"  {'':16}  which only the API can know\n"
        f"  {EXPIRED}  its token has expired, and is renewed after {RENEWED_AFTER_SECONDS:.0f} s\n"
        f"  {'all':16}  {len(published.filtered):,} events without consent, 1 too old, 1 without value,\n"
        f"  {'':16}  {published.unreadable} records that cannot be read\n"
    )


def live(scrapes: Sequence[Metrics], committed: int, end: int, seconds: float) -> Group:
    """The service at work, from its own metrics; 79 columns wide at most."""
    title = f"capi-stream: {processes(len(scrapes))}, {seconds:.0f} s"
    pixels = Table(title=title, title_justify="left", box=box.ROUNDED)
    pixels.add_column("pixel", no_wrap=True)
    pixels.add_column("what goes wrong", no_wrap=True)
    pixels.add_column("accepted", justify="right", no_wrap=True)
    pixels.add_column("held because", min_width=15)  # the longest reason here: the table stays as it is
    accepted: Counter[str] = Counter()
    held: dict[str, str] = {}
    for scrape in scrapes:
        accepted.update(scrape.by("pixel", "events_total", outcome="accepted"))
        held.update(_held(scrape))
    for pixel, role in ROLES.items():
        pixels.add_row(pixel, role, f"{accepted[pixel]:,}", Text(held.get(pixel, ""), style="yellow"))
    settled = min(end, sum(scrape.total("records_total", outcome="settled") for scrape in scrapes))
    bars = Table.grid(padding=(0, 1))
    for name, count in (("settled", settled), ("committed", committed)):
        bars.add_row(name, ProgressBar(total=max(1, end), completed=count, width=40), f"{count:,} of {end:,}")
    return Group(
        pixels,
        bars,
        Text("Offsets are committed only up to the oldest record that is not settled.", style="dim"),
    )


def processes(number: int) -> str:
    """How many, in words."""
    return "1 process" if number == 1 else f"{number} processes"


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
    rows.add_row(f"filtered: no consent (the service counted {books.counted_filtered:,})", f"{len(books.filtered):,}")
    rows.add_section()
    rows.add_row("sum", f"{books.total:,}", style="bold")
    rows.add_row("committed, of all offsets", f"{sum(books.committed.values()):,} of {sum(books.ends.values()):,}")
    return rows


def notes(books: Books) -> list[str]:
    """What a reader of the table may wonder about."""
    told = []
    if books.sent_twice:
        told.append(
            f"{books.sent_twice:,} of the accepted events were sent twice: the demo let an answer of the API get lost, "
            "on purpose. Whether they had arrived could not be known, so they were sent again, with the same ids: "
            "the API drops the second of two."
        )
    if books.counted_filtered > len(books.filtered):
        told.append("Filtered records were counted again where a partition moved to another process before its commit.")
    return told
