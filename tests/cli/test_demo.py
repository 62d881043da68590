"""`capi-stream demo`, run as a person runs it: to its end, where it cannot run, and where it is cut short."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from capi_stream.cli.demo.books import Books
from capi_stream.cli.demo.ending import Asked, Interrupted
from capi_stream.cli.demo.members import Member, Metrics, have_settled
from capi_stream.cli.demo.orders import Orders
from capi_stream.cli.demo.view import notes, plot
from tests.real.clients import wait_until

Started = subprocess.Popen[str]


@contextmanager
def started(folder: Path, *options: str) -> Iterator[Started]:
    """The demo as a process, whose temporary files go to `folder`. Ended if it outlives the test."""
    command = [sys.executable, "-u", "-m", "capi_stream", "demo", *options]
    environment = {**os.environ, "TMPDIR": str(folder), "COLUMNS": "80"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()  # killed, it would leave its service behind
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def ended(process: Started) -> tuple[int, str, str]:
    """Wait for its end; exit code, standard output, standard error."""
    said, complained = process.communicate(timeout=90)
    return process.returncode, said, complained


def read_until(process: Started, words: str) -> str:
    """What it says up to the line with `words`."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def processes_of(folder: Path) -> list[str]:
    """The command lines of the running processes that work in `folder`."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has just ended
        if str(folder) in line:
            found.append(line)
    return found


def rows(said: str) -> dict[str, str]:
    """The books, row by row."""
    return dict(re.findall(r"^│ (\S.*?) +│ +(\S.*?) │$", said, re.MULTILINE))


def test_the_demo_ends_with_books_that_balance(tmp_path: Path) -> None:
    with started(tmp_path, "--records", "300") as process:
        code, said, complained = ended(process)

    assert code == 0, said + complained
    assert complained == ""
    books = rows(said)
    assert books["published"] == books["sum"] == "300"
    assert books["committed, of all offsets"] == "300 of 300"
    assert "The books balance" in said
    again = re.search(r"^([\d,]+) of the accepted events were sent twice", said, re.MULTILINE)
    assert again
    assert 1 <= int(again[1]) <= 20
    assert processes_of(tmp_path) == []


def test_two_processes_on_a_real_broker_share_the_partitions_before_records_are_published(
    tmp_path: Path, broker: str
) -> None:
    """Published before, a partition moved while uncommitted, and its filtered records counted twice."""
    with started(tmp_path, "--kafka", broker, "--members", "2", "--records", "600") as process:
        code, said, complained = ended(process)

    assert code == 0, said + complained
    books = rows(said)
    assert books["published"] == books["sum"] == "600"
    filtered = next(name for name in books if name.startswith("filtered"))
    assert f"the service counted {books[filtered]})" in filtered
    assert said.index("2 processes, to share 8 partitions") < said.index("the service is ready")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--kafka", "127.0.0.1:1"), "no Kafka answered at 127.0.0.1:1 within 6 s. Give --kafka HOST:PORT"),
        (("--kafka", "nonsense"), "no Kafka answered at nonsense within 6 s. Give --kafka HOST:PORT"),
        (("--registry", "http://127.0.0.1:1"), "no schema registry answers at http://127.0.0.1:1"),
        (("--registry", "nonsense"), "what is at nonsense is no schema registry. Give --registry the URL"),
    ],
)
def test_what_cannot_be_reached_is_named(tmp_path: Path, options: Sequence[str], said: str) -> None:
    with started(tmp_path, *options) as process:
        code, _, complained = ended(process)

    assert code == 1
    assert said in complained
    assert len(complained.splitlines()) == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_demo_says_so_and_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with started(tmp_path, "--records", "300") as process:
        wait_until(lambda: processes_of(tmp_path), 30.0, "the service runs")
        time.sleep(1.0)  # it is at work, and has its own handlers
        process.send_signal(number)
        process.send_signal(number)  # as from a terminal and from `python -m tests.real`
        ended_with, said, complained = ended(process)

    assert ended_with == code
    assert "starting the service: 1 process" in said
    assert complained.startswith("Interrupted.")
    assert len(complained.splitlines()) == 1
    assert processes_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_is_interrupted_at_work_leaves_no_process_behind(tmp_path: Path, broker: str) -> None:
    with started(tmp_path, "--kafka", broker, "--members", "2") as process:
        read_until(process, "the API's first answer got lost")
        process.send_signal(signal.SIGINT)
        code, _, complained = ended(process)

    assert code == 130
    assert complained.startswith("Interrupted.")
    assert processes_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_keeps_running_ends_well_on_ctrl_c(tmp_path: Path, broker: str) -> None:
    with started(tmp_path, "--kafka", broker, "--records", "100", "--keep-running") as process:
        before = read_until(process, "It all stays up")
        process.send_signal(signal.SIGINT)
        code, said, complained = ended(process)

    assert code == 0, said + complained
    assert rows(before)["sum"] == "100"
    assert "The books balance" in said
    assert processes_of(tmp_path) == []


def test_a_wait_ends_with_the_first_signal() -> None:
    with Asked() as asked:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Interrupted):
            asked.pause(60)
    assert asked.number == signal.SIGTERM


# When the members have settled.


class Fake(Member):
    """A member that says what it is told to."""

    def __init__(self, share: int, *, ready: bool = True) -> None:
        self.share, self.ready = share, ready

    def is_ready(self) -> bool:
        return self.ready

    def metrics(self) -> Metrics:
        return Metrics(f"capi_stream_assigned_partitions {self.share}.0\n")


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([Fake(4), Fake(4)], True),
        ([Fake(7), Fake(1)], True),
        ([Fake(8), Fake(0)], False),  # the second has joined, and has nothing yet
        ([Fake(4), Fake(0)], False),
        ([Fake(8), Fake(4)], False),  # what the first says is a moment old
        ([Fake(4), Fake(4, ready=False)], False),
        ([Fake(8)], True),
    ],
)
def test_members_have_settled_when_they_share_all_partitions(members: list[Member], expected: bool) -> None:
    assert have_settled(members, 8) is expected


# The books.


def letter(offset: int, reason: str = "malformed_parameter", **more: str) -> Mapping[str, str]:
    headers = {"reason": reason, "source_topic": "t", "source_partition": "0", "source_offset": str(offset), **more}
    return {f"capi-stream.{name}": value for name, value in headers.items()}


ORDERS = Orders(
    values=[b""] * 5,
    accepted={"a", "b"},
    refused={"poison": "malformed_parameter"},
    filtered={"denied"},
    unreadable=1,
)
BALANCED = Books(
    orders=ORDERS,
    accepted=Counter("aab"),
    letters=(letter(2, event_id="poison", stage="post"), letter(3, "undecodable", stage="decode")),
    counted_filtered=1,
    committed={0: 5},
    ends={0: 5},
)


def test_books_that_balance() -> None:
    assert BALANCED.faults() == []
    assert BALANCED.sent_twice == 1


def test_what_was_read_twice_is_one_record_all_the_same() -> None:
    """A partition that moves before its commit: its filtered records and its dead letters come again."""
    books = replace(BALANCED, counted_filtered=2, letters=(*BALANCED.letters, *BALANCED.letters))

    assert books.faults() == []
    assert books.reasons == {"malformed_parameter": 1, "undecodable": 1}
    assert books.total == 5
    assert "counted again" in notes(books)[-1]


@pytest.mark.parametrize(
    ("books", "said"),
    [
        (replace(BALANCED, accepted=Counter("a")), "not accepted: b"),
        (replace(BALANCED, accepted=Counter(["a", "b", "denied"])), "accepted, but should not be: denied"),
        (replace(BALANCED, accepted=Counter(["a", "b", "denied"])), "not filtered: denied"),
        (replace(BALANCED, letters=(*BALANCED.letters, letter(4, event_id="denied"))), "not filtered: denied"),
        (replace(BALANCED, counted_filtered=0), "the service filtered 0, expected 1 or more"),
        (replace(BALANCED, letters=BALANCED.letters[:1]), "0 undecodable records, expected 1"),
        (replace(BALANCED, letters=BALANCED.letters[1:]), "dead letters are {}"),
        (replace(BALANCED, letters=(*BALANCED.letters, letter(4))), "6 records were found, and 5 published"),
        (replace(BALANCED, committed={0: 4}), "committed {0: 4}, but the topic ends at {0: 5}"),
    ],
)
def test_books_that_do_not_balance_say_what_is_wrong(books: Books, said: str) -> None:
    assert any(said in fault for fault in books.faults())


def test_what_is_told_beforehand_fits_a_terminal() -> None:
    many = Orders(values=[b""] * 50_000, filtered={str(number) for number in range(1_000)}, unreadable=2)
    assert max(map(len, plot(many).splitlines())) < 80
