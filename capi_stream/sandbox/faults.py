"""Faults as data: what goes wrong, for whom, how often and for how long.

A fault with `times` is taken once by that many requests, in the order given, one a request. A fault without stands
until it is cleared or its `seconds` are over, and strikes each request with its `rate`.
"""

from __future__ import annotations

import difflib
import random
import threading
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

from capi_stream.sandbox.errors import ERRORS

REPLACING: dict[str, str] = {
    "html": "a 5xx page in HTML, of `status` (502)",
    "too_many_requests": "HTTP 429 without a JSON error, with `Retry-After: retry_after_seconds`",
    "too_large": "HTTP 413 in HTML, as a proxy answers",
    "empty": "HTTP 200 without a body",
    "unreadable": "HTTP 200 with half of a JSON object",
    "not_success": "HTTP 200 with JSON that is neither an error nor a success",
    "error_as_200": "HTTP 200 around the body of a transient error",
    "error_as_text": "HTTP 400 whose `error` is a plain string",
    "huge": "HTTP 200 with `body_bytes` of blanks (16 MiB) before its JSON",
    "refused": "the connection is reset, nothing was accepted",
    "hung_up": "the connection is closed without an answer, nothing was accepted",
}
"""What is answered in place of judging the request: nothing is accepted. So is every name of `errors.ERRORS`."""

SPOILING: dict[str, str] = {
    "latency": "the answer waits `delay_seconds`, give or take `spread_seconds`",
    "usage": "the usage headers show `percent` (95), and `minutes` to wait where it is 100 or more",
    "lost": "the connection is closed without an answer: what was accepted stays accepted",
    "reset": "the connection is reset without an answer: what was accepted stays accepted",
    "cut": "half of the answer arrives, then the connection is closed",
    "lost_behind_proxy": "a proxy's 502 page in place of the answer: what was accepted stays accepted",
    "dripped": "the answer comes a byte every `step_seconds` (0.1)",
    "short_count": "`events_received` is one less than was sent",
    "messages": "`messages` of a success is not empty",
}
"""What happens to the true answer, after the request was judged."""

FAULTS: frozenset[str] = frozenset((*ERRORS, *REPLACING, *SPOILING))
REGISTRY_FAULTS = frozenset(("down", "html_404", "unknown", "latency", "reset"))

MOST_SECONDS = 86_400
MOST_BYTES = 1024 * 1024 * 1024

QUALITY = "dataset_quality"

Endpoint = Literal["graph", "gateway", "dataset_quality"]
"""What a fault strikes: posts, of either kind, or questions to the Dataset Quality API."""

Naming = Literal["documented", "always", "never", "first", "error_data"]
"""Which event an error names: what is documented (only errors of form do, by their path), its index always, none ever,
always the first (which is wrong), or the index in `error_data`."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `pixel`, `endpoint`: whom it strikes (None: all posts); times are in seconds. Raises ValueError."""

    name: str
    pixel: str | None = None
    endpoint: str | None = None
    rate: float = 1.0
    times: int | None = None
    seconds: float | None = None
    delay_seconds: float = 0.0
    spread_seconds: float = 0.0
    status: int | None = None
    index: int | None = None  # the event that an error about the data names
    minutes: float = 1.0
    percent: float = 95.0
    retry_after_seconds: int = 1
    step_seconds: float = 0.1
    body_bytes: int = 16 * 1024 * 1024

    def __post_init__(self) -> None:
        known = FAULTS | REGISTRY_FAULTS
        if self.name not in known:
            near = difflib.get_close_matches(self.name, known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(sorted(known))}."
            raise ValueError(f"{self.name!r} is no fault of the sandbox. {hint}")
        if not 0 <= self.rate <= 1:
            raise ValueError(f"fault {self.name}: rate is {self.rate}; it must be from 0 to 1")
        for key in ("delay_seconds", "spread_seconds", "step_seconds"):
            if not 0 <= getattr(self, key) <= MOST_SECONDS:
                raise ValueError(f"fault {self.name}: {key} must be from 0 to {MOST_SECONDS}")
        if not 0 <= self.body_bytes <= MOST_BYTES:
            raise ValueError(f"fault {self.name}: body_bytes must be from 0 to {MOST_BYTES}")
        if self.times is not None and self.times < 1:
            raise ValueError(f"fault {self.name}: times is {self.times}; it must be 1 or more, or left out")
        if self.endpoint is not None and self.endpoint not in get_args(Endpoint):
            raise ValueError(
                f"fault {self.name}: endpoint is {self.endpoint!r}; it must be graph or gateway, or {QUALITY}"
            )

    def strikes(self, pixel: str, endpoint: str) -> bool:
        """Whether it is meant for requests about `pixel` to `endpoint`: other than posts, only if it names them."""
        named = (endpoint,) if endpoint == QUALITY else (None, endpoint)
        return self.pixel in (None, pixel) and self.endpoint in named


def fault_from(values: Mapping[str, object]) -> Fault:
    """A fault from plain values, as JSON or as texts of the command line. Raises ValueError saying what is wrong."""
    known = {field.name: str(field.type) for field in fields(Fault)}
    read: dict[str, object] = {}
    for key, value in values.items():
        if key not in known:
            raise ValueError(f"{key!r} is no setting of a fault. Known are: {', '.join(known)}.")
        read[key] = None if value is None else _as(known[key], value, key)
    if "name" not in read:
        raise ValueError("a fault needs a name")
    return Fault(**read)  # type: ignore[arg-type]  # checked against the fields' own types just above


def fault_from_text(text: str) -> Fault:
    """A fault from `NAME[,KEY=VALUE...]`, e.g. `app_limit,pixel=12,seconds=30`. Raises ValueError."""
    name, *settings = text.split(",")
    pairs = [setting.partition("=") for setting in settings]
    if any(not separator for _, separator, _ in pairs):
        raise ValueError(f"{text!r} should read NAME,KEY=VALUE,...")
    return fault_from({"name": name} | {key: value for key, _, value in pairs})


def _as(type_name: str, value: object, key: str) -> object:
    try:
        if type_name.startswith("int"):
            return int(str(value))
        return float(str(value)) if type_name.startswith("float") else str(value)
    except ValueError:
        raise ValueError(f"{key} is {value!r}; it must be a number") from None


class Schedule:
    """The faults that wait for their requests and those that stand. Shared by the threads that answer."""

    def __init__(self, known: Collection[str], seed: int = 0) -> None:
        self._known = known
        self._random = random.Random(seed)  # noqa: S311 - a fault needs to be repeatable, not secret
        self._queued: deque[Fault] = deque()
        self._standing: list[tuple[Fault, float | None]] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault, now: float) -> None:
        """Let `fault` wait (it has `times`) or stand, its `seconds` counted from `now`. Raises ValueError."""
        if fault.name not in self._known:
            raise ValueError(f"{fault.name!r} is no fault of this server. Known are: {', '.join(sorted(self._known))}.")
        with self._lock:
            if fault.times is not None:
                self._queued.append(fault)
            else:
                self._standing.append((fault, None if fault.seconds is None else now + fault.seconds))

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._queued.clear()
            self._standing.clear()

    def active(self, now: float) -> list[Fault]:
        """What waits or stands at `now`, in order."""
        with self._lock:
            self._standing = [(fault, until) for fault, until in self._standing if until is None or now < until]
            return [*self._queued, *(fault for fault, _ in self._standing)]

    def drawn(self, pixel: str, endpoint: str, now: float) -> list[Fault]:
        """The faults that strike one request at `now`: at most one of those that wait, then what stands."""
        with self._lock:
            taken = self._taken(pixel, endpoint)
            standing = [
                fault
                for fault, until in self._standing
                if (until is None or now < until) and fault.strikes(pixel, endpoint) and self._hits(fault)
            ]
        return [*([taken] if taken else []), *standing]

    def delay(self, faults: Collection[Fault]) -> float:
        """Seconds that an answer struck by `faults` waits."""
        with self._lock:
            return sum(
                max(0.0, fault.delay_seconds + fault.spread_seconds * self._random.uniform(-1, 1)) for fault in faults
            )

    def _taken(self, pixel: str, endpoint: str) -> Fault | None:
        for place, fault in enumerate(self._queued):
            if fault.strikes(pixel, endpoint) and self._hits(fault):
                if fault.times is not None and fault.times > 1:
                    self._queued[place] = replace(fault, times=fault.times - 1)
                else:
                    del self._queued[place]
                return fault
        return None

    def _hits(self, fault: Fault) -> bool:
        return fault.rate >= 1.0 or self._random.random() < fault.rate
