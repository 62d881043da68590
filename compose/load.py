"""Publish made-up purchases at a steady rate until SIGTERM or SIGINT; the example shows how to publish with more care.

Exit code 1: something was not acknowledged.
"""

from __future__ import annotations

import argparse
import itertools
import signal
import sys
import time
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from publish_orders import orders  # examples/python, mounted beside this file

SHOW_EVERY_SECONDS = 10.0


class Load:
    """What was published, counted by its delivery reports."""

    def __init__(self, bootstrap: str, registry: str, topic: str) -> None:
        self.acknowledged = self.failed = 0
        self.is_stopping = False
        self._topic = topic
        self._producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 20})
        self._serializer = AvroSerializer(
            SchemaRegistryClient({"url": registry, "timeout": 10.0}),
            conf={"auto.register.schemas": False, "use.latest.version": True},
        )

    def run(self, pixels: list[str], rate: float) -> None:
        """Publish `rate` events a second, pixel after pixel, until told to stop; then wait for the reports."""
        began, show_at = time.monotonic(), 0.0
        pixel_after_pixel = zip(*(orders(sys.maxsize, pixel) for pixel in pixels), strict=True)
        for number, event in enumerate(itertools.chain.from_iterable(pixel_after_pixel)):
            if self.is_stopping:
                break
            self._publish(event)
            elapsed = time.monotonic() - began
            if elapsed >= show_at:
                self.show()
                show_at = elapsed + SHOW_EVERY_SECONDS
            time.sleep(max(0.0, number / rate - elapsed))
        self.failed += self._producer.flush(30.0)
        self.show()

    def show(self) -> None:
        """Print the counts."""
        sys.stdout.write(f"{self.acknowledged} events acknowledged, {self.failed} not\n")

    def stop(self, *_: object) -> None:
        """Publish no more."""
        self.is_stopping = True

    def _publish(self, event: dict[str, Any]) -> None:
        value = self._serializer(event, SerializationContext(self._topic, MessageField.VALUE))
        while True:
            try:
                self._producer.produce(self._topic, value, key=event["event_id"], on_delivery=self._reported)
            except BufferError:  # the producer is full: let it send
                self._producer.poll(1.0)
            else:
                break
        self._producer.poll(0)  # delivery reports are called here and in flush

    def _reported(self, error: object, _: object) -> None:
        if error is None:
            self.acknowledged += 1
        else:
            self.failed += 1


def main() -> int:
    """Publish; the exit code."""
    options = argparse.ArgumentParser(description="Publish made-up purchases at a steady rate.")
    options.add_argument("--bootstrap", required=True, help="Kafka, HOST:PORT")
    options.add_argument("--registry", required=True, help="the schema registry's address")
    options.add_argument("--topic", required=True)
    options.add_argument("--pixel", action="append", required=True, help="may be repeated")
    options.add_argument("--rate", type=float, default=100.0, help="events a second")
    given = options.parse_args()
    load = Load(given.bootstrap, given.registry, given.topic)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, load.stop)
    load.run(given.pixel, given.rate)
    return 1 if load.failed else 0


if __name__ == "__main__":
    sys.exit(main())
