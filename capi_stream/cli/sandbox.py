"""`capi-stream sandbox`: the stand-ins of the Conversions API, its Gateway and a schema registry, as a process."""

from __future__ import annotations

import gc
import math
import signal
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from capi_stream.sandbox.faults import Fault
    from capi_stream.sandbox.registry import StandInRegistry
    from capi_stream.sandbox.server import Sandbox

Naming = Literal["documented", "always", "never", "first", "error_data"]


def register(app: typer.Typer) -> None:
    """Add `sandbox` to the command line."""

    @app.command("sandbox")
    def sandbox_command(
        host: Annotated[str, typer.Option(help="The address to listen at. Keep it to loopback.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(min=0, max=65_535, help="The API's port; 0 takes a free one.")] = 8088,
        registry_port: Annotated[
            int | None,
            typer.Option(
                min=0, max=65_535, help="Start a stand-in of a schema registry too, at this port; 0 takes a free one."
            ),
        ] = None,
        schema: Annotated[
            list[str] | None,
            typer.Option(metavar="SUBJECT=FILE", help="Register this Avro schema there. May be repeated."),
        ] = None,
        pixel: Annotated[
            list[str] | None, typer.Option(help="A pixel that exists. May be repeated; without it all exist.")
        ] = None,
        token: Annotated[
            list[str] | None,
            typer.Option(metavar="PIXEL=TOKEN", help="A pixel's token, sandbox-<pixel> without. May be repeated."),
        ] = None,
        expire: Annotated[
            list[str] | None,
            typer.Option(metavar="PIXEL=SECONDS", help="Let a pixel's token expire. May be repeated."),
        ] = None,
        rate: Annotated[
            list[str] | None,
            typer.Option(metavar="FAULT=SHARE", help="Let a share of all posts meet a fault. May be repeated."),
        ] = None,
        fault: Annotated[
            list[str] | None,
            typer.Option(
                metavar="FAULT,KEY=VALUE", help="A fault, such as app_limit,pixel=12,seconds=30. May be repeated."
            ),
        ] = None,
        poison: Annotated[
            list[str] | None,
            typer.Option(metavar="PREFIX", help="Refuse events whose event_id begins so. May be repeated."),
        ] = None,
        latency: Annotated[float, typer.Option(min=0, help="Seconds that each answer waits.")] = 0.0,
        latency_spread: Annotated[float, typer.Option(min=0, help="By how much that varies, in seconds.")] = 0.0,
        naming: Annotated[Naming, typer.Option(help="Which event an error names.")] = "documented",
        strict: Annotated[bool, typer.Option("--strict", help="Refuse what is only warned of else.")] = False,
        unchecked: Annotated[bool, typer.Option("--unchecked", help="Know no rules, for load tests.")] = False,
        forget: Annotated[bool, typer.Option("--forget", help="Keep counts only, no event ids and no events.")] = False,
        keep_events: Annotated[int, typer.Option(min=0, help="The newest events to keep for each pixel.")] = 1_000,
        max_body_bytes: Annotated[int, typer.Option(min=1, help="A larger body gets 413.")] = 16 * 1024 * 1024,
        seed: Annotated[int, typer.Option(help="Faults with a rate repeat with the same seed.")] = 0,
    ) -> None:
        """Serve stand-ins of the Conversions API, its Gateway and a schema registry, until SIGINT or SIGTERM.

        Nothing that is sent leaves this process. Exit code 2: an option is wrong, or a port is taken.
        """
        # Inside: importing the service must not import the sandbox.
        from capi_stream.sandbox.faults import Fault
        from capi_stream.sandbox.judging import Conduct
        from capi_stream.sandbox.ledger import Keeping
        from capi_stream.sandbox.server import Sandbox

        conduct = Conduct(
            naming=naming,
            is_checked=not unchecked,
            is_strict=strict,
            max_body_bytes=max_body_bytes,
            keeping=Keeping(ids=not forget, events=0 if forget else keep_events),
        )
        with ExitStack() as stack:
            try:
                pixels = [_pixel(each, "--pixel") for each in pixel or ()]
                tokens = {_pixel(key, "--token"): value for key, value in _pairs(token, "--token", "PIXEL=TOKEN")}
                stand_in = Sandbox(pixels=pixels, tokens=tokens, conduct=conduct, host=host, port=port, seed=seed)
                stack.callback(stand_in.stop)
                for name, seconds in _pairs(expire, "--expire", "PIXEL=SECONDS"):
                    stand_in.expire_token(_pixel(name, "--expire"), _number(seconds, "--expire"))
                stand_in.order(*_faults(rate, fault))
                if latency or latency_spread:
                    stand_in.always(Fault("latency", delay_seconds=latency, spread_seconds=latency_spread))
                stand_in.poison(*(poison or ()))
                registry = _registry(stack, host, registry_port, schema)
            except (ValueError, OSError) as wrong:
                typer.echo(f"capi-stream sandbox: {getattr(wrong, 'strerror', None) or wrong}", err=True)
                raise typer.Exit(2) from None
            _serve(stand_in, registry, [*pixels, *tokens])


def _serve(sandbox: Sandbox, registry: StandInRegistry | None, pixels: list[str]) -> None:
    """Answer until SIGINT or SIGTERM."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    # A post of 1,000 events is some 10,000 objects that die young: at the default threshold of 700 the collector took
    # half of the time.
    gc.set_threshold(200_000, 50, 1_000)
    for stand_in in (sandbox, registry):
        if stand_in is not None:
            stand_in.start()
    typer.echo(_where(sandbox, registry, pixels))
    stopping.wait()
    typer.echo(f"Stopped after {sandbox.ledger.total()} accepted events.")


def _where(sandbox: Sandbox, registry: StandInRegistry | None, pixels: list[str]) -> str:
    """Where the stand-ins listen, and the settings that point the service at them."""
    shown = pixels or ["1234567890"]
    lines = [
        f"The Conversions API's stand-in listens at {sandbox.url}",
        f"  pixels      {', '.join(pixels) if pixels else 'every one exists'}",
        f"  books       {sandbox.url}/_sandbox/ledger",
        *([f"A schema registry's stand-in listens at {registry.url}"] if registry else []),
        "Point the service at it:",
        f"  api: {{url: {sandbox.url}}}",
        *([f"  registry: {{url: {registry.url}}}"] if registry else []),
        "  pixels:",
        *(f'    "{pixel}": {{token: {sandbox.token(pixel)}}}' for pixel in shown),
    ]
    return "\n".join(lines)


def _registry(stack: ExitStack, host: str, port: int | None, schemas: list[str] | None) -> StandInRegistry | None:
    """The stand-in of a registry, with schemas from files; `stack` stops it. None without a port, which none wanted.

    Raises ValueError, OSError.
    """
    from capi_stream.sandbox.registry import StandInRegistry
    from capi_stream.sandbox.schemas import RegistryError

    if port is None:
        if schemas:
            raise ValueError("--schema needs a registry to register it with: give --registry-port, 0 for any")
        return None
    registry = StandInRegistry(host=host, port=port)
    stack.callback(registry.stop)
    for subject, path in _pairs(schemas, "--schema", "SUBJECT=FILE"):
        try:
            registry.register(subject, Path(path).read_text(encoding="utf-8"))
        except RegistryError as wrong:
            raise ValueError(f"--schema {path}: {wrong}") from None
        except OSError as unreadable:
            raise ValueError(f"--schema {path} cannot be read: {unreadable.strerror}") from None
        except UnicodeDecodeError:
            raise ValueError(f"--schema {path} is no text in UTF-8: give the schema as JSON") from None
    return registry


def _faults(rates: list[str] | None, faults: list[str] | None) -> list[Fault]:
    """The faults of --rate and --fault. Raises ValueError."""
    from capi_stream.sandbox.faults import fault_from, fault_from_text

    shares = [fault_from({"name": name, "rate": share}) for name, share in _pairs(rates, "--rate", "FAULT=SHARE")]
    return [*shares, *map(fault_from_text, faults or ())]


def _pairs(texts: Iterable[str] | None, option: str, form: str) -> list[tuple[str, str]]:
    """`KEY=VALUE` texts as pairs. Raises ValueError."""
    pairs = [text.partition("=") for text in texts or ()]
    if any(not key or not value for key, _, value in pairs):
        raise ValueError(f"{option} must read {form}")
    return [(key, value) for key, _, value in pairs]


def _pixel(text: str, option: str) -> str:
    """`text`, which must be an id as Meta's are. Raises ValueError."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{option}: {text!r} is no pixel: its id is digits only, such as 1234567890")
    return text


def _number(text: str, option: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{option}: {text!r} must be a number of seconds")
    return number
