"""The stand-in of the Conversions API and of its Gateway: a server on loopback with rules, tokens and books of its own.

with Sandbox(pixels=["12"]) as sandbox:
    sandbox.next("app_limit", Fault("lost", pixel="12"))
    ...  # point the code under test at sandbox.url, with the token sandbox.token("12")
    assert sandbox.accepted("12") == {"order-1": 1}
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from capi_stream.sandbox import admin
from capi_stream.sandbox.answers import answer_to, error_answer, replaced, spoilt
from capi_stream.sandbox.faults import FAULTS, QUALITY, SPOILING, Fault, Schedule
from capi_stream.sandbox.fields import asked_for, only
from capi_stream.sandbox.inspecting import debug_token, token_in
from capi_stream.sandbox.judging import Conduct, Post, Verdict, entry_error, judge, read
from capi_stream.sandbox.ledger import Ledger, Posted
from capi_stream.sandbox.poison import Poison
from capi_stream.sandbox.quality import quality_rows
from capi_stream.sandbox.tokens import PREFIX, Tokens
from capi_stream.sandbox.wire import Answer, Delivery, Listener, Request

_graph_path = re.compile(r"/v\d+\.\d+/([^/]+)/events/?").fullmatch
_debug_path = re.compile(r"/v\d+\.\d+/debug_token/?").fullmatch
_quality_path = re.compile(r"/v\d+\.\d+/dataset_quality/?").fullmatch
_gateway_path = re.compile(r"/capi/([^/]+)/events/?").fullmatch


class Sandbox:
    """The stand-in: made, entered, asked. Without `pixels` it knows every pixel.

    `tokens` maps a pixel to its token; a pixel without one has `sandbox-<pixel>`. `clock` is the wall clock that events
    and tokens are judged by. Raises ValueError for a token that looks real, OSError if the port is taken.
    """

    def __init__(
        self,
        *,
        pixels: Collection[str] = (),
        tokens: Mapping[str, str] | None = None,
        conduct: Conduct | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.conduct = conduct or Conduct()
        self.tokens = Tokens(pixels, tokens or {}, clock)
        self.ledger = Ledger(self.conduct.keeping)
        self.schedule = Schedule(FAULTS, seed)
        self.poisons: tuple[Poison, ...] = ()
        self._clock = clock
        self._numbers = itertools.count(1)
        self._renewals = itertools.count(2)
        self._listener = Listener(self._answer, host, port)

    @property
    def url(self) -> str:
        """What `api.url` is set to; for a Gateway too."""
        return self._listener.url

    def start(self) -> None:
        """Begin to answer."""
        self._listener.start()

    def stop(self) -> None:
        """Close every connection."""
        self._listener.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    # What goes wrong

    def next(self, *faults: Fault | str) -> None:
        """Let each of `faults` strike the next request it is meant for, once or `times` times, in this order."""
        self.order(*(replace(fault, times=fault.times or 1) for fault in map(_fault, faults)))

    def always(self, *faults: Fault | str) -> None:
        """Let `faults` strike every request, with their `rate`, for their `seconds` or until they are cleared."""
        self.order(*(replace(fault, times=None) for fault in map(_fault, faults)))

    def order(self, *faults: Fault) -> None:
        """Let each of `faults` wait or stand as its own `times` says."""
        for fault in faults:
            self.schedule.add(fault, time.monotonic())

    def clear_faults(self) -> None:
        """Let nothing go wrong any more; poison stays."""
        self.schedule.clear()

    def poison(self, *poisons: Poison | str) -> None:
        """Refuse these events too; a text is the start of their event_id."""
        self.poisons += tuple(Poison(prefix=item) if isinstance(item, str) else item for item in poisons)

    def clear_poison(self) -> None:
        """Let nothing be poison any more."""
        self.poisons = ()

    # Tokens

    def token(self, pixel: str) -> str:
        """The token that opens `pixel`."""
        return self.tokens.of(pixel)

    def expire_token(self, pixel: str, in_seconds: float = 0.0) -> None:
        """Let the token of `pixel` end (190/463)."""
        self.tokens.expire(pixel, in_seconds)

    def renew_token(self, pixel: str, token: str | None = None) -> str:
        """Give `pixel` a new token, or make `token` its own; return it. The one before is no good any more."""
        fresh = token or f"{PREFIX}{pixel}-{next(self._renewals)}"
        self.tokens.renew(pixel, fresh)
        return fresh

    # The books

    @property
    def requests(self) -> list[Posted]:
        """The posts and questions of quality that came, oldest first."""
        return self.ledger.requests()

    def accepted(self, pixel: str | None = None, endpoint: str = "graph") -> Counter[str]:
        """How often each event id was accepted, by one pixel or by all."""
        return self.ledger.accepted(pixel, endpoint)

    def events(self, pixel: str | None = None, endpoint: str = "graph") -> list[dict[str, Any]]:
        """The events that were accepted, as they came."""
        return self.ledger.events(pixel, endpoint)

    def wait_for(self, events: int, pixel: str | None = None, seconds: float = 10.0) -> bool:
        """Wait until so many events were accepted; False if it took longer than `seconds`."""
        return self.ledger.wait_for(events, pixel, seconds)

    # A request

    def _answer(self, request: Request) -> Answer:
        if request.path.startswith(admin.ROOT):
            return admin.answer(self, request)
        if request.method == "GET" and _debug_path(request.path):
            answer = debug_token(request, self.tokens, self._fbtrace_id())
            return _with_warning(answer) if token_in(request)[1] == "query" else answer
        if request.method == "GET" and _quality_path(request.path):
            return self._quality(request)
        graph, gateway = _graph_path(request.path), _gateway_path(request.path)
        if request.method != "POST" or not (graph or gateway):
            name = "unknown_pixel" if graph or gateway else "unknown_path"  # 100/33: "unsupported request" as well
            return error_answer(name, "gateway" if gateway else "graph", self._fbtrace_id())
        if graph:
            return self._post(request, graph[1], "graph")
        assert gateway
        return self._post(request, gateway[1], "gateway")

    def _post(self, request: Request, pixel: str, endpoint: str) -> Answer:
        post = read(request, pixel, endpoint, self.conduct)

        def truth(error: str | None, fbtrace_id: str) -> tuple[str, Answer]:
            verdict = Verdict(error, size=post.size) if error else self._judged(post)
            return verdict.error or "accepted", answer_to(verdict, endpoint, self.conduct.naming, fbtrace_id)

        return self._struck(request, post, truth)

    def _quality(self, request: Request) -> Answer:
        """What the Dataset Quality API says of a pixel, by the events that were accepted and are still held."""
        pixel, (token, place) = request.query.get("dataset_id", ""), token_in(request)
        fields = asked_for(request.query.get("fields", ""))

        def truth(error: str | None, fbtrace_id: str) -> tuple[str, Answer]:
            if error is not None or fields is None:
                return error or "invalid", error_answer(error or "invalid", "graph", fbtrace_id)
            rows = quality_rows(self.ledger.events(pixel, "graph"), self._clock())
            return "answered", Answer(200, json.dumps({"web": only(rows, fields)}).encode())

        return self._struck(request, Post(pixel, QUALITY, token, place, None, 0, len(request.body)), truth)

    def _struck(self, request: Request, post: Post, truth: Callable[[str | None, str], tuple[str, Answer]]) -> Answer:
        """The answer of `truth`, as faults let it pass. `truth` takes what stops the request at the door, and an id,
        and gives the outcome and the answer."""
        fbtrace_id = self._fbtrace_id()
        error = entry_error(post, self.tokens, self.conduct)
        # A foreign token is told of before anything else: no fault may hide it.
        faults = [] if error == "token_invalid" else self.schedule.drawn(post.pixel, post.endpoint, time.monotonic())
        replacing = next((fault for fault in faults if fault.name not in SPOILING), None)
        if replacing is not None:
            outcome, answer = replacing.name, replaced(replacing, post.pixel, post.endpoint, fbtrace_id)
        else:
            outcome, answer = truth(error, fbtrace_id)
        striking = [fault for fault in faults if fault.name in SPOILING or fault is replacing]
        for fault in striking:
            answer = spoilt(answer, fault) if fault.name in SPOILING else answer
        answer = replace(answer, delay_seconds=self.schedule.delay(striking))
        self.ledger.enter(self._posted(request, post, outcome, answer, striking, fbtrace_id))
        return _with_warning(answer) if post.token_in == "query" else answer  # noqa: S105 - the name of a place

    def _judged(self, post: Post) -> Verdict:
        verdict = judge(post, self.poisons, self.conduct, self._clock())
        key = (post.pixel, post.endpoint)
        if verdict.error is None and self.conduct.reads_events:
            self.ledger.take(key, verdict.events, verdict.warnings)
        elif verdict.error is None:
            self.ledger.take_unread(key, verdict.size)
        return verdict

    def _posted(
        self, request: Request, post: Post, outcome: str, answer: Answer, faults: list[Fault], fbtrace_id: str
    ) -> Posted:
        is_answered = answer.delivery not in (Delivery.LOST, Delivery.RESET)
        return Posted(
            at=self._clock(),
            method=request.method,
            path=request.path,
            pixel=post.pixel,
            endpoint=post.endpoint,
            events=post.size,
            body_bytes=post.body_bytes,
            outcome=outcome,
            answered=answer.status if is_answered else None,
            faults=tuple(fault.name for fault in faults),
            token_in=post.token_in,
            fbtrace_id=fbtrace_id,
            connection=request.connection,
        )

    def _fbtrace_id(self) -> str:
        return f"Asandbox{next(self._numbers):018d}"


def _fault(fault: Fault | str) -> Fault:
    return Fault(fault) if isinstance(fault, str) else fault


def _with_warning(answer: Answer) -> Answer:
    """`answer`, saying that a token in a URL ends up in logs: the API takes it, and so do we, but not in silence."""
    warning = "access_token came in the query string; send it in the Authorization header or the body"
    return replace(answer, headers={**answer.headers, "X-Sandbox-Warning": warning})
