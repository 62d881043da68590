"""`capi-stream demo`: the real service against an API that misbehaves, watched live, with the proof at the end."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from capi_stream.cli.demo.books import Books
    from capi_stream.cli.demo.ending import Asked
    from capi_stream.cli.demo.members import Metrics
    from capi_stream.cli.demo.orders import Orders
    from capi_stream.cli.demo.stage import Stage

SETTLE_SECONDS = 60.0
DELIVERY_SECONDS = 120.0
RECORDS_A_SECOND = 500  # what any machine does: so much longer many records may take
STOP_SECONDS = 60.0
SHOWN_SECONDS = 3.0  # how old the service's metrics may be, and more


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    kafka: Annotated[str | None, typer.Option(help="Use this broker (host:port), not the embedded one.")] = None,
    registry: Annotated[str | None, typer.Option(help="Use this schema registry (URL), not the stand-in.")] = None,
    records: Annotated[int, typer.Option(min=100, help="How many records to publish.")] = 5_000,
    members: Annotated[int, typer.Option(min=1, max=8, help="Service processes; more than one needs --kafka.")] = 1,
    keep_running: Annotated[bool, typer.Option("--keep-running", help="Leave it all up until Ctrl-C.")] = False,
) -> None:
    """Run the service against a made-up shop and an API that misbehaves, and prove that nothing was lost.

    Exit code 1: it could not run, or the books do not balance. 2: an option is wrong. 128 + N: ended by signal N.
    """
    from capi_stream.cli.demo.ending import Asked, DemoError, Interrupted

    if members > 1 and kafka is None:
        typer.echo("The embedded broker is good for one member of a group: give --kafka HOST:PORT for more.", err=True)
        raise typer.Exit(2)
    with Asked() as asked:
        try:
            _run(kafka, registry, records, members, asked, keep_running=keep_running)
        except (DemoError, Interrupted) as end:
            if asked.number:  # be it that the same Ctrl-C took the broker away first
                typer.echo("Interrupted. The service and everything around it were ended.", err=True)
                raise typer.Exit(128 + asked.number) from None
            typer.echo(f"The demo could not run: {end}", err=True)
            raise typer.Exit(1) from None


def _run(
    kafka: str | None, registry: str | None, records: int, members: int, asked: Asked, *, keep_running: bool
) -> None:
    """All of it, from the first line to the verdict. Raises DemoError, Interrupted, Exit."""
    from rich.console import Console

    from capi_stream.cli.demo import view
    from capi_stream.cli.demo.members import stop
    from capi_stream.cli.demo.orders import orders
    from capi_stream.cli.demo.stage import stage

    # A terminal's lines end between words; a file's where they end.
    console = Console(soft_wrap=not sys.stdout.isatty(), highlight=False, markup=False, emoji=False)
    with stage(kafka, registry, asked.pause) as made:
        published = orders(records, made.schema_id)
        console.print(view.places(made, is_embedded=kafka is None, has_stand_in=registry is None))
        console.print(view.plot(published))
        _start(console, made, members, asked, is_embedded=kafka is None)
        books = _deliver(console, made, published, asked)
        _show(console, books)
        if keep_running:
            _keep_running(console, made, asked)
        codes = stop(made.members, STOP_SECONDS)
    _judge(console, books, codes)
    if kafka is not None:
        console.print(f"Left on that Kafka: the topics {', '.join(made.topics.names)}.", style="dim")


def _start(console: Console, made: Stage, number: int, asked: Asked, *, is_embedded: bool) -> None:
    """Start the service and wait until its processes have shared the partitions: none moves once there are records."""
    from capi_stream.cli.demo import view
    from capi_stream.cli.demo.members import check, have_settled

    partitions = len(made.topics.ends())
    told = f"starting the service: {view.processes(number)}, to share {partitions} partitions"
    patience = " (the embedded broker takes its time)" if is_embedded else ""
    began = time.monotonic()
    for _ in range(number):
        made.start_member()
    if not console.is_terminal:
        console.print(f"{told}{patience} ...")
    with console.status("starting the service") as status:
        while not have_settled(made.members, partitions):
            seconds = time.monotonic() - began
            status.update(f"starting the service, {seconds:.0f} s{patience}")
            check(made.members)
            if seconds > SETTLE_SECONDS:
                _complain(made, f"the partitions were not shared within {SETTLE_SECONDS:.0f} s")
            asked.pause(0.2)
    console.print(f"the service is ready after {time.monotonic() - began:.0f} s: the first records are published")
    for member in made.members:
        console.print(f"status page of process {member.number}: {member.admin}/")


def _complain(made: Stage, what: str) -> None:
    from capi_stream.cli.demo.ending import DemoError

    logs = "\n".join(f"The log of service {member.number} ends:\n{member.last_words()}" for member in made.members)
    raise DemoError(f"{what}.\n{logs}")


def _deliver(console: Console, made: Stage, published: Orders, asked: Asked) -> Books:
    """Publish, let things go wrong and right again, and show the service at work until everything is committed."""
    from rich.live import Live

    from capi_stream.cli.demo import view
    from capi_stream.cli.demo.members import check
    from capi_stream.cli.demo.stage import FIRST, acts, trouble

    trouble(made)
    made.topics.publish(published.values[:FIRST])
    to_come = acts(made, published.values)
    longest = DELIVERY_SECONDS + len(published.values) / RECORDS_A_SECOND
    began = time.monotonic()
    with Live(console=console, refresh_per_second=4, transient=not console.is_terminal) as shown:
        while True:
            seconds = time.monotonic() - began
            while to_come and to_come[0].is_due(seconds):
                act = to_come.pop(0)
                act.happen()
                console.print(f"{seconds:4.1f} s  {act.told}")
            committed, ends = made.topics.committed(), made.topics.ends()
            scrapes = [member.metrics() for member in made.members]
            shown.update(view.live(scrapes, sum(committed.values()), len(published.values), seconds))
            if committed == ends and not to_come:
                break
            check(made.members)
            if seconds > longest:
                _complain(made, f"not all was committed within {longest:.0f} s: {committed} of {ends}")
            asked.pause(0.3)
        console.print(f"{time.monotonic() - began:4.1f} s  everything is committed")
        scrapes = _last_scrapes(made, published, asked)
        shown.update(view.live(scrapes, sum(committed.values()), len(published.values), seconds))
    console.print()
    return _books(made, published, scrapes)


def _last_scrapes(made: Stage, published: Orders, asked: Asked) -> list[Metrics]:
    """The members' metrics once they show what is committed already: they are a moment old."""
    until = time.monotonic() + SHOWN_SECONDS
    while True:
        scrapes = [member.metrics() for member in made.members]
        accepted = sum(scrape.total("events_total", outcome="accepted") for scrape in scrapes)
        settled = sum(scrape.total("records_total", outcome="settled") for scrape in scrapes)
        if (accepted >= len(published.accepted) and settled >= len(published.values)) or time.monotonic() > until:
            return scrapes
        asked.pause(0.2)


def _books(made: Stage, published: Orders, scrapes: list[Metrics]) -> Books:
    from capi_stream.cli.demo.books import Books

    return Books(
        published,
        made.sandbox.accepted(),
        tuple(made.topics.letters()),
        sum(scrape.total("records_filtered_total") for scrape in scrapes),
        made.topics.committed(),
        made.topics.ends(),
    )


def _keep_running(console: Console, made: Stage, asked: Asked) -> None:
    """Leave it all up until a signal comes."""
    from capi_stream.cli.demo.ending import Interrupted
    from capi_stream.cli.demo.members import check

    console.print("It all stays up, until Ctrl-C.")
    for member in made.members:
        console.print(
            f"  status page {member.admin}/\n  metrics     {member.admin}/metrics\n  log         {member.log}"
        )
    console.print(f"  settings    {made.config}\n  topic       {made.topics.source} at {made.topics.bootstrap}\n")
    try:
        while True:
            check(made.members)
            asked.pause(0.5)
    except Interrupted:
        console.print("\nstopping the service ...")


def _show(console: Console, books: Books) -> None:
    from capi_stream.cli.demo import view

    console.print(view.table(books))
    for note in view.notes(books):
        console.print(note)


def _judge(console: Console, books: Books, codes: tuple[int, ...]) -> None:
    """Say whether the books balance; exit with 1 if they do not."""
    faults = books.faults()
    if any(codes):
        faults.append(f"the service ended with exit codes {codes}, expected only 0")
    for fault in faults:
        console.print(f"The books do not balance: {fault}", style="red")
    if faults:
        raise typer.Exit(1)
    console.print("The books balance: every record is in exactly one place, and nothing was lost.", style="green")
