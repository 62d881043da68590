"""How an answer is read: an ordinary one at a glance, and never otherwise than h11 reads it."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any
from unittest.mock import patch

import h11
import httpcore
import pytest

from capi_stream.endpoints import exchange
from capi_stream.endpoints.exchange import Connection, Reply, decompressed, ordinary
from capi_stream.endpoints.settings import Timeouts

MOST = 100
GRAPH = (
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-app-usage: {"call_count":1}\r\nContent-Length: 2\r\n\r\n{}'
)


class Pieces(httpcore.NetworkStream):
    """A stream on which an answer comes in these pieces, and then the end."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self.is_open = True

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return next(self._pieces, b"")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Whatever is asked, the answer is there already."""

    def close(self) -> None:
        self.is_open = False

    def get_extra_info(self, info: str) -> Any:
        return None


def read(*pieces: bytes) -> tuple[Reply | type[Exception], bool]:
    """What is made of an answer in these pieces, and whether its connection can be used again."""
    connection = Connection(Pieces(pieces), Timeouts())
    connection.send([b""])
    try:
        return connection.answer(MOST), connection.is_usable()
    except (httpcore.NetworkError, h11.RemoteProtocolError) as error:
        return type(error), connection.is_usable()


STATUS_LINES = (
    "HTTP/1.1 200 OK", "HTTP/1.1 413 Large", "HTTP/1.1 204 None", "HTTP/1.1 304 Same", "HTTP/1.1 500 ", "HTTP/1.1 200",
    "HTTP/1.0 200 OK", "HTTP/1.1 103 Hints", "HTTP/1.1 101 Switch", "HTTP/1.1 999 Odd", "HTTP/1.1 2 OK", "",
)  # fmt: skip
ROWS = (
    "Content-Length: 3", "content-length:\t3 ", "Content-Length: 0", "Content-Length: 4", "Content-Length: 101",
    "Content-Length: -3", "Content-Length: 3, 3", "Content-Length: \xb3", "Content-Length: " + "9" * 30,
    "Transfer-Encoding: chunked", "Connection: close", "Connection: Keep-Alive", "Connection: keep-alive, upgrade",
    "Content-Encoding: gzip", "Content-Encoding: br", "Upgrade: h2c", "Vary: Origin", "Vary: Accept", "X:",
    "X:\tt\xe9 \t", "No colon", "Na me: x", "X : y", " folded", "X: \x00", "X: \x01", "X: a\rb", "X: a\nb", "\xe9: x",
    ": x", "X: nothing odd",
)  # fmt: skip
BODIES = (b"", b"abc", b"abcd", b"3\r\nabc\r\n0\r\n\r\n", b"x" * 101, gzip.compress(b"abc"), b"HTTP/1.1 200 OK\r\n\r\n")


def answers() -> Iterator[tuple[bytes, ...]]:
    """Every status line with every body and one odd header; in one piece, and cut behind the head."""
    for line, usual, odd, body in product(STATUS_LINES, (["Content-Length: 3"], []), ROWS, BODIES):
        head = "\r\n".join([line, *usual, odd, "", ""]).encode("latin-1")
        yield (head + body,)
        yield (head, body)
    yield (GRAPH.replace(b"\r\n", b"\n"),)


def test_an_ordinary_answer_is_read_as_h11_reads_it() -> None:
    said = list(answers())
    assert sum(ordinary(pieces[0], MOST) is not None for pieces in said) > 200
    found = [read(*pieces) for pieces in said]
    with patch.object(exchange, "ordinary", return_value=None):
        for pieces, each in zip(said, found, strict=True):
            assert each == read(*pieces), pieces


def test_what_graph_says_is_ordinary_also_where_the_body_comes_by_itself() -> None:
    headers = {"content-type": "application/json", "x-app-usage": '{"call_count":1}', "content-length": "2"}
    assert ordinary(GRAPH, MOST) == (200, headers, len(GRAPH) - 2, len(GRAPH))
    assert read(GRAPH[:-2], GRAPH[-2:]) == (Reply(200, headers, b"{}"), True)


@pytest.mark.parametrize(
    ("row", "body"),
    [
        (b"Transfer-Encoding: chunked", b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
        (b"Content-Length: 2\r\nVary: a\r\nVary: b", b"{}"),
        (b"Content-Encoding: gzip\r\nContent-Length: 22", gzip.compress(b"{}", mtime=0)),
    ],
)
def test_an_answer_of_another_kind_is_read_too_and_its_connection_kept(row: bytes, body: bytes) -> None:
    reply, is_usable = read(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n" + row + b"\r\n\r\n" + body)
    assert isinstance(reply, Reply)
    assert (reply.body, is_usable) == (b"{}", True)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        GRAPH + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",  # to whom is that said?
    ],
)
def test_a_connection_that_is_to_be_closed_is_not_used_again(answer: bytes) -> None:
    reply, is_usable = read(answer)
    assert isinstance(reply, Reply)
    assert (reply.body, is_usable) == (b"{}", False)


def test_a_server_that_answers_before_it_has_read_all_is_heard_and_left() -> None:
    stream = Pieces([GRAPH])
    with patch.object(stream, "write", side_effect=httpcore.WriteError("reset")):
        connection = Connection(stream, Timeouts())
        connection.send([b""])
        assert connection.answer(MOST).body == b"{}"
    assert (stream.is_open, connection.is_usable()) == (False, False)


def test_a_connection_on_which_only_a_part_was_sent_is_closed() -> None:
    stream = Pieces([GRAPH])
    connection = Connection(stream, Timeouts())
    with patch.object(stream, "write", side_effect=httpcore.WriteTimeout), pytest.raises(httpcore.WriteTimeout):
        connection.send([b""])
    assert (stream.is_open, connection.is_usable()) == (False, False)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (gzip.compress(b"abc"), b"abc"),
        (gzip.compress(b"a" * MOST), b"a" * MOST),
        (gzip.compress(b"a" * (MOST + 1)), None),
        (gzip.compress(b"a" * 100_000_000), None),
        (b"x\x9cKLJ\x06\x00\x02M\x01'", b"abc"),
        (b"abc", b""),
    ],
)
def test_what_was_compressed_has_a_bound_too(body: bytes, expected: bytes | None) -> None:
    assert decompressed(body, MOST) == expected
