"""A real broker behind a front, which alters or holds back what clients ask it: the answers are the broker's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple, Protocol

from tests.real.broker import RealBroker, free_port

OFFSET_COMMIT, SYNC_GROUP = 8, 14
FLEXIBLE = {OFFSET_COMMIT: 8}  # from this version on lengths are varints and tags follow the header (KIP-482)


class Commit(NamedTuple):
    """Where in an OffsetCommit's bytes the generation (or member epoch) stands, and where the member's id."""

    generation: slice
    member: slice


class Way(Protocol):
    """One direction of a connection: where a frame is sent on."""

    def __call__(self, frame: bytes) -> None: ...


Meddle = Callable[[bytearray], bool]
"""Given a request's bytes, which it may change; whether it goes on now, or waits for the end of the meddling."""


class Front:
    """Listens at `port`, and passes each connection on to `inner`. Ends with `close`."""

    def __init__(self, inner: int) -> None:
        self.commit_errors: set[int] = set()  # the error codes in the broker's answers to commits
        self._inner = inner
        self._meddling: dict[int, Meddle] = {}
        self._held: list[tuple[Way, bytes]] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Take no more connections; those that are there end with the broker."""
        self._listener.close()

    @contextmanager
    def meddling(self, request: int, act: Meddle) -> Iterator[None]:
        """Let `act` see every request of this kind; what it held back goes on at the end."""
        with self._lock:
            self._meddling[request] = act
        yield
        with self._lock:
            del self._meddling[request]
            held, self._held = self._held, []
        for send, frame in held:
            send(frame)

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(("127.0.0.1", self._inner)) as server:
            asked: dict[bytes, int] = {}  # correlation id -> version, of commits

            def pass_answers() -> None:
                with suppress(OSError):
                    for frame in _frames(server):
                        if (version := asked.pop(frame[:4], None)) is not None:
                            self.commit_errors |= _errors(frame, version)
                        client.sendall(_framed(frame))
                    client.shutdown(socket.SHUT_RDWR)

            threading.Thread(target=pass_answers, daemon=True).start()
            lock = threading.Lock()

            def send(frame: bytes) -> None:
                with lock, suppress(OSError):
                    server.sendall(_framed(frame))

            for frame in _frames(client):
                key, version = _int(frame, 0, 2), _int(frame, 2, 2)
                if key == OFFSET_COMMIT:
                    asked[frame[4:8]] = version
                self._passed(key, bytearray(frame), send)

    def _passed(self, key: int, frame: bytearray, send: Way) -> None:
        with self._lock:
            act = self._meddling.get(key)
            if act is not None and not act(frame):
                self._held.append((send, bytes(frame)))
                return
        send(bytes(frame))


class FrontedBroker(RealBroker):
    """A broker with a second listener, whose clients all come through the `front`."""

    def __init__(self, **properties: str) -> None:
        self._inner = free_port()
        self._more = {name.replace("_", "."): value for name, value in properties.items()}
        self.front = Front(self._inner)
        super().__init__()

    @property
    def through_front(self) -> str:
        """`bootstrap.servers` for who shall come through the front."""
        return f"127.0.0.1:{self.front.port}"

    def properties(self) -> dict[str, str]:
        """The broker's configuration."""
        plain = super().properties()
        second = {
            "listeners": f"FRONT://127.0.0.1:{self._inner}",
            "advertised.listeners": f"FRONT://{self.through_front}",
            "listener.security.protocol.map": "FRONT:PLAINTEXT",
        }
        return {**plain, **{name: f"{plain[name]},{more}" for name, more in second.items()}, **self._more}


def commit_parts(frame: bytearray) -> Commit:
    """Where things stand in an OffsetCommit request."""
    is_flexible = _int(frame, 2, 2) >= FLEXIBLE[OFFSET_COMMIT]
    at = 10 + max(_int(frame, 8, 2), 0) + is_flexible  # key, version, correlation id, client id; no tags
    _, generation = _text(frame, at, is_flexible)
    member, end = _text(frame, generation + 4, is_flexible)
    return Commit(slice(generation, generation + 4), slice(member, end))


def _errors(frame: bytes, version: int) -> set[int]:
    """The error codes in the answer to an OffsetCommit."""
    is_flexible = version >= FLEXIBLE[OFFSET_COMMIT]
    at = 8 + is_flexible  # correlation id, no tags, throttle time
    topics, at = _count(frame, at, is_flexible)
    errors: set[int] = set()
    for _ in range(topics):
        at = _text(frame, at, is_flexible)[1]
        partitions, at = _count(frame, at, is_flexible)
        for _ in range(partitions):
            errors.add(_int(frame, at + 4, 2))
            at += 6 + is_flexible
        at += is_flexible
    return errors


def _text(frame: bytes | bytearray, at: int, is_flexible: bool) -> tuple[int, int]:
    """Where a short text begins and ends, whose length stands at `at`."""
    start = at + (1 if is_flexible else 2)
    length = frame[at] - 1 if is_flexible else _int(frame, at, 2)
    assert 0 <= length < 126, "longer texts would need a longer length"
    return start, start + length


def _count(frame: bytes, at: int, is_flexible: bool) -> tuple[int, int]:
    return (frame[at] - 1, at + 1) if is_flexible else (_int(frame, at, 4), at + 4)


def _int(frame: bytes | bytearray, at: int, size: int) -> int:
    return int.from_bytes(frame[at : at + size], "big", signed=True)


def _framed(frame: bytes) -> bytes:
    return len(frame).to_bytes(4, "big") + frame


def _frames(connection: socket.socket) -> Iterator[bytes]:
    with connection.makefile("rb") as stream:
        while len(size := stream.read(4)) == 4:
            yield stream.read(int.from_bytes(size, "big"))
