"""Publish purchases to capi-stream's topic: confluent-kafka, and the schema that the registry has.

    pip install 'confluent-kafka[avro,schemaregistry]'
    python publish_orders.py --bootstrap localhost:9092 --registry http://localhost:8081 --topic commerce.events

The schema must be registered (`capi-stream schema register`). Exit code 1: something was not acknowledged.
"""

from __future__ import annotations

import argparse
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from confluent_kafka import KafkaException, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext


def orders(number: int, pixel: str) -> Iterator[dict[str, Any]]:
    """Made-up purchases. What is left out has a default; docs/publishing.md says what each field is for."""
    for position in range(number):
        order_id = f"order-{uuid.uuid4()}"
        yield {
            "event_id": order_id,  # the same id as the browser's pixel sends as eventID
            "event_type": "PURCHASE",
            "occurred_at": datetime.now(UTC),  # when the person bought, not when this is published
            "pixel_id": pixel,
            "channel": "WEBSITE",
            "page": {"url": "https://shop.example.com/thanks"},
            "customer": {  # raw: the service normalises and hashes
                "emails": [f"person{position}@example.com"],
                "phones": ["+1 650 555 0112"],  # with its country code
                "first_name": "Ana",
                "last_name": "Silva",
                "date_of_birth": date(1980, 1, 2),
                "country": "US",
                "external_ids": [f"customer-{position}"],
                "ip_address": "198.51.100.7",  # the person's, not a proxy's
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0",
                "fbp": "fb.1.1767225000000.1098115397",  # the browser's cookie, as it is
            },
            "order": {
                "order_id": order_id,
                "value": Decimal("59.97"),
                "currency": "USD",
                "content_type": "product",
                "items": [{"sku": "MUG-1", "quantity": 3, "unit_price": Decimal("19.99")}],
            },
        }


class Publisher:
    """A producer that remembers what was not acknowledged."""

    def __init__(self, bootstrap: str, registry: str, topic: str, seconds: float) -> None:
        self.acknowledged = 0
        self.failures: list[str] = []
        self._topic = topic
        self._seconds = seconds
        # acks=all and idempotence: acknowledged means on all in-sync replicas, once and in order.
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "acks": "all",
                "delivery.timeout.ms": int(seconds * 1_000),
            }
        )
        # Programs do not register schemas: a release does, after `capi-stream schema check`.
        self._serializer = AvroSerializer(
            SchemaRegistryClient({"url": registry, "timeout": 10.0}),
            conf={"auto.register.schemas": False, "use.latest.version": True},
        )

    def publish(self, event: dict[str, Any]) -> None:
        """Hand one event to the producer, which sends it on its own time."""
        value = self._serializer(event, SerializationContext(self._topic, MessageField.VALUE))
        while True:
            try:
                self._producer.produce(self._topic, value, key=event["event_id"], on_delivery=self._reported)
            except BufferError:  # the producer is full: let it send
                self._producer.poll(1.0)
            else:
                break
        self._producer.poll(0)  # delivery reports are called here and in flush

    def finish(self) -> bool:
        """Wait for the reports of all; whether each event was acknowledged."""
        waiting = self._producer.flush(2 * self._seconds)  # the producer reports a failure well before
        if waiting:
            self.failures.append(f"{waiting} events have no report")
        return not self.failures

    def _reported(self, error: Any, message: Any) -> None:
        if error is None:
            self.acknowledged += 1
            print(f"acknowledged {message.key().decode()}")
        else:
            self.failures.append(f"{message.key().decode()}: {error.str()}")


def main() -> int:
    """Publish, and say what became of it; the exit code."""
    options = argparse.ArgumentParser(description="Publish made-up purchases.")
    options.add_argument("--bootstrap", required=True, help="Kafka, HOST:PORT")
    options.add_argument("--registry", required=True, help="the schema registry's address")
    options.add_argument("--topic", required=True)
    options.add_argument("--pixel", default="1234567890")
    options.add_argument("--count", type=int, default=10)
    options.add_argument("--timeout", type=float, default=30.0, help="seconds until an event counts as failed")
    given = options.parse_args()
    try:
        publisher = Publisher(given.bootstrap, given.registry, given.topic, given.timeout)
        for event in orders(given.count, given.pixel):
            publisher.publish(event)
    except (KafkaException, SchemaRegistryError) as error:
        print(f"not published: {error}", file=sys.stderr)
        return 1
    everything = publisher.finish()
    print(f"{publisher.acknowledged} of {given.count} events acknowledged")
    for failure in publisher.failures:
        print(f"not acknowledged: {failure}", file=sys.stderr)
    return 0 if everything else 1


if __name__ == "__main__":
    sys.exit(main())
