"""`capi-stream produce` as a person or a script runs it: what arrives, what it says, how it ends."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro
import pytest
import yaml
from typer.testing import CliRunner

from capi_stream.cli import app
from capi_stream.cli.produce.faults import FAULTS
from capi_stream.cli.produce.shop import MIX
from capi_stream.cli.produce.target import from_configuration
from capi_stream.sandbox.registry import StandInRegistry
from tests.builders import ROOT, SCHEMA_TEXT, parsed
from tests.cli.commands import command
from tests.conftest import MakeTopic
from tests.real.broker import free_port
from tests.real.clients import client, end_offsets, read_all, register_schema, wait_until
from tests.service.shop import PIXELS, Shop

PAGE = (ROOT / "docs/publishing.md").read_text()


@pytest.fixture
def stand_in() -> Iterator[StandInRegistry]:
    with StandInRegistry() as running:
        yield running


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        yield listening


def address(server: socket.socket) -> str:
    return f"127.0.0.1:{server.getsockname()[1]}"


def options(broker: str, topic: str, registry: str, *more: str) -> list[str]:
    where = ["--bootstrap", broker, "--topic", topic, "--registry", registry, "--pixels", ",".join(PIXELS)]
    return ["produce", *where, "--rate", "0", *more]


def event_of(value: bytes, schema_id: int) -> dict[str, Any]:
    assert value[:5] == b"\x00" + schema_id.to_bytes(4, "big")
    read = fastavro.schemaless_reader(io.BytesIO(value[5:]), parsed(SCHEMA_TEXT), None)
    assert isinstance(read, dict)
    return read


# What arrives.


def test_all_that_the_summary_counts_is_in_the_topic(broker: str, topic: MakeTopic, stand_in: StandInRegistry) -> None:
    """And a second run takes the schema that the first has registered."""
    name = topic(partitions=3)

    said, again = [
        command(*options(broker, name, stand_in.url, "--count", count, "--seed", "4", "--json"))
        for count in ("300", "5")
    ]

    assert (said.code, said.error) == (again.code, again.error) == (0, "")
    summary = json.loads(said.out)
    messages = read_all(broker, name)
    schema_id = register_schema(stand_in.url, f"{name}-value", SCHEMA_TEXT)
    events = {message.key(): event_of(message.value() or b"", schema_id) for message in messages}
    first = {message.key(): message for message in messages}  # five came twice: the same seed makes the same ids
    assert (len(messages), len(first)) == (305, 300)
    assert summary | {"seconds": 0} == {
        "topic": name,
        "seed": 4,
        "seconds": 0,
        "records": 300,
        "bytes": sum(len(message.value() or b"") for message in first.values()),
        "acknowledged": 300,
        "not_acknowledged": {},
        "events": Counter(event["event_type"].lower() for event in events.values()),
        "faults": {},
    }
    assert list(events) == [event["event_id"].encode() for event in events.values()]
    assert {event["pixel_id"] for event in events.values()} == set(PIXELS)
    assert {message.partition() for message in messages} == {0, 1, 2}


def test_the_service_refuses_what_was_spoilt_and_delivers_the_rest(shop: Shop, tmp_path: Path) -> None:
    """With nothing but the service's own configuration; each fault is named as the dead letter's reason."""
    shop.run(pixels={PIXELS[1]: {"stores": ["berlin"]}})
    config = tmp_path / "capi-stream-1.yaml"

    left_out = "schema_unknown=0"  # it would hold its partition for half a minute
    faults = ("--faults", f"all=0.3,{left_out}")
    said = command("produce", "-c", config, "--rate", "0", "--count", "800", "--seed", "2", "--json", *faults)

    assert (said.code, said.error) == (0, "")
    shop.wait_until_committed()
    struck = json.loads(said.out)["faults"]
    assert struck.keys() == FAULTS.keys() - {"schema_unknown"}
    sent = {"tombstone", "duplicate", "malformed_identifiers", "website_incomplete"}
    assert shop.reasons == {name: number for name, number in struck.items() if name not in sent}
    keys = {(message.key() or b"").decode() for message in read_all(shop.broker, shop.topic)}
    assert shop.accepted().keys() <= keys
    assert len(shop.accepted()) > 500
    assert shop.accepted().total() > len(shop.accepted())  # the duplicates


# How it ends.


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_everything_acknowledged_and_the_summary(
    number: signal.Signals, broker: str, topic: MakeTopic, stand_in: StandInRegistry
) -> None:
    name = topic()
    line = options(broker, name, stand_in.url, "--json", "--rate", "200")
    with subprocess.Popen([sys.executable, "-m", "capi_stream", *line], stdout=subprocess.PIPE, cwd=ROOT) as process:
        try:
            wait_until(lambda: end_offsets(broker, name)[0] > 50, 20, "records arrive")
            process.send_signal(number)
            out, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    summary = json.loads(out)
    assert process.returncode == 0
    assert summary["records"] == summary["acknowledged"] == end_offsets(broker, name)[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_it_still_looks_for_the_broker(number: signal.Signals, silent: socket.socket) -> None:
    line = ["--bootstrap", address(silent), "--topic", "orders", "--pixels", "12", "--framing", "single_object"]
    assert_ends_by(number, silent, *line)


def test_a_signal_ends_it_while_it_still_waits_for_the_registry(silent: socket.socket) -> None:
    line = ["--bootstrap", "127.0.0.1:1", "--topic", "orders", "--pixels", "12"]
    assert_ends_by(signal.SIGTERM, silent, *line, "--registry", f"http://{address(silent)}")


def assert_ends_by(number: signal.Signals, server: socket.socket, *options: str) -> None:
    """It ends soon after the signal, which comes once it has asked the server, and says that it was nothing."""
    line = [sys.executable, "-m", "capi_stream", "produce", *options, "--json"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        try:
            with server.accept()[0]:
                process.send_signal(number)
                out, error = process.communicate(timeout=5)
        finally:
            process.kill()
    assert (process.returncode, error) == (0, b"")
    assert json.loads(out)["records"] == 0


def test_it_ends_after_its_seconds_at_its_rate_and_tells_a_terminal_how_it_goes(broker: str, topic: MakeTopic) -> None:
    ours, theirs = pty.openpty()
    line = ["produce", "--bootstrap", broker, "--topic", topic(), "--pixels", "12", "--framing", "single_object"]
    done = subprocess.run(
        [sys.executable, "-m", "capi_stream", *line, "--seconds", "1.5", "--rate", "100", "--seed", "1"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        cwd=ROOT,
        timeout=30,
    )
    os.close(theirs)
    told = os.read(ours, 10_000).decode()
    os.close(ours)

    assert done.returncode == 0
    assert re.search(r"\r\x1b\[K\d+ records in 1 s, \d+ a second, \d+ acknowledged", told)
    assert told.endswith("\r\x1b[K")
    found = re.match(r"(\d+) records, [\d,]+ bytes to topic-\S+ in 1\.\d s, \d+ a second\n", done.stdout)
    assert found, done.stdout
    assert 100 <= int(found[1]) <= 155
    assert f"  acknowledged  {found[1]}\n" in done.stdout
    assert done.stdout.endswith("  seed          1\n")


def test_what_the_broker_does_not_take_is_counted_and_told(
    broker: str, topic: MakeTopic, stand_in: StandInRegistry
) -> None:
    name = topic(max_message_bytes="100")
    said = command(*options(broker, name, stand_in.url, "--count", "20", "--json"))
    assert said.code == 1
    assert json.loads(said.out)["not_acknowledged"] == {"msg_size_too_large": 20}
    assert said.error.startswith("20 of 20 records were not acknowledged. What to do: ")


def test_a_topic_that_is_not_there_is_named(broker: str, stand_in: StandInRegistry) -> None:
    said = command(*options(broker, "nowhere", stand_in.url))
    assert (said.code, said.out) == (1, "")
    assert said.error == "there is no topic nowhere. What to do: create it, or correct --topic.\n"


def test_a_registry_that_does_not_answer_is_named() -> None:
    said = command(*options("127.0.0.1:1", "events", f"http://127.0.0.1:{free_port()}"))
    assert (said.code, said.out) == (1, "")
    assert said.error.startswith("the schema registry does not answer")


def configuration(folder: Path, **changes: Any) -> Path:
    """The sandbox's example with an address where nobody answers."""
    settings = yaml.safe_load((ROOT / "examples/sandbox.yaml").read_text())
    settings["kafka"] |= {"common": client(f"127.0.0.1:{free_port()}"), "connect_seconds": 1}
    path = folder / "capi-stream.yaml"
    path.write_text(yaml.safe_dump(settings | changes))
    return path


def test_a_kafka_that_does_not_answer_is_told_in_the_configurations_time(tmp_path: Path) -> None:
    began = time.monotonic()
    said = command("produce", "-c", configuration(tmp_path), "--framing", "single_object")
    assert (said.code, said.out) == (1, "")
    assert said.error.startswith("look for topic commerce.events: no answer within 1 s")
    assert time.monotonic() - began < 10


def test_the_configuration_names_topic_pixels_and_the_stores_by_which_a_pixel_is_known(tmp_path: Path) -> None:
    pixels = {"12": {"token": "sandbox-12", "stores": ["berlin", "lyon"]}, "34": {"token": "sandbox-34"}}
    target = from_configuration(configuration(tmp_path, pixels=pixels), None)
    assert (target.topic, target.pixels, target.stores) == ("commerce.events", ("12", "34"), {"12": ["berlin", "lyon"]})
    assert target.connect_seconds == 1
    assert target.registry is not None


# Wrong usage.

HERE = ["--bootstrap", "127.0.0.1:1", "--topic", "events", "--pixels", "12"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "Name the service's configuration with -c, or Kafka and topic with --bootstrap and --topic."),
        (HERE[:4], "Name the pixels with --pixels, digits with commas between"),
        ([*HERE[:4], "--pixels", "12,a"], "Name the pixels with --pixels"),
        (HERE, "Name the registry with --registry URL, or publish without one: --framing single_object."),
        ([*HERE, "--registry", "nonsense"], "--registry nonsense: "),
        ([*HERE, "--mix", "purchse=1"], "--mix: there is no purchse (did you mean purchase?)"),
        ([*HERE, "--mix", "purchase=0"], "--mix: every share is 0"),
        ([*HERE, "--faults", "tombstone=1,undecodable=0.5"], "--faults: together they are 1.5"),
        ([*HERE, "--faults", "all"], "--faults: all= is no share"),
        ([*HERE, "--framing", "bare", "--faults", "schema_unknown=0.1"], "schema_unknown cannot be with bare records"),
        ([*HERE, "-c", "examples/sandbox.yaml"], "Give -c, or --bootstrap and --registry, not both"),
        (["-c", "examples/sandbox.yaml", "--topic", "other"], "topics with --topic: commerce.events."),
        (["-c", "avro/examples/service.yaml"], "has a schema of its own"),
        (["-c", "nowhere.yaml"], "nowhere.yaml"),
        ([*HERE, "--rate", "inf"], "--rate and --seconds are numbers"),
        ([*HERE, "--rate", "-1"], "--rate"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_sentence(
    given: list[str], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    for pixel in ("", "_2"):
        monkeypatch.setenv(f"TOKEN{pixel}", "a")
    ended = CliRunner().invoke(app, ["produce", *given])
    assert ended.exit_code == 2
    assert said in ended.stderr
    assert ended.stdout == ""


# The page.


def test_the_page_names_every_kind_and_every_fault() -> None:
    section = PAGE.partition("## A load of records")[2].partition("\n## ")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE)) == FAULTS
    assert [kind for kind in MIX if f"`{kind}`" not in section] == []
    given = CliRunner().invoke(app, ["produce", "--help"], env={"COLUMNS": "200"}).stdout
    named = set(re.findall(r"--[a-z]+", section))
    assert named >= {"--rate", "--mix", "--faults", "--seed"}
    assert [option for option in named if option not in given] == []
