"""Everything the demo stands up around the service: broker, registry, API, configuration."""

from __future__ import annotations

import json
import socket
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from capi_stream.cli.demo.broker import Topics, embedded_broker
from capi_stream.cli.demo.ending import DemoError
from capi_stream.cli.demo.members import Member, stop
from capi_stream.cli.demo.orders import EXPIRED, PIXELS, POISON, STEADY, THROTTLED
from capi_stream.cli.produce.load import contract
from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.registry import StandInRegistry
from capi_stream.sandbox.server import Sandbox

FIRST = 60  # records that are published alone: the answer that gets lost is then one of few events
THROTTLED_SECONDS = 5.0
RENEWED_AFTER_SECONDS = 6.0
REGISTRY_SECONDS = 5.0
STOP_SECONDS = 5.0  # what the service gets to stop when the demo is cut short


@dataclass(frozen=True, slots=True)
class Stage:
    """What is up, and where."""

    topics: Topics
    sandbox: Sandbox
    registry_url: str
    schema_id: int
    folder: Path
    members: list[Member] = field(default_factory=list)

    @property
    def config(self) -> Path:
        """The service's configuration."""
        return self.folder / "capi-stream.yaml"

    def start_member(self) -> None:
        """One more process of the service."""
        self.members.append(Member(len(self.members) + 1, self.config, _free_port()))

    def has_lost_an_answer(self) -> bool:
        """Whether the fault `lost` has struck."""
        return any("lost" in posted.faults for posted in self.sandbox.requests)

    def renew_token(self) -> None:
        """Do what a person would: put a new token where the expired one was."""
        _token_file(self.folder, EXPIRED).write_text(self.sandbox.renew_token(EXPIRED))


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens while the service runs, once `is_due(seconds)`: `happen` does it, `told` says it."""

    told: str
    is_due: Callable[[float], bool]
    happen: Callable[[], None]


@contextmanager
def stage(kafka: str | None, registry: str | None, pause: Callable[[float], None]) -> Iterator[Stage]:
    """All of it, ended on leaving, the service's processes too. `kafka` and `registry` are the addresses of real ones.

    `pause(seconds)` is how it waits. Raises DemoError where they cannot be had.
    """
    with ExitStack() as stack:
        bootstrap = stack.enter_context(embedded_broker()) if kafka is None else kafka
        topics = Topics(bootstrap, pause)
        topics.connect()
        topics.make(is_embedded=kafka is None)
        registry_url = stack.enter_context(StandInRegistry()).url if registry is None else registry.rstrip("/")
        sandbox = stack.enter_context(Sandbox(pixels=PIXELS))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="capi-stream-demo-")))
        schema_id = _register(registry_url, f"{topics.source}-value", contract())
        made = Stage(topics, sandbox, registry_url, schema_id, folder)
        _write_config(made)
        stack.callback(lambda: stop(made.members, STOP_SECONDS))
        yield made


def trouble(made: Stage) -> None:
    """Let go wrong what goes wrong in the field: poison, a lost answer, a throttled pixel, a token that has expired."""
    made.sandbox.poison(POISON)
    made.sandbox.next(Fault("lost", pixel=STEADY))
    made.sandbox.always(Fault("account_limit", pixel=THROTTLED, minutes=THROTTLED_SECONDS / 60))
    made.sandbox.expire_token(EXPIRED)


def acts(made: Stage, values: Sequence[bytes]) -> list[Act]:
    """What happens, in this order, after the first of `values` were published: the rest, and relief."""
    rest = values[FIRST:]
    return [
        Act(
            f"the API's first answer got lost; the other {len(rest):,} records are published",
            lambda _: made.has_lost_an_answer(),
            lambda: made.topics.publish(rest),
        ),
        Act(
            f"the API no longer throttles {THROTTLED}",
            lambda seconds: seconds >= THROTTLED_SECONDS,
            made.sandbox.clear_faults,
        ),
        Act(
            f"somebody renews the token of {EXPIRED}",
            lambda seconds: seconds >= RENEWED_AFTER_SECONDS,
            made.renew_token,
        ),
    ]


def _write_config(made: Stage) -> None:
    topics = made.topics
    for pixel in PIXELS:
        _token_file(made.folder, pixel).write_text(made.sandbox.token(pixel))
    settings = {
        "kafka": {
            "common": {"bootstrap.servers": topics.bootstrap},
            "consumer": {"group.id": topics.group, "fetch.wait.max.ms": 50},
        },
        "delivery": {"linger_seconds": 0.5},
        "registry": {"url": made.registry_url},
        "topics": {topics.source: {}},
        "dead_letters": {"topic": topics.dead_letters},
        "parked": {"topic": topics.parked},
        "api": {"url": made.sandbox.url},
        "pixels": {pixel: {"token_file": str(_token_file(made.folder, pixel))} for pixel in PIXELS},
    }
    made.config.write_text(json.dumps(settings, indent=2))  # JSON is YAML


def _token_file(folder: Path, pixel: str) -> Path:
    return folder / f"{pixel}.token"


def _register(url: str, subject: str, schema: str) -> int:
    body = json.dumps({"schema": schema}).encode()
    try:
        request = urllib.request.Request(  # noqa: S310  an address that the user gave
            f"{url}/subjects/{subject}/versions", body, {"Content-Type": "application/vnd.schemaregistry.v1+json"}
        )
        with urllib.request.urlopen(request, timeout=REGISTRY_SECONDS) as answer:  # noqa: S310
            return int(json.loads(answer.read())["id"])
    except urllib.error.HTTPError as refused:
        problem = f"the schema registry at {url} answers HTTP {refused.code} when the demo's schema is registered"
    except (OSError, HTTPException) as unreachable:
        problem = f"no schema registry answers at {url} ({getattr(unreachable, 'reason', unreachable)})"
    except (ValueError, KeyError, TypeError):
        problem = f"what is at {url} is no schema registry"
    raise DemoError(
        f"{problem}. Give --registry the URL of one that speaks Confluent's API and asks for no password, such as "
        "http://localhost:8081, or leave it out for the stand-in."
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
