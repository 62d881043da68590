"""The process: from its settings to its exit code."""

from __future__ import annotations

import faulthandler
import gc
import os
import sys
from collections.abc import Callable
from typing import NoReturn

import structlog

from capi_stream import allocator, outlets
from capi_stream.config.settings import Settings
from capi_stream.endpoints.posters import PosterBroken
from capi_stream.endpoints.tokens import Tokens
from capi_stream.inlets import LIVE, Inlets
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.observability.admin import AdminFailure
from capi_stream.observability.logs import set_up
from capi_stream.outlets import Outlets
from capi_stream.places import places
from capi_stream.service import Service
from capi_stream.signals import Asked, StoppedEarlyError

log = structlog.get_logger("capi_stream")

EXIT_SECONDS = 10.0  # until the process is ended from outside of Python
YOUNG_OBJECTS = 100_000  # until the garbage collector looks: thousands come with a poll, and none is in a circle


class Unusable(Exception):  # noqa: N818  it is what ends the service
    """A setting that is in its form and cannot be used. The message says what, where and what to do."""


def run(settings: Settings) -> int:
    """Deliver until a signal says stop; the process's exit code. A second signal exits at once: nothing is lost."""
    return _run(settings, outlets.live)


def run_shadow(settings: Settings) -> int:
    """As `run`, but nothing leaves: what would be posted counts as accepted, what would be a letter as stored."""
    return _run(settings, outlets.shadow)


def leave(code: int) -> NoReturn:
    """End with `code`, and without the interpreter's own end, while which librdkafka's threads may still call into it
    (seen once: a refused password, and then a segmentation fault). All that must last was committed or said before.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run_replay(settings: Settings, make: Callable[[Asked], Inlets]) -> int:
    """As `run`, of letters, until a signal says stop or none is left."""
    return _run(settings, outlets.live, make)


def _run(
    settings: Settings,
    make: Callable[[Settings, Tokens], Outlets],
    inlets_of: Callable[[Asked], Inlets] = lambda _: LIVE,
) -> int:
    allocator.keep_little()
    set_up(settings.logs)
    asked = Asked()
    try:
        service = _made(settings, asked, make, inlets_of(asked))
        gc.freeze()  # what was made until here stays: it is not looked through again
        gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
        service.run()
    except StoppedEarlyError:
        pass
    except (KafkaFailure, AdminFailure, PosterBroken, Unusable) as failure:
        log.error("stopped", reason=str(failure))  # noqa: TRY400  the reason is for an operator, a traceback is not
        return 1
    except Exception as bug:  # noqa: BLE001  a bug: it says where, and not its own words, which may quote a record
        advice = "This is a bug: please report this line"
        log.critical("crashed", error=type(bug).__name__, at=places(bug.__traceback__), advice=advice)
        return 1
    finally:
        # The clients that nobody closed are destroyed after this line, and that may never end (seen twice: librdkafka's
        # destroy waits for its own thread, which waits for a lock). No thread of Python runs then that could end it.
        faulthandler.dump_traceback_later(EXIT_SECONDS, exit=True)
    log.info("stopped", reason=asked.to_stop or "nothing is left")
    return 0


def _made(settings: Settings, asked: Asked, make: Callable[[Settings, Tokens], Outlets], inlets: Inlets) -> Service:
    """The service, before anything is read. Raises Unusable, KafkaFailure, AdminFailure."""
    try:
        return Service(settings, asked, make, inlets)
    except ValueError as error:  # its words are of a setting; one from the loop is a bug, and may quote a record
        raise Unusable(str(error)) from None
