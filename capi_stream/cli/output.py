"""Standard output that says when it cannot be written: one sentence, whatever command it was.

A full disk is met anywhere in a command, and when it has ended and the last of its output is flushed. Only what is
written here is meant: an error of another file, or of a socket, is the command's own.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


class OutputError(Exception):
    """Standard output cannot be written. The message says why."""


@contextmanager
def told() -> Iterator[None]:
    """A failure to write standard output within ends the process with 1 and one sentence; a broken pipe with none."""
    raw = _replaced()
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except (BrokenPipeError, OutputError) as failed:
        if raw is not None:
            raw.is_over = True
        if isinstance(failed, OutputError):
            with suppress(OSError):
                sys.stderr.write(f"the output cannot be written: {failed}\n")
        raise SystemExit(1) from None


def _replaced() -> _Raw | None:
    """What writes now where Python wrote until now, and in the same way; None where a program has taken its place."""
    text = sys.stdout
    if text is not sys.__stdout__ or not isinstance(text, io.TextIOWrapper):
        return None
    raw = _Raw(text.fileno(), "wb", closefd=False)
    unbuffered: Any = raw  # as Python does by PYTHONUNBUFFERED
    sys.stdout = io.TextIOWrapper(
        unbuffered if text.write_through else io.BufferedWriter(raw),
        encoding=text.encoding,
        errors=text.errors,
        line_buffering=text.line_buffering,
        write_through=text.write_through,
    )
    return raw


class _Raw(io.FileIO):
    """Raises OutputError. When all `is_over` what is left is let go: Python would else complain of it as it ends."""

    is_over = False

    def write(self, content: Any, /) -> int:
        if self.is_over:
            return memoryview(content).nbytes
        try:
            return super().write(content)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(error.strerror) from None
