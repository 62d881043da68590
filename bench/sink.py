"""`python -m bench.sink PORT SECONDS`: takes posts of events as fast as it can, and answers each after SECONDS.

A thread a connection, and nothing of the events is read but how many there are, whether one is poison, and the numbers
of numbered ones. `GET /` tells what came, and the sink's own CPU time, so that a measurement can show that it was not
the limit; `GET /answers` tells when each post was accepted.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from typing import NamedTuple

from capi_stream.sandbox.errors import ERRORS, error_body

RECEIVED_AT_ONCE = 1 << 20
ANSWER = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
POISON_ID = "poison-"  # how the event_id of an event begins that is refused, and with it the post
POISON = f'"event_id":"{POISON_ID}'.encode()
# As Meta answers where it names no event: the sender must find out by itself which one it was.
REFUSAL = error_body(ERRORS["schema"], "A", "One or more of the parameters of the request are invalid.")
NUMBER_MARK = b'"event_id":"n-'
NUMBER = re.compile(rb'"event_id":"n-(\d+)"')


class Accepted(NamedTuple):
    """One post: when it was answered, in seconds of the monotonic clock, which all processes share; its events; the
    numbers of the numbered ones."""

    at: float
    events: int
    numbers: list[int]


class Sink:
    """What has come so far, and how it is answered."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._in_flight = 0
        self._accepted: list[Accepted] = []
        self.told: dict[str, float] = {"events": 0, "requests": 0, "most_in_flight": 0, "refused_alone": 0}

    def serve(self, connection: socket.socket) -> None:
        """Answer one request after another until the other side closes."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        buffered = b""
        while True:
            while (end := buffered.find(b"\r\n\r\n")) < 0:
                part = connection.recv(RECEIVED_AT_ONCE)
                if not part:
                    return
                buffered += part
            head, body = buffered[:end].lower(), bytearray(buffered[end + 4 :])
            length = int(head.partition(b"content-length:")[2].partition(b"\r")[0] or 0)
            while len(body) < length:
                part = connection.recv(RECEIVED_AT_ONCE)
                if not part:
                    return
                body += part
            buffered = bytes(body[length:])
            status, answer = self._taken(body) if head.startswith(b"post") else (b"200 OK", self._figures(head))
            connection.sendall(ANSWER % (status, len(answer), answer))

    def _taken(self, body: bytearray) -> tuple[bytes, bytes]:
        count = body.count(b'"event_name"')
        numbers = [int(number) for number in NUMBER.findall(body)] if NUMBER_MARK in body else []
        is_refused = POISON in body
        with self._lock:
            self._in_flight += 1
            self.told["most_in_flight"] = max(self.told["most_in_flight"], self._in_flight)
        if self._seconds:
            time.sleep(self._seconds)
        with self._lock:
            self._in_flight -= 1
            self.told["requests"] += 1
            if is_refused:
                self.told["refused_alone"] += count == 1
                return b"400 Bad Request", REFUSAL
            self.told["events"] += count
            self._accepted.append(Accepted(time.monotonic(), count, numbers))
        return b"200 OK", b'{"events_received":%d,"messages":[],"fbtrace_id":"A"}' % count

    def _figures(self, head: bytes) -> bytes:
        with self._lock:
            found = self._accepted if head.startswith(b"get /answers") else self.told | {"cpu": time.process_time()}
            return json.dumps(found).encode()


def main(port: int, seconds: float) -> None:
    """Serve on loopback until the process is ended."""
    sink = Sink(seconds)
    with socket.create_server(("127.0.0.1", port), backlog=256) as listening:
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=sink.serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
