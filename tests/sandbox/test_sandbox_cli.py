"""`capi-stream sandbox` as a process: what it prints, what its options do, how it ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from capi_stream.cli.sandbox import register
from capi_stream.sandbox.server import Sandbox
from tests.sandbox.sandbox_client import call, post, purchase

PROGRAM = """
import typer
from capi_stream.cli.sandbox import register
app = typer.Typer()
app.callback()(lambda: None)
register(app)
app()
"""


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as a process, and what it printed before it began to wait."""
    command = [sys.executable, "-c", PROGRAM, "sandbox", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        while line := process.stdout.readline():
            lines.append(line)
            if "token:" in line:
                break
        try:
            yield process, "".join(lines)
        finally:
            process.kill()


def address(text: str, what: str) -> str:
    found = re.search(rf"{what}.* listens at (\S+)", text)
    assert found
    return found[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    with running("--pixel", "12") as (process, text):
        url = address(text, "Conversions API")
        assert f"api: {{url: {url}}}" in text
        assert '"12": {token: sandbox-12}' in text
        assert post(url, [purchase("a")]).status == 200

        process.send_signal(number)
        rest, _ = process.communicate(timeout=10)

    assert process.returncode == 0
    assert "Stopped after 1 accepted events." in rest


def test_its_options_reach_the_stand_ins(tmp_path: Path) -> None:
    schema = tmp_path / "order.avsc"
    schema.write_text('{"type": "record", "name": "Order", "fields": []}')
    options = (
        *("--token", "12=ours", "--token", "13=theirs", "--expire", "13=0", "--poison", "bad-"),
        *("--fault", "app_limit,pixel=12,times=1", "--rate", "transient=0", "--latency", "0.001", "--strict"),
        *("--registry-port", "0", "--schema", f"orders-value={schema}"),
    )
    with running(*options) as (_, text):
        url, registry = address(text, "Conversions API"), address(text, "schema registry")

        assert post(url, [purchase("a")], token="ours").error["code"] == 4
        assert post(url, [purchase("bad-1")], token="ours").error["code"] == 100
        assert post(url, [purchase(None)], token="ours").error["error_user_msg"].endswith("no_event_id.")
        assert post(url, [purchase("a")], token="ours").status == 200
        assert post(url, [purchase("a")], "13", "theirs").error["error_subcode"] == 463
        assert call(registry, "GET", "/subjects").values == ["orders-value"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--rate", "transent=0.1"), "Did you mean 'transient'?"),
        (("--rate", "transient"), "--rate must read FAULT=SHARE"),
        (("--rate", "transient=often"), "must be a number"),
        (("--fault", "app_limit,seconds"), "NAME,KEY=VALUE"),
        (("--token", "12"), "--token must read PIXEL=TOKEN"),
        (("--token", "12=EAABxyz"), "looks like one of Meta's own"),
        (("--expire", "12=soon"), "must be a number of seconds"),
        (("--expire", "12=nan"), "must be a number of seconds"),
        (("--pixel", "abc"), "--pixel: 'abc' is no pixel: its id is digits only"),
        (("--pixel", "\u0663"), "is no pixel"),
        (("--token", "abc=sandbox-1"), "--token: 'abc' is no pixel"),
        (("--expire", "abc=5"), "--expire: 'abc' is no pixel"),
        (
            ("--registry-port", "0", "--schema", "orders=/nowhere.avsc"),
            "--schema /nowhere.avsc cannot be read: No such",
        ),
        (("--registry-port", "0", "--schema", "orders=/"), "--schema / cannot be read: Is a directory"),
        (("--registry-port", "0", "--schema", f"orders={sys.executable}"), "is no text in UTF-8"),
        (("--schema", "orders=/nowhere.avsc"), "--schema needs a registry to register it with: give --registry-port"),
    ],
)
def test_a_wrong_option_says_what_is_wrong(options: tuple[str, ...], said: str) -> None:
    app = typer.Typer()
    register(app)

    ended = CliRunner().invoke(app, ["--port", "0", *options])

    assert ended.exit_code == 2
    assert said in ended.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--port", "99999"), ("--port", "-1"), ("--registry-port", "65536"), ("--registry-port", "-1")),
        *(("--latency", "-1"), ("--latency-spread", "-0.5"), ("--latency", "nan")),
    ],
)
def test_a_number_out_of_its_range_is_refused(option: str, value: str) -> None:
    app = typer.Typer()
    register(app)

    ended = CliRunner().invoke(app, [option, value])

    assert ended.exit_code == 2
    assert f"Invalid value for '{option}'" in ended.stderr


def test_a_port_that_is_taken_is_named() -> None:
    app = typer.Typer()
    register(app)
    with Sandbox() as sandbox:
        port = sandbox.url.rpartition(":")[2]

        ended = CliRunner().invoke(app, ["--port", port])

    assert ended.exit_code == 2
    assert f"capi-stream sandbox: cannot listen at 127.0.0.1:{port}" in ended.stderr
