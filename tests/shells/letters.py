"""Letters, and a producer of them as the service would run it, driven by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from capi_stream.delivery.batches import Letter, LetterKind
from capi_stream.delivery.ledger import RecordCounts
from capi_stream.delivery.offsets import OffsetTracker, Ticket
from capi_stream.delivery.outcomes import Answer
from capi_stream.kafka.producer import LetterProducer
from capi_stream.kafka.settings import ProducerSettings
from capi_stream.model import Destination, PixelId, Record, Rejection
from tests.builders import PIXEL, record
from tests.real.clients import wait_until


def letter(topic: str, source: Record | None = None, **changes: Any) -> Letter:
    """A dead letter of a record that could not be read; `changes` replace its fields."""
    source = source or record(b"\x00\xff\x01", key=b"k")
    given: dict[str, Any] = {"kind": LetterKind.DEAD, "rejection": Rejection("decode", "undecodable")}
    return Letter(
        topic=topic, ticket=Ticket(OffsetTracker(source.partition, 0, RecordCounts()), source), **(given | changes)
    )


def full_letter(topic: str, **changes: Any) -> Letter:
    """A letter with all that one can have."""
    source = record(b"\x00\xff\x01", key=b"\xfe", partition=2, offset=41, headers=[("h", b"1"), ("h", None)])
    rejection = Rejection("post", "unknown", "refused for f\u00fcnf reasons", 0, PIXEL, "order-1001", "Purchase")
    given: dict[str, Any] = {
        "kind": LetterKind.PARKED,
        "rejection": rejection,
        "destination": Destination(PixelId(PIXEL), "gateway"),
        "schema": 7,
        "answer": Answer(400, 100, 2804019, "Invalid parameter", "AbC"),
        "attempts": 3,
    }
    return letter(topic, source, **(given | changes))


def settings(bootstrap: str | Mapping[str, Any], *topics: str, **changes: Any) -> ProducerSettings:
    """For a topic of dead letters, and one of parked letters: the same if only one is given."""
    properties = {"bootstrap.servers": bootstrap} if isinstance(bootstrap, str) else dict(bootstrap)
    given: dict[str, Any] = {"properties": properties, "connect_seconds": 10.0}
    return ProducerSettings(dead_letter_topic=topics[0], parked_topic=topics[-1], **(given | changes))


@contextmanager
def started(settings: ProducerSettings) -> Iterator[LetterProducer]:
    """A producer that has checked its topics."""
    producer = LetterProducer(settings)
    producer.start()
    yield producer
    producer.close(1.0)


def stored(producer: LetterProducer, *letters: Letter, seconds: float = 20.0) -> list[tuple[Letter, str | None]]:
    """Store `letters` and wait until each has its report."""
    for each in letters:
        producer.store(each)
    return reported(producer, len(letters), seconds)


def reported(producer: LetterProducer, count: int, seconds: float = 20.0) -> list[tuple[Letter, str | None]]:
    """The next `count` reports."""
    reports: list[tuple[Letter, str | None]] = []

    def all_there() -> bool:
        reports.extend(producer.reports())
        return len(reports) >= count

    wait_until(all_there, seconds, f"{count} reports")
    return reports
