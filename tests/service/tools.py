"""What a person starts by hand beside the service, as processes on a shop's configuration."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from capi_stream.cli.demo.members import Member, wait_until_ready
from capi_stream.sandbox.wire import Answer, Listener, Request
from tests.real.broker import free_port
from tests.service.shop import Shop, merged


def configuration(shop: Shop, **changes: Any) -> Path:
    """A file with the shop's settings and `changes` to them."""
    path = shop.folder / "capi-stream-tools.yaml"
    path.write_text(yaml.safe_dump(merged(shop.settings(), changes)))
    return path


def tool(*arguments: str | Path, seconds: float = 90.0) -> subprocess.CompletedProcess[str]:
    """One run of `capi-stream`, to its end."""
    command = [sys.executable, "-m", "capi_stream", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds)


def shadow(shop: Shop, group: str, **changes: Any) -> Member:
    """A process of the service that only shows what it would do, in `group`; once it is ready."""
    options = ("--shadow", "--group", group)
    member = Member(len(shop.members) + 1, configuration(shop, **changes), free_port(), options)
    shop.members.append(member)
    wait_until_ready([member], 40.0)
    return member


@contextmanager
def tripwire() -> Iterator[tuple[str, list[Request]]]:
    """A server that must not be asked anything: its address, and whatever reached it all the same."""
    reached: list[Request] = []

    def answer(request: Request) -> Answer:
        reached.append(request)
        return Answer(200, b'{"events_received": 1}')

    with Listener(answer) as listener:
        yield listener.url, reached
