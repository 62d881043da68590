"""Mistakes that no key shows alone: topics that would be read in a circle, deadlines that leave no room, ..."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

from capi_stream.config.keys import KeyPath
from capi_stream.config.mistakes import Finding
from capi_stream.config.properties import owned_mistakes
from capi_stream.config.tree import Pixel, Tree
from capi_stream.kafka.settings import OWNED_BY_BROKER

MAX_POLL_INTERVAL_MS = 300_000  # librdkafka's default


def crosschecks(tree: Tree) -> Iterator[Finding]:
    """All that is wrong across keys. Each finding names the keys that it rests on."""
    yield from _kafka(tree)
    yield from _topics(tree)
    yield from _registry(tree)
    for pixel, part in tree.pixels.items():
        yield from _pixel(tree, pixel, part)
    yield from _stores(tree)
    yield from _default_pixel(tree)
    yield from _deadlines(tree)
    yield from _tracing(tree)
    if tree.delivery.buffer_bytes < 2 * tree.delivery.batch_bytes:
        path, other = ("delivery", "buffer_bytes"), ("delivery", "batch_bytes")
        yield Finding(path, "this holds no two batches", "Raise it, or lower delivery.batch_bytes", (other,))


# Kafka.


def _kafka(tree: Tree) -> Iterator[Finding]:
    kafka = tree.kafka
    servers = tuple(("kafka", part, "bootstrap.servers") for part in ("common", "consumer", "producer"))
    if any("bootstrap.servers" not in {**kafka.common, **each} for each in (kafka.consumer, kafka.producer)):
        yield Finding(servers[0], "this is missing", "Write the brokers, such as kafka:9092", servers)
    group, common = (("kafka", part, "group.id") for part in ("consumer", "common"))
    if "group.id" not in {**kafka.common, **kafka.consumer}:
        yield Finding(group, "this is missing", "Write a name for the group, such as capi-stream", (common,))
    if kafka.rebalance == "consumer":
        for part in ("common", "consumer"):
            for name, wrong in owned_mistakes(getattr(kafka, part), OWNED_BY_BROKER):
                yield Finding(("kafka", part, name), wrong.what, wrong.write_instead)


def _topics(tree: Tree) -> Iterator[Finding]:
    letters = {("dead_letters", "topic"): tree.dead_letters.topic, ("parked", "topic"): tree.parked.topic}
    dead_letters, parked = letters
    if letters[dead_letters] == letters[parked]:
        yield Finding(
            parked, "dead letters and parked records need a topic each", "Name another topic", (dead_letters,)
        )
    for name in tree.topics:
        for key, topic in letters.items():
            if name == topic or (name.startswith("^") and re.match(name, topic)):
                what = f"this would read {topic}, which the service writes to ({'.'.join(key)}): a circle"
                yield Finding(("topics", name), what, "Narrow the pattern, or name another topic there", (key,))


def _registry(tree: Tree) -> Iterator[Finding]:
    for name, part in tree.topics.items():
        if part.framing in ("confluent", "auto") and part.registry is None and tree.registry is None:
            yield Finding(
                ("registry",),
                f"topic {name} needs a schema registry",
                f"Write registry: {{url: ...}}, or topics.{name}.framing: single_object or bare",
                (("topics", name, "framing"), ("topics", name, "registry")),
            )


# Pixels.


def _pixel(tree: Tree, pixel: str, part: Pixel) -> Iterator[Finding]:
    path = ("pixels", pixel)
    token, token_file, gateway = ((*path, key) for key in ("token", "token_file", "gateway"))
    has_token = part.token is not None or part.token_file is not None
    if not has_token and not (part.gateway and part.gateway.only):
        advice = "Write token_file: PATH, or token: {env: NAME}"
        yield Finding(path, "this pixel has no access token", advice, (token, token_file, gateway, (*gateway, "only")))
    if part.token is not None and part.token_file is not None:
        yield Finding(token, "there is a token_file as well", "Leave one of them out")
    if part.test_event_code is not None and not tree.api.allow_test_events:
        yield Finding(
            (*path, "test_event_code"),
            "test events still count, and are shown to testers",
            "Leave it out, or set api.allow_test_events: true if that is meant",
            (("api", "allow_test_events"),),
        )
    for name in ("test_event_code", "namespace_id", "upload_id", "upload_tag", "upload_source"):
        if getattr(part, name) is not None and part.gateway is not None and part.gateway.only:
            what = "a Gateway does not forward it, and gets this pixel's events alone"
            yield Finding((*path, name), what, "Leave it out, or leave out gateway.only", ((*gateway, "only"),))


def _stores(tree: Tree) -> Iterator[Finding]:
    owners = Counter(store for part in tree.pixels.values() for store in set(part.stores))
    for pixel, part in tree.pixels.items():
        for store in part.stores:
            if owners[store] > 1:
                yield Finding(("pixels", pixel, "stores"), f"store {store} has two pixels", "Leave it to one of them")


def _default_pixel(tree: Tree) -> Iterator[Finding]:
    pixel = tree.default_pixel
    if pixel is not None and pixel not in tree.pixels:
        advice = "Write one of pixels, or leave it out"
        yield Finding(("default_pixel",), "this is none of the pixels", advice, (("pixels", pixel),))


# Tracing.


def _tracing(tree: Tree) -> Iterator[Finding]:
    if tree.tracing is not None and not _is_installed("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"):
        what = "OpenTelemetry, which this needs, is not installed"
        yield Finding(("tracing",), what, "Run pip install capi-stream[tracing], or leave tracing out")


def _is_installed(*names: str) -> bool:
    try:
        return all(find_spec(name) is not None for name in names)
    except ModuleNotFoundError:  # not even what holds it
        return False


# Deadlines.


class _Limit(NamedTuple):
    """What a time must be less than: in seconds, in words, and the keys that it is made from."""

    seconds: float
    text: str
    keys: tuple[KeyPath, ...]


REVOKE = ("deadlines", "revoke_seconds")
FLOOR = ("deadlines", "commit_floor_seconds")
WATCHDOG = ("deadlines", "watchdog_seconds")
STORE = ("deadlines", "store_seconds")
POST = ("api", "timeouts_seconds", "post")


def _deadlines(tree: Tree) -> Iterator[Finding]:
    given = tree.deadlines
    rows: list[tuple[KeyPath, float, _Limit]] = [
        *_settling(tree),
        (REVOKE, given.revoke_seconds, _limit(WATCHDOG, given.watchdog_seconds)),
        (WATCHDOG, given.watchdog_seconds, _poll(tree)),
    ]
    for path, seconds, limit in rows:
        if seconds >= limit.seconds:
            what = f"{seconds:g} s must be less than {limit.text}"
            yield Finding(path, what, "See Deadlines in docs/configuration.md", limit.keys)


def _settling(tree: Tree) -> list[tuple[KeyPath, float, _Limit]]:
    """What must be over before a revocation commits; where no time is left for that, only so much is told."""
    given = tree.deadlines
    revoke, floor = given.revoke_seconds, given.commit_floor_seconds
    if floor >= revoke:
        return [(FLOOR, floor, _limit(REVOKE, revoke))]
    text = f"{'.'.join(REVOKE)} - {'.'.join(FLOOR)}, which is {revoke:g} s - {floor:g} s = {revoke - floor:g} s"
    settling = _Limit(revoke - floor, text, (REVOKE, FLOOR))
    return [(POST, tree.api.timeouts_seconds.post, settling), (STORE, given.store_seconds, settling)]


def _limit(path: KeyPath, seconds: float) -> _Limit:
    return _Limit(seconds, f"{'.'.join(path)}, which is {seconds:g} s", (path,))


def _poll(tree: Tree) -> _Limit:
    """librdkafka reads a number's beginning, as C does (`300s` is 300), and 0x before sixteens."""
    name = "max.poll.interval.ms"
    text = {**tree.kafka.common, **tree.kafka.consumer}.get(name, str(MAX_POLL_INTERVAL_MS))
    found = re.match(r"\s*(?:0[xX]([0-9a-fA-F]+)|(\d+))", text)
    milliseconds = MAX_POLL_INTERVAL_MS if found is None else int(found[1], 16) if found[1] else int(found[2])
    keys = tuple(("kafka", part, name) for part in ("common", "consumer"))
    return _Limit(milliseconds / 1_000, f"{name}, which is {milliseconds / 1_000:g} s", keys)
