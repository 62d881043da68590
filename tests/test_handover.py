"""The settings come from a child: what it says and how it ends is how the program ends, unless it hands over."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.service.shop import Shop

BY_A_CHILD = "import os, signal, sys, time; from capi_stream.handover import started_by; started_by(lambda: {does})"


ORPHAN = """
import os, time
from capi_stream.handover import Start, hand_over, started_by

def program():
    parent = os.getppid()
    print("here", flush=True)
    while os.getppid() == parent:
        time.sleep(0.01)
    hand_over(Start("settings", False))

started_by(program)
"""


def started(does: str) -> subprocess.Popen[str]:
    """A process whose child does that."""
    code = BY_A_CHILD.format(does=does)
    return subprocess.Popen([sys.executable, "-c", code], stdout=PIPE, stderr=PIPE, text=True)


@pytest.mark.parametrize(
    ("does", "code", "out"),
    [
        ("print('told')", 0, "told\n"),
        ("sys.exit(2)", 2, ""),
        ("sys.exit('no')", 1, ""),
        ("1 / 0", 1, ""),
        ("os.kill(os.getpid(), signal.SIGKILL)", 128 + signal.SIGKILL, ""),
    ],
)
def test_what_hands_nothing_over_ends_the_program_in_its_own_way(does: str, code: int, out: str) -> None:
    process = started(does)
    said, complained = process.communicate(timeout=30)
    assert (process.returncode, said) == (code, out)
    assert ("ZeroDivisionError" in complained) == ("/" in does)


def test_a_parent_that_is_gone_ends_the_child_without_a_word() -> None:
    """The orchestrator gave up on it while it was still reading its settings."""
    process = subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=PIPE, stderr=PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    process.kill()
    assert process.communicate(timeout=30) == ("", "")  # ends when the child has closed its side too


def test_what_read_the_settings_is_not_in_the_service(shop: Shop) -> None:
    member = shop.run()
    maps = Path(f"/proc/{member.pid}/maps").read_text()
    assert "librdkafka" in maps
    assert "_pydantic_core" not in maps
    assert not [each for each in Path(f"/proc/{member.pid}/task").glob("*/children") if each.read_text()]
