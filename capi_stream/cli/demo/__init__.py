"""`capi-stream demo`: the real service against an API that misbehaves, watched live, with the proof at the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from capi_stream.cli.demo.books import Books
    from capi_stream.cli.demo.members import Member
    from capi_stream.cli.demo.orders import Orders
    from capi_stream.cli.demo.stage import Stage

READY_SECONDS = 40.0
DELIVERY_SECONDS = 120.0
STOP_SECONDS = 60.0


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
    """Run the service against a made-up shop and an API that misbehaves, and prove that nothing was lost."""
    from rich.console import Console

    from capi_stream.cli.demo.orders import orders
    from capi_stream.cli.demo.stage import stage, trouble

    console = Console(soft_wrap=True)
    if members > 1 and kafka is None:
        console.print("The embedded broker is good for one member of a group: give --kafka HOST:PORT for more.")
        raise typer.Exit(2)
    try:
        with stage(kafka, registry) as made:
            published = orders(records, made.schema_id)
            _tell(console, made, published, is_embedded=kafka is None)
            made.topics.publish(published.values)
            trouble(made)
            books = _run(console, made, published, members, keep_running=keep_running)
    except RuntimeError as error:
        console.print(f"The demo could not run: {error}", style="red", markup=False)
        raise typer.Exit(1) from None
    _prove(console, books)


def _tell(console: Console, made: Stage, published: Orders, *, is_embedded: bool) -> None:
    broker = "the broker embedded in librdkafka" if is_embedded else "a real Kafka"
    console.print(f"Kafka      {made.topics.bootstrap}, {broker}; topic {made.topics.source}", highlight=False)
    console.print(f"registry   {made.registry_url}", highlight=False)
    console.print(f"API        {made.sandbox.url}, the sandbox: a stand-in of Meta's", highlight=False)
    console.print(
        f"publishing {len(published.values):,} commerce events for 3 pixels, among them 2 poison events, one without "
        f"value, one too old, {published.unreadable} undecodable ones, {len(published.filtered)} without consent\n",
        highlight=False,
    )


def _run(console: Console, made: Stage, published: Orders, number: int, *, keep_running: bool) -> Books:
    """Start the service, watch it until all is committed, stop it, and read the books."""
    from capi_stream.cli.demo.books import Books
    from capi_stream.cli.demo.members import wait_until_ready
    from capi_stream.cli.demo.stage import relief

    members = [made.start_member(position + 1) for position in range(number)]
    codes: list[int] = []
    try:
        console.print("waiting for the service to join its group ...", highlight=False)
        wait_until_ready(members, READY_SECONDS)
        relief(made)
        _watch(console, made, members)
        scrapes = [member.metrics() for member in members]
        if keep_running:
            _keep_running(console, made, members)
    finally:
        codes = [member.stop(STOP_SECONDS) for member in members]
    return Books(
        published,
        made.sandbox.accepted(),
        tuple(made.topics.letters()),
        round(sum(scrape.total("records_filtered_total") for scrape in scrapes)),
        made.topics.committed(),
        made.topics.ends(),
        tuple(codes),
    )


def _watch(console: Console, made: Stage, members: list[Member]) -> None:
    """Show the service at work until everything is committed. RuntimeError if that takes too long."""
    from rich.live import Live

    from capi_stream.cli.demo import view

    began = time.monotonic()
    ends = made.topics.ends()
    with Live(console=console, refresh_per_second=4, transient=not console.is_terminal) as shown:
        while (committed := made.topics.committed()) != ends:
            seconds = time.monotonic() - began
            scrapes = [member.metrics() for member in members]
            shown.update(view.live(members, scrapes, sum(committed.values()), sum(ends.values()), seconds))
            for member in members:
                if member.exit_code is not None:
                    raise RuntimeError(f"service {member.number} ended by itself:\n{member.last_words()}")
            if seconds > DELIVERY_SECONDS:
                raise RuntimeError(f"not all was committed within {DELIVERY_SECONDS:.0f} s: {committed} of {ends}")
            time.sleep(0.3)
    console.print(f"everything was committed after {time.monotonic() - began:.1f} s\n", highlight=False)


def _keep_running(console: Console, made: Stage, members: list[Member]) -> None:
    for member in members:
        console.print(
            f"status page {member.admin}/   metrics {member.admin}/metrics   log {member.log}", highlight=False
        )
    console.print(f"configuration {made.config}; publish to topic {made.topics.source}. Ctrl-C ends it all.")
    try:
        while all(member.exit_code is None for member in members):
            time.sleep(0.5)
    except KeyboardInterrupt:
        console.print()


def _prove(console: Console, books: Books) -> None:
    from capi_stream.cli.demo import view

    console.print(view.table(books))
    faults = books.faults()
    for fault in faults:
        console.print(f"The books do not balance: {fault}", style="red", markup=False)
    if faults:
        raise typer.Exit(1)
    console.print("The books balance: every record is in exactly one place, and nothing was lost.", style="green")
