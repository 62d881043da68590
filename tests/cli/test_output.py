"""An output that cannot be written, and a program that is stopped while it is being loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import ROOT

FULL = Path("/dev/full")
WORDS = [("--version",), ("hash", "em", "ana@example.com"), ("hash", "--help"), ("hash", "--jsonl")]
LATE = "import sys; from capi_stream.cli.output import told\nwith told():\n    sys.stdout.write('left in the buffer')"

needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


def run(*arguments: str, unbuffered: str = "", stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    lines = b'{"field": "em", "raw": "ana@example.com"}\n' * 5_000  # more than a buffer holds
    return subprocess.run(command, input=lines, stdout=stdout, stderr=subprocess.PIPE, env=environment, timeout=60)


@needs_full
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", WORDS)
def test_a_full_disk_is_one_sentence_and_exit_code_1(words: tuple[str, ...], unbuffered: str) -> None:
    with FULL.open("wb") as full:
        ended = run("-m", "capi_stream", *words, unbuffered=unbuffered, stdout=full.fileno())
    assert (ended.returncode, ended.stderr) == (1, b"the output cannot be written: No space left on device\n")


@needs_full
def test_what_is_written_at_the_very_end_is_met_too() -> None:
    with FULL.open("wb") as full:
        ended = run("-c", LATE, stdout=full.fileno())
    assert (ended.returncode, ended.stderr) == (1, b"the output cannot be written: No space left on device\n")


@pytest.mark.parametrize("code", [LATE, LATE.replace("'left in the buffer'", "'x' * 100_000")])
def test_a_reader_that_has_gone_is_no_news(code: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = run("-c", code, stdout=writer)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_an_error_of_another_file_is_its_own() -> None:
    other = "from capi_stream.cli.output import told\nwith told():\n    open('/nowhere/at/all')"
    ended = run("-c", other)
    assert ended.stderr.endswith(b"FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/at/all'\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_can_be_written_is(unbuffered: str) -> None:
    ended = run("-m", "capi_stream", "hash", "--jsonl", unbuffered=unbuffered)
    assert (ended.returncode, ended.stderr, ended.stdout.count(b"\n")) == (0, b"", 5_000)


def test_ctrl_c_while_it_is_loaded_ends_it_without_a_word() -> None:
    stopping = (
        "class Stop:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "import runpy, sys; sys.meta_path.insert(0, Stop()); runpy.run_module('capi_stream', run_name='__main__')"
    )
    ended = run("-c", stopping)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")
