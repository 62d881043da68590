"""`capi-stream dead-letters`: what lies in the topics of letters, why it lies there, and what would become of it now.

Exit codes of all four: 0 it is shown, 1 Kafka or a registry did not answer, 2 the configuration or an option cannot be
used. Nothing is joined, committed or sent. Personal data is shown to who asks for it (`--raw`, `export`) alone.
"""

from __future__ import annotations

import typer

from capi_stream.cli.dead_letters.export import export
from capi_stream.cli.dead_letters.list import list_letters
from capi_stream.cli.dead_letters.show import show
from capi_stream.cli.dead_letters.summary import summary


def register(app: typer.Typer) -> None:
    """Add the commands."""
    letters = typer.Typer(no_args_is_help=True, help="Dead letters and parked records: look at them, take them out.")
    letters.command("summary")(summary)
    letters.command("list")(list_letters)
    letters.command("show")(show)
    letters.command("export")(export)
    app.add_typer(letters, name="dead-letters")
