"""Everything the demo stands up around the service: broker, registry, API, configuration."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from capi_stream.cli.demo.broker import Topics, embedded_broker
from capi_stream.cli.demo.members import Member
from capi_stream.cli.demo.orders import EXPIRED, PIXELS, POISON, STEADY, THROTTLED, contract
from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.registry import StandInRegistry
from capi_stream.sandbox.server import Sandbox

THROTTLED_SECONDS = 5.0
RENEWED_AFTER_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Stage:
    """What is up, and where."""

    topics: Topics
    sandbox: Sandbox
    registry_url: str
    schema_id: int
    folder: Path

    @property
    def config(self) -> Path:
        """The service's configuration."""
        return self.folder / "capi-stream.yaml"

    def start_member(self, number: int) -> Member:
        """One more process of the service."""
        return Member(number, self.config, _free_port())

    def renew_token(self) -> None:
        """Do what a person would: put a new token where the expired one was."""
        _token_file(self.folder, EXPIRED).write_text(self.sandbox.renew_token(EXPIRED))


@contextmanager
def stage(kafka: str | None, registry: str | None) -> Iterator[Stage]:
    """All of it, ended on leaving. `kafka` and `registry` are the addresses of real ones."""
    with ExitStack() as stack:
        bootstrap = kafka or stack.enter_context(embedded_broker())
        topics = Topics(bootstrap)
        topics.make(is_embedded=kafka is None)
        registry_url = registry or stack.enter_context(StandInRegistry()).url
        sandbox = stack.enter_context(Sandbox(pixels=PIXELS))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="capi-stream-demo-")))
        schema_id = _register(registry_url, f"{topics.source}-value", contract())
        made = Stage(topics, sandbox, registry_url, schema_id, folder)
        _write_config(made)
        yield made


def trouble(made: Stage) -> None:
    """Let go wrong what goes wrong in the field: poison, a lost answer, a throttled pixel, a token that has expired."""
    made.sandbox.poison(POISON)
    made.sandbox.next(Fault("lost", pixel=STEADY, times=3))
    made.sandbox.always(Fault("account_limit", pixel=THROTTLED, minutes=THROTTLED_SECONDS / 60))
    made.sandbox.expire_token(EXPIRED)


def relief(made: Stage) -> None:
    """Let the throttle end after a while, and somebody renew the token."""
    for seconds, act in ((THROTTLED_SECONDS, made.sandbox.clear_faults), (RENEWED_AFTER_SECONDS, made.renew_token)):
        timer = threading.Timer(seconds, act)
        timer.daemon = True
        timer.start()


def _write_config(made: Stage) -> None:
    topics = made.topics
    for pixel in PIXELS:
        _token_file(made.folder, pixel).write_text(made.sandbox.token(pixel))
    settings = {
        "kafka": {
            "common": {"bootstrap.servers": topics.bootstrap},
            "consumer": {"group.id": topics.group, "fetch.wait.max.ms": 50},
        },
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
    request = urllib.request.Request(  # noqa: S310  an address that the user gave
        f"{url}/subjects/{subject}/versions",
        json.dumps({"schema": schema}).encode(),
        {"Content-Type": "application/vnd.schemaregistry.v1+json"},
    )
    with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
        return int(json.loads(answer.read())["id"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
