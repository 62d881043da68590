"""A shop that publishes commerce events to a real Kafka, the API's stand-in, and the service as processes between."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from confluent_kafka import Message

from capi_stream.cli.demo.members import Member, wait_until_ready
from capi_stream.sandbox.registry import StandInRegistry
from capi_stream.sandbox.server import Sandbox
from tests.builders import PIXEL, SCHEMA_TEXT, commerce_event, encoded
from tests.real.broker import free_port
from tests.real.clients import Client, client, committed, end_offsets, make_topic, publish, read_all, wait_until

OTHER_PIXEL = "2345678901"
PIXELS = (str(PIXEL), OTHER_PIXEL)
QUICK = {"heartbeat.interval.ms": 300, "session.timeout.ms": 6000, "fetch.wait.max.ms": 50}


def fresh(event_id: str, **changes: Any) -> dict[str, Any]:
    """A purchase that happened just now."""
    return commerce_event(event_id=event_id, occurred_at=int(time.time() * 1_000) - 5_000, **changes)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes` over it, mapping by mapping; None takes a key away."""
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


class Shop:
    """Topics of its own on `broker`, a sandbox, a registry's stand-in, and the service's processes. All end with it."""

    def __init__(self, broker: str | Client, folder: Path, partitions: int = 2) -> None:
        name = uuid.uuid4().hex[:8]
        self.broker = broker
        self.folder = folder
        self.topic, self.group = f"shop-{name}.events", f"group-{name}"
        self.dead_letters, self.parked = f"shop-{name}.dead-letters", f"shop-{name}.parked"
        make_topic(broker, self.topic, partitions)
        for topic in (self.dead_letters, self.parked):
            make_topic(broker, topic)
        self.sandbox = Sandbox(pixels=PIXELS)
        self.registry = StandInRegistry()
        self.schema_id = self.registry.register(f"{self.topic}-value", SCHEMA_TEXT)
        self.members: list[Member] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.sandbox)
        self._stack.enter_context(self.registry)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for member in self.members:
            if error is not None:
                sys.stdout.write(f"--- log of member {member.number}\n{member.last_words(40)}\n")
            member.kill()
        self._stack.close()

    # Kafka.

    def publish(self, events: Iterable[Mapping[str, Any]], **record: Any) -> None:
        """Publish commerce events, framed and keyed by their ids."""
        self.publish_values((encoded(dict(event), self.schema_id) for event in events), **record)

    def publish_values(self, values: Iterable[bytes | None], **record: Any) -> None:
        """Publish values as they are, to partition after partition."""
        partitions = len(self.ends)
        publish(
            self.broker,
            self.topic,
            ({"value": value, "partition": at % partitions, **record} for at, value in enumerate(values)),
        )

    @property
    def ends(self) -> dict[int, int]:
        """Partition -> its end offset."""
        return end_offsets(self.broker, self.topic)

    @property
    def committed(self) -> dict[int, int]:
        """Partition -> what the group has committed; 0 where it has nothing."""
        return dict.fromkeys(self.ends, 0) | committed(self.broker, self.group, self.topic)

    def wait_until_committed(self, seconds: float = 30.0) -> None:
        """Wait until the group has committed everything that was published."""
        ends = self.ends
        wait_until(lambda: self.committed == ends, seconds, f"committed is {ends}")

    def letters(self, topic: str | None = None) -> list[Message]:
        """What stands in the dead-letter topic."""
        return read_all(self.broker, topic or self.dead_letters)

    @property
    def reasons(self) -> Counter[str]:
        """Dead letters by reason."""
        return Counter(header(letter, "reason") for letter in self.letters())

    # The service.

    def settings(self) -> dict[str, Any]:
        """A configuration for this shop: quick, so that tests are."""
        for pixel in PIXELS:
            self.token_file(pixel).write_text(self.sandbox.token(pixel))
        return {
            "kafka": {
                "common": client(self.broker),
                "consumer": {"group.id": self.group, **QUICK},
            },
            "registry": {"url": self.registry.url},
            "topics": {self.topic: {}},
            "dead_letters": {"topic": self.dead_letters},
            "parked": {"topic": self.parked},
            "api": {"url": self.sandbox.url},
            "pixels": {pixel: {"token_file": str(self.token_file(pixel))} for pixel in PIXELS},
            "delivery": {"linger_seconds": 0.1, "commit_interval_seconds": 0.2},
            "deadlines": {"drain_seconds": 25},
        }

    def token_file(self, pixel: str) -> Path:
        """The file that the service watches for the pixel's token."""
        return self.folder / f"{pixel}.token"

    def start(self, **changes: Any) -> Member:
        """One more process of the service, with `changes` to its settings; see `merged`."""
        number = len(self.members) + 1
        config = self.folder / f"capi-stream-{number}.yaml"
        config.write_text(yaml.safe_dump(merged(self.settings(), changes)))
        member = Member(number, config, free_port())
        self.members.append(member)
        return member

    def run(self, **changes: Any) -> Member:
        """As `start`, and wait until it is ready."""
        member = self.start(**changes)
        wait_until_ready([member], 40.0)
        return member

    def accepted(self, pixel: str | None = None, endpoint: str = "graph") -> Counter[str]:
        """Event id -> how often the API has accepted it."""
        return self.sandbox.accepted(pixel, endpoint)


def header(message: Message, name: str) -> str:
    """One of the service's own headers of a letter; empty where it is not there."""
    value = dict(message.headers() or ()).get(f"capi-stream.{name}", b"")
    assert isinstance(value, bytes)
    return value.decode()


def logged(member: Member, event: str) -> list[dict[str, Any]]:
    """The lines of a member's log that have this event's name."""
    lines = (json.loads(line) for line in member.log.read_text().splitlines() if line.startswith("{"))
    return [line for line in lines if line.get("event") == event]


def rebalancing(how: str) -> dict[str, Any]:
    """The `kafka` settings for one kind of rebalance: under KIP-848 the broker decides on sessions."""
    own: dict[str, Any] = {"heartbeat.interval.ms": None, "session.timeout.ms": None}
    return {"rebalance": how, "consumer": own if how == "consumer" else {}}
