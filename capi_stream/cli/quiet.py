"""For commands whose output is for a person: what rooms log of changes is no part of it, librdkafka's lines neither."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from capi_stream.observability.logs import set_up
from capi_stream.observability.settings import LogSettings


def quiet() -> None:
    """Let nothing be logged in this process any more."""
    set_up(LogSettings())  # structlog would else print to stdout
    logging.disable(logging.CRITICAL)


@contextmanager
def quietly() -> Iterator[None]:
    """Let nothing be logged meanwhile."""
    quiet()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
