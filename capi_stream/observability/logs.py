"""Log lines: an event's name and fields, JSON for machines and plain lines for a terminal, on stderr.

Nothing here may hold personal data or a token: rooms log reasons from closed sets, names, numbers. docs/logs.md lists
every event. Whatever else writes (a library, a warning, an exception) is brought into the same shape.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from capi_stream.observability.sampling import Sampled, Seldom
from capi_stream.observability.settings import LogSettings
from capi_stream.places import places

log = structlog.get_logger("capi_stream")

OURS = ("capi_stream", "librdkafka")  # who may say more than a warning

Line = MutableMapping[str, Any]


STAMP: tuple[Any, ...] = (
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
"""What every line gets, whoever writes it."""


def set_up(settings: LogSettings) -> None:
    """Send every logger's lines to stderr, ours and those of libraries, in the shape that `settings` ask for."""
    _set_levels(settings.level.upper(), _handler(settings.format))
    passed_on = structlog.stdlib.ProcessorFormatter.wrap_for_formatter
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *STAMP, Sampled(), passed_on],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.captureWarnings(True)
    threading.excepthook = _thread_crashed
    sys.unraisablehook = _not_raised


def _handler(form: Literal["auto", "json", "console"]) -> logging.Handler:
    """Writes to stderr, as JSON or as plain lines."""
    is_terminal = sys.stderr.isatty()
    shape: list[Any] = (
        [_from_left, structlog.processors.JSONRenderer()]
        if form == "json" or (form == "auto" and not is_terminal)
        else [structlog.dev.ConsoleRenderer(colors=is_terminal)]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*STAMP, _said_by_a_library],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_words, *shape],
        )
    )
    return handler


def _set_levels(level: str, handler: logging.Handler) -> None:
    """Libraries say warnings at most: below, an HTTP client writes a line for each request, with what it sends."""
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelName(level)))
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    logging.getLogger("librdkafka").filters[:] = [Seldom()]


def _from_left(_: object, __: str, line: Line) -> Line:
    """Time, level and the event's name first, so that a line is read from the left."""
    return {"time": line.pop("timestamp", None), "level": line.pop("level", None), "event": line.pop("event"), **line}


def _said_by_a_library(_: object, __: str, line: Line) -> Line:
    """One name for all that libraries write: their texts are no stable names."""
    return {**line, "event": "library_said", "text": line["event"]}


def _without_words(_: object, __: str, line: Line) -> Line:
    """An exception as its type and its places: its own words may quote a record."""
    error = line.pop("exc_info", None)
    error = sys.exc_info() if error is True else error
    if isinstance(error, BaseException):
        error = (type(error), error, error.__traceback__)
    if isinstance(error, tuple) and error[0] is not None:
        line.update(error=error[0].__name__, at=places(error[2]))
    return line


def _thread_crashed(crash: threading.ExceptHookArgs) -> None:
    thread = crash.thread.name if crash.thread is not None else "unknown"
    log.critical("thread_crashed", thread=thread, error=crash.exc_type.__name__, at=places(crash.exc_traceback))


def _not_raised(dropped: sys.UnraisableHookArgs) -> None:
    """Python itself would write its words."""
    log.error("exception_dropped", error=dropped.exc_type.__name__, at=places(dropped.exc_traceback))
