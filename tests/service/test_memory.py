"""What the service does not load, and what it does not keep: both would be megabytes in each pod."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

NOT_NEEDED_TO_START = {  # what is for one command, for an option that is off, or for tests
    *("authlib", "cryptography", "httpx2"),  # the registry's client, where no topic has a registry
    *("jsonschema", "opentelemetry", "phonenumbers", "requests", "tests"),
    *(
        "capi_stream.sandbox",
        "capi_stream.kafka.subjects",
        "capi_stream.kafka.onlooker",
        "capi_stream.cli.produce.shop",
    ),
}

TWELVE_THREADS_LET_GO = """
import threading
from pathlib import Path
from capi_stream import allocator

def resident_mb():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024

def make_bodies():
    for _ in range(20):
        b",".join([bytes(500_000)] * 2)
    are_done.wait()

{how}
are_done = threading.Barrier(13)
before = resident_mb()
threads = [threading.Thread(target=make_bodies) for _ in range(12)]
for thread in threads:
    thread.start()
are_done.wait()
print(resident_mb() - before)
"""


def said(code: str) -> str:
    """What a process of its own prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60).stdout


def test_run_loads_nothing_that_it_does_not_need() -> None:
    loaded = set(said("import sys, capi_stream.cli, capi_stream.process; print(*sys.modules)").split())
    assert "capi_stream.service" in loaded
    assert loaded & NOT_NEEDED_TO_START == set()


def test_bodies_that_many_threads_let_go_are_given_back() -> None:
    if platform.libc_ver()[0] != "glibc":
        assert not os.environ.get("CI"), "CI must show it with glibc, which the image has"
        pytest.skip("another C library has nothing to set")
    assert int(said(TWELVE_THREADS_LET_GO.format(how="assert allocator.keep_little()"))) < 9
    assert int(said(TWELVE_THREADS_LET_GO.format(how=""))) > 15  # as the C library would have it


def test_another_c_library_is_left_alone() -> None:
    other = "from types import SimpleNamespace; allocator.ctypes = SimpleNamespace(CDLL=lambda name: SimpleNamespace())"
    assert said(f"from capi_stream import allocator; {other}; print(allocator.keep_little())") == "False\n"
