"""`python -m bench.sink PORT SECONDS`: takes posts of events as fast as it can, and answers each after SECONDS.

A thread a connection, and nothing of the events is read but how many there are; `GET /` tells what came. Its own CPU
time is told too, so that a measurement can show that it was not the limit.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time

RECEIVED_AT_ONCE = 1 << 20
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


class Sink:
    """What has come so far, and how it is answered."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._in_flight = 0
        self.told: dict[str, float] = {"events": 0, "requests": 0, "most_in_flight": 0}

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
            answer = self._taken(body) if head.startswith(b"post") else json.dumps(self._figures()).encode()
            connection.sendall(ANSWER % (len(answer), answer))

    def _taken(self, body: bytearray) -> bytes:
        count = body.count(b'"event_name"')
        with self._lock:
            self._in_flight += 1
            self.told["most_in_flight"] = max(self.told["most_in_flight"], self._in_flight)
        if self._seconds:
            time.sleep(self._seconds)
        with self._lock:
            self._in_flight -= 1
            self.told["events"] += count
            self.told["requests"] += 1
        return b'{"events_received":%d,"messages":[],"fbtrace_id":"A"}' % count

    def _figures(self) -> dict[str, float]:
        return {**self.told, "cpu_seconds": time.process_time()}


def main(port: int, seconds: float) -> None:
    """Serve on loopback until the process is ended."""
    sink = Sink(seconds)
    with socket.create_server(("127.0.0.1", port), backlog=256) as listening:
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=sink.serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
