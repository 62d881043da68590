"""Bugs for a process of the service, wherever an exception ends up in the log. The words of each quote a record.

A process has them that is started with `planting` around it: Python imports `sitecustomize` before the service.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.builders import ROOT

VARIABLE = "TEST_BUG_IN"
TRIGGER = b"trigger"  # the record that holds it meets the bug that ends the process

WORDS = "zqmark.mail@example.com, with the token zqmark-secret"


@contextmanager
def planting(where: str, folder: Path) -> Iterator[None]:
    """Processes that start in the block have all bugs; the one that ends them is in the `loop` or in a `poster`."""
    (folder / "sitecustomize.py").write_text("from tests.service.bugs import plant; plant()")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{ROOT}")
        patch.setenv(VARIABLE, where)
        yield


def fail(*_: Any) -> NoReturn:
    """ValueError: the type that libraries raise for a text that they cannot read, with the text."""
    raise ValueError(WORDS)


def plant() -> None:
    """Put them in, in the process that is to have them."""
    from capi_stream.endpoints import quality_poller
    from capi_stream.endpoints.client import Client
    from capi_stream.endpoints.expiries import Expiries
    from capi_stream.intake.intake import Intake
    from capi_stream.model import Record
    from capi_stream.observability import admin
    from capi_stream.observability.watchdog import Watchdog

    quality_poller.FIRST_SECONDS = 0.0
    for owner, name in (
        (admin, "page"),
        (Watchdog, "look"),
        (Expiries, "look"),
        (quality_poller.QualityPoller, "_round"),
    ):
        setattr(owner, name, fail)
    read = Intake.__call__

    def read_or_fail(self: Intake, record: Record, unix_now: float) -> Any:
        if TRIGGER in (record.value or b""):
            raise ValueError(f"cannot read {record.value!r}, {WORDS}")
        return read(self, record, unix_now)

    if os.environ[VARIABLE] == "loop":
        Intake.__call__ = read_or_fail  # type: ignore[method-assign]
    else:
        Client.post = fail  # type: ignore[method-assign, assignment]
