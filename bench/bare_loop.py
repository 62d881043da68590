"""`python -m bench.bare_loop BOOTSTRAP TOPIC URL COUNT`: the loop that one writes in an afternoon.

Consume, decode, make a dict, hash, orjson, httpx in eight threads. No offsets, checks, retries, metrics: if it dies,
what was on its way is lost or sent twice, and one bad event loses a thousand.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
from confluent_kafka import Consumer, TopicPartition

from bench.floor import floor

THREADS = 8
BATCH = 1_000


def main(bootstrap: str, topic: str, url: str, count: int) -> None:
    """Send the first `count` records of `topic`."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bare-loop", "enable.auto.commit": False})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    print("partitions_assigned", flush=True)
    free = threading.Semaphore(THREADS)
    client = httpx.Client(limits=httpx.Limits(max_connections=THREADS))

    def post(pixel: str, events: list[bytes]) -> None:
        try:
            body = b'{"data":[' + b",".join(events) + b'],"access_token":"token"}'
            headers = {"Content-Type": "application/json"}
            client.post(f"{url}/v24.0/{pixel}/events", content=body, headers=headers, timeout=30).raise_for_status()
        finally:
            free.release()

    waiting: dict[str, list[bytes]] = {}
    seen = 0
    with ThreadPoolExecutor(THREADS) as pool:
        while seen < count:
            for message in consumer.consume(BATCH, 0.1):
                seen += 1
                pixel, event = floor(message.value() or b"")
                events = waiting.setdefault(pixel, [])
                events.append(event)
                if len(events) == BATCH:
                    free.acquire()
                    pool.submit(post, pixel, waiting.pop(pixel))
        for pixel, events in waiting.items():
            free.acquire()
            pool.submit(post, pixel, events)
    consumer.close()
    sys.stdin.readline()  # stays until it was measured


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
