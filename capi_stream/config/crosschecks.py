"""Mistakes that no key shows alone: topics that would be read in a circle, deadlines that leave no room, ..."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from capi_stream.config.document import KeyPath
from capi_stream.config.properties import owned_mistakes
from capi_stream.config.tree import Tree
from capi_stream.kafka.settings import OWNED_BY_BROKER

MAX_POLL_INTERVAL_MS = 300_000  # librdkafka's default

Found = tuple[KeyPath, str, str]
"""Where, what is wrong, what to write instead."""


def crosschecks(tree: Tree) -> Iterator[Found]:
    """All that is wrong across keys."""
    yield from _kafka(tree)
    yield from _topics(tree)
    yield from _registry(tree)
    yield from _pixels(tree)
    yield from _deadlines(tree)


def _kafka(tree: Tree) -> Iterator[Found]:
    kafka = tree.kafka
    for clients in ("consumer", "producer"):
        if "bootstrap.servers" not in {**kafka.common, **getattr(kafka, clients)}:
            yield ("kafka", "common", "bootstrap.servers"), "this is missing", "Write the brokers, such as kafka:9092"
            break
    if "group.id" not in {**kafka.common, **kafka.consumer}:
        yield ("kafka", "consumer", "group.id"), "this is missing", "Write a name for the group, such as capi-stream"
    if kafka.rebalance == "consumer":
        for part in ("common", "consumer"):
            for name, wrong in owned_mistakes(getattr(kafka, part), OWNED_BY_BROKER):
                yield ("kafka", part, name), wrong.what, wrong.write_instead


def _topics(tree: Tree) -> Iterator[Found]:
    letters = {"dead_letters": tree.dead_letters.topic, "parked": tree.parked.topic}
    if letters["dead_letters"] == letters["parked"]:
        yield ("parked", "topic"), "dead letters and parked records need a topic each", "Name another topic"
    for name in tree.topics:
        for key, topic in letters.items():
            if name == topic or (name.startswith("^") and re.match(name, topic)):
                yield (
                    ("topics", name),
                    f"this would read {topic}, which the service writes to ({key}.topic): a circle",
                    "Narrow the pattern, or name another topic there",
                )


def _registry(tree: Tree) -> Iterator[Found]:
    for name, part in tree.topics.items():
        if part.framing in ("confluent", "auto") and part.registry is None and tree.registry is None:
            yield (
                ("registry",),
                f"topic {name} needs a schema registry",
                f"Write registry: {{url: ...}}, or topics.{name}.framing: single_object or bare",
            )


def _pixels(tree: Tree) -> Iterator[Found]:
    owners = Counter(store for part in tree.pixels.values() for store in set(part.stores))
    for pixel, part in tree.pixels.items():
        path = ("pixels", pixel)
        has_token = part.token is not None or part.token_file is not None
        if not has_token and not (part.gateway and part.gateway.only):
            yield path, "this pixel has no access token", "Write token_file: PATH, or token: {env: NAME}"
        if part.token is not None and part.token_file is not None:
            yield (*path, "token"), "there is a token_file as well", "Leave one of them out"
        if part.test_event_code is not None and not tree.api.allow_test_events:
            yield (
                (*path, "test_event_code"),
                "test events still count, and are shown to testers",
                "Leave it out, or set api.allow_test_events: true if that is meant",
            )
        for store in part.stores:
            if owners[store] > 1:
                yield (*path, "stores"), f"store {store} has two pixels", "Leave it to one of them"
    if tree.default_pixel is not None and tree.default_pixel not in tree.pixels:
        yield ("default_pixel",), "this is none of the pixels", "Write one of pixels, or leave it out"


def _deadlines(tree: Tree) -> Iterator[Found]:
    given, kafka = tree.deadlines, tree.kafka
    settling = given.revoke_seconds - given.commit_floor_seconds
    poll = int({**kafka.common, **kafka.consumer}.get("max.poll.interval.ms", MAX_POLL_INTERVAL_MS)) / 1_000
    rows: list[tuple[KeyPath, float, str, float]] = [
        (("api", "timeouts_seconds", "post"), tree.api.timeouts_seconds.post, "what a revocation waits", settling),
        (("deadlines", "store_seconds"), given.store_seconds, "what a revocation waits", settling),
        (("deadlines", "revoke_seconds"), given.revoke_seconds, "deadlines.watchdog_seconds", given.watchdog_seconds),
        (("deadlines", "watchdog_seconds"), given.watchdog_seconds, "max.poll.interval.ms", poll),
    ]
    for path, seconds, bound, limit in rows:
        if seconds >= limit:
            yield (
                path,
                f"{seconds:g} s must be less than {bound}, which is {limit:g} s",
                "See Deadlines in docs/configuration.md",
            )
    if tree.delivery.buffer_bytes < 2 * tree.delivery.batch_bytes:
        yield ("delivery", "buffer_bytes"), "this holds no two batches", "Raise it, or lower delivery.batch_bytes"
