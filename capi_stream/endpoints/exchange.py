"""One request and its answer, over one connection.

An ordinary answer is read by one regular expression, any other by h11, which takes ten times as long: a test holds the
two together. Waits are the stream's, and end in time.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import h11
import httpcore

from capi_stream.endpoints.settings import Timeouts

IDLE_SECONDS = 30.0  # less than the minute after which servers drop an idle connection, perhaps under our hands
HEAD_BYTES = 100 * 1024  # of an answer; Graph's is of one or two thousand
READ_BYTES = 64 * 1024  # at most at once

_ORDINARY = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9]) [\t\x20-\x7e\x80-\xff]*\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+)\r\n"
)
_LENGTH = re.compile(r"[0-9]{1,9}")
_NOT_ORDINARY = frozenset(("content-encoding", "transfer-encoding", "upgrade"))
_POST = h11.Request(method="POST", target="/", headers=[("Host", "any"), ("Content-Length", "0")])


class Reply(NamedTuple):
    """What came back: header names are lowercase. `body` is None where it is longer than what was asked to read."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None


class Head(NamedTuple):
    """The head of an ordinary answer, and where in what came its body begins and ends."""

    status: int
    headers: Mapping[str, str]
    start: int
    end: int


class Connection:
    """An open connection, for one exchange after another.

    Raises httpcore's errors of the network, which tell in which phase they rose, and h11's of a server that does not
    speak HTTP. After an error, or an answer that was not read to its end, it is closed, and `is_usable` no more.
    """

    def __init__(
        self, stream: httpcore.NetworkStream, timeouts: Timeouts, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._timeouts = timeouts
        self._clock = clock
        self._idle_until = clock() + IDLE_SECONDS
        self._is_sent = False

    def is_usable(self) -> bool:
        """Whether an exchange can begin. One that can be read while idle has been closed by the server."""
        return self._clock() < self._idle_until and not self._stream.get_extra_info("is_readable")

    def send(self, request: Iterable[bytes]) -> None:
        """Send `request`, a piece after the other. A server that does not take all of it may answer all the same."""
        self._idle_until = 0.0
        self._is_sent = False
        try:
            for piece in request:
                self._stream.write(piece, self._timeouts.write)
            self._is_sent = True
        except httpcore.WriteError:
            pass
        except BaseException:
            self.close()
            raise

    def answer(self, most_bytes: int) -> Reply:
        """The answer to what was sent, with up to `most_bytes` of its body."""
        try:
            reply, is_read = self._answer(most_bytes)
            if self._is_sent and is_read:
                self._idle_until = self._clock() + IDLE_SECONDS
            return reply
        finally:
            if not self._idle_until:
                self.close()

    def tunnel(self, request: bytes) -> h11.Response:
        """Send `request`, a CONNECT, and read the answer's head: what comes behind it is the tunnel's."""
        self.send((request,))
        return self._head(_reader(self._read()))

    def _answer(self, most_bytes: int) -> tuple[Reply, bool]:
        """The answer, and whether it was read to its end, so that another may follow."""
        came = self._read()
        if (head := ordinary(came, most_bytes)) is not None:
            while len(came) < head.end and (part := self._read()):
                came += part
            if len(came) == head.end:
                return Reply(head.status, head.headers, came[head.start :]), True
        return self._any_answer(_reader(came), most_bytes)

    def _any_answer(self, http: h11.Connection, most_bytes: int) -> tuple[Reply, bool]:
        answer = self._head(http)
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in answer.headers}
        if answer.status_code == 413:  # that says it all, however long its page is
            return Reply(413, headers, b""), False
        body = self._body(http, most_bytes)
        if body is not None and headers.get("content-encoding", "").lower() in {"gzip", "x-gzip", "deflate"}:
            body = decompressed(body, most_bytes)
        may_go_on = http.their_state is h11.DONE and http.trailing_data == (b"", False)  # no more came, nor the end
        return Reply(answer.status_code, headers, body), may_go_on

    def _head(self, http: h11.Connection) -> h11.Response:
        """The answer's head; interim answers are passed over."""
        while not isinstance(event := self._event(http), h11.Response):
            assert isinstance(event, h11.InformationalResponse)  # h11 lets nothing else come before
        return event

    def _body(self, http: h11.Connection, most_bytes: int) -> bytes | None:
        body = bytearray()
        while isinstance(event := self._event(http), h11.Data):
            body += event.data
            if len(body) > most_bytes:
                return None
        return bytes(body)

    def _event(self, http: h11.Connection) -> object:
        while (event := http.next_event()) is h11.NEED_DATA:
            http.receive_data(self._read())
        return event

    def _read(self) -> bytes:
        return self._stream.read(READ_BYTES, self._timeouts.read)

    def close(self) -> None:
        """Let go of it."""
        self._stream.close()


def ordinary(came: bytes, most_bytes: int) -> Head | None:
    """The head of an answer of which `came` is the beginning, if there is nothing to it: all of it is there, no name
    comes twice, and the body has a length of at most `most_bytes` and stands as it is."""
    found = _ORDINARY.match(came)
    if found is None:
        return None
    rows = found[2].decode("latin-1").split("\r\n")[:-1]
    headers = {name.lower(): value.strip(" \t") for name, _, value in (row.partition(":") for row in rows)}
    status, length = int(found[1]), headers.get("content-length", "")
    if len(headers) < len(rows) or not _LENGTH.fullmatch(length) or int(length) > most_bytes:
        return None
    is_kept = headers.get("connection", "keep-alive").lower() == "keep-alive"
    if status in {204, 304, 413} or not is_kept or not _NOT_ORDINARY.isdisjoint(headers):
        return None
    return Head(status, headers, found.end(), found.end() + int(length))


def _reader(came: bytes) -> h11.Connection:
    """h11, as it stands when a request was sent and the answer begins with `came`.

    It need not see the request itself: how an answer is read depends on no more than its method, HEAD or another.
    """
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
    http.send(_POST)
    http.send(h11.EndOfMessage())
    http.receive_data(came)
    return http


def decompressed(body: bytes, most_bytes: int) -> bytes | None:
    """What `body` was before gzip or zlib: None if that is more than `most_bytes`, empty if `body` is of neither.

    Nobody asked for it, but there are proxies that compress unasked.
    """
    try:
        plain = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS).decompress(body, most_bytes + 1)
    except zlib.error:
        return b""
    return None if len(plain) > most_bytes else plain
