"""What a command changes in its process is put back: tests run commands in their own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _hooks_are_put_back() -> Iterator[None]:
    """Of those pytest hears what failed unseen."""
    before = threading.excepthook, sys.unraisablehook
    yield
    threading.excepthook, sys.unraisablehook = before
