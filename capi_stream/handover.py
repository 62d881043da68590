"""The service runs in a process that never read its settings: what reads them is 12 MB, and would stay for ever.

`capi-stream run` reads them in a child, with all that the command line has to say, and only the settings come back. The
parent is the process that was started, which signals reach; it loads the service meanwhile, and becomes it.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from capi_stream.config.settings import Settings

_parent: int | None = None  # in the child: where its settings go


class Start(NamedTuple):
    """What is to be run."""

    settings: Settings
    is_shadow: bool


def started_by(program: Callable[[], object]) -> NoReturn:
    """Run `program`, the command line, in a child, and then here what it hands over; without that end as it ended."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        _be_the_child(program, write_end)
    os.close(write_end)
    from capi_stream import process

    with os.fdopen(read_end, "rb") as pipe:
        handed_over = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not handed_over or code != 0:
        process.leave(code if code >= 0 else 128 - code)
    _run(pickle.loads(handed_over))  # noqa: S301  our own words, by a pipe that nobody else has


def hand_over(start: Start) -> NoReturn:
    """Let `start` be run: by the parent that waits for it, or else here."""
    if _parent is None:
        _run(start)
    with suppress(BrokenPipeError), os.fdopen(_parent, "wb") as pipe:  # without a parent there is nothing to start
        pickle.dump(start, pipe)
    sys.exit()


def _be_the_child(program: Callable[[], object], write_end: int) -> NoReturn:
    global _parent  # noqa: PLW0603  a process is one or the other
    _parent = write_end
    program()
    sys.exit()


def _run(start: Start) -> NoReturn:
    from capi_stream import process

    run = process.run_shadow if start.is_shadow else process.run
    process.leave(run(start.settings))
