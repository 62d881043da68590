"""The stranger's walk: the commands of docs/mapping.md, "Your own schema, step by step", run as they are written.

Only ports differ, and Kafka's address: the broker is the one inside librdkafka.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pytest
from confluent_kafka import Producer

from capi_stream.cli.demo.broker import embedded_broker
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.mapping.compiled import compile_mapping
from tests.builders import ROOT
from tests.real.broker import free_port
from tests.real.clients import wait_until

PAGE = (ROOT / "docs/mapping.md").read_text()
SECTION = PAGE[PAGE.index("## Your own schema, step by step") :]
COMMANDS: list[str] = [
    line for block in re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL) for line in block.splitlines()
]
SERVERS = ("capi-stream sandbox", "capi-stream run", "curl")
BOTH = {"1234567890": 1, "2345678901": 1}  # the purchase, and the insurance
TOPICS = ("travel.bookings", "travel.bookings.dead-letters", "travel.bookings.parked")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the commands read, in a place where they may write."""
    shutil.copytree(ROOT / "avro", tmp_path / "avro")
    return tmp_path


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "200"}


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(line, shell=True, cwd=folder, env=environment(), capture_output=True, text=True, timeout=60)


def the(*words: str) -> str:
    found: list[str] = [line for line in COMMANDS if line.startswith(" ".join(words))]
    assert len(found) == 1
    return found[0]


def test_the_walk_has_every_step() -> None:
    begins = [" ".join(line.split()[:2]) for line in COMMANDS]
    steps = ["mapping", "mapping", "explain", "mapping", "sandbox", "run"]
    assert begins == [*(f"capi-stream {step}" for step in steps), "curl -s"]


@pytest.mark.parametrize("line", [line for line in COMMANDS if not line.startswith(SERVERS)])
def test_a_command_of_the_walk_does_its_work(line: str, folder: Path) -> None:
    done = run(line, folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_what_init_wrote_is_a_mapping_of_the_schema(folder: Path) -> None:
    run(the("capi-stream", "mapping", "init"), folder)
    schema = read_schema((ROOT / "avro/examples/booking.avsc").read_text())
    assert compile_mapping((folder / "booking.yaml").read_text(), "booking.yaml", schema, "travel.v2.Booking").source


def test_the_golden_files_tell_when_the_mapping_changes(folder: Path) -> None:
    path = folder / "avro/examples/booking.yaml"
    path.write_text(path.read_text().replace("ph: lead.mobile", "ph: lead.familyName"))
    done = run(the("capi-stream", "mapping", "test"), folder)
    assert done.returncode == 1
    assert "DIFFERS  confirmed" in done.stdout


def test_a_booking_arrives_at_the_sandbox(folder: Path) -> None:
    with embedded_broker() as broker:
        swaps = {"8088": str(free_port()), "8081": str(free_port()), "localhost:9092": broker}
        path = folder / "avro/examples/service.yaml"
        path.write_text(swapped(path.read_text(), swaps))
        producer = Producer({"bootstrap.servers": broker, "log_level": 0})
        for topic in TOPICS:  # it makes what somebody looks for
            producer.list_topics(topic, timeout=15)
        with server(swapped(the("capi-stream", "sandbox"), swaps), folder, "sandbox.log"):
            wait_until(lambda: ledger(folder, swaps) is not None, 20, "the sandbox answers")
            with server(the("capi-stream", "run"), folder, "run.log"):
                producer.produce(TOPICS[0], booking(), headers={"brand": "sun"})
                assert producer.flush(15) == 0
                wait_until(lambda: accepted(folder, swaps) == BOTH, 40, "both pixels have their event")


def swapped(text: str, swaps: dict[str, str]) -> str:
    for old, new in swaps.items():
        text = text.replace(old, new)
    return text


def ledger(folder: Path, swaps: dict[str, str]) -> Any | None:
    """What the page's last command says; None where nobody answers."""
    done = run(swapped(the("curl"), swaps), folder)
    return json.loads(done.stdout) if done.returncode == 0 else None


def accepted(folder: Path, swaps: dict[str, str]) -> dict[str, int]:
    """How many events each pixel got."""
    said = ledger(folder, swaps) or {"pixels": []}
    return {row["pixel"]: len(row["event_ids"]) for row in said["pixels"]}


def booking() -> bytes:
    """The example's booking, made just now, as a producer with the registry's schema publishes it."""
    schema = json.loads((ROOT / "avro/examples/booking.avsc").read_text())
    value = {
        "reference": "6f1c1f2e-2f0a-4b57-9d3c-0a7d3f2b9c11",
        "status": "CONFIRMED",
        "bookedAt": int(time.time() * 1_000_000) - 5_000_000,
        "soldBy": "WEB",
        "lead": {"givenName": "Ana", "familyName": "Silva", "email": "ana@example.com"},
        "price": {"amount": Decimal(10), "currency": "EUR"},
        "legs": [],
        "extras": [{"kind": "INSURANCE", "price": {"amount": Decimal(2), "currency": "EUR"}}],
    }
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(schema), value)
    return b"\x00\x00\x00\x00\x01" + stream.getvalue()


@contextmanager
def server(line: str, folder: Path, log_name: str) -> Iterator[None]:
    """A command that runs until it is told to stop."""
    with (folder / log_name).open("wb") as log:
        process = subprocess.Popen(
            f"exec {line}", shell=True, cwd=folder, env=environment(), stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert code == 0, (folder / log_name).read_text()[-2000:]
