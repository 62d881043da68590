"""One post judged: its token, its pixel, its events. What comes out is a verdict, not yet an answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from capi_stream.sandbox import bodies
from capi_stream.sandbox.faults import Naming
from capi_stream.sandbox.ledger import Keeping
from capi_stream.sandbox.poison import Poison
from capi_stream.sandbox.rules import not_an_object, violation, warnings
from capi_stream.sandbox.shapes import PATH
from capi_stream.sandbox.tokens import Standing, Tokens
from capi_stream.sandbox.wire import Request

MOST_EVENTS = 1_000  # "Batch Requests", Using the API
TEXTS = (
    *("test_event_code", "partner_agent", "namespace_id", "upload_id", "upload_tag", "upload_source"),
    "appsecret_proof",
)
"""What may stand beside `data`, of section 1 of the reference."""

_is_proof = re.compile(r"[0-9a-f]{64}").fullmatch
EVENT_MARK = b'"action_source":'  # once in every event, and never inside a JSON string, where quotes are escaped


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the sandbox behaves where the API's documentation leaves room, or a test needs it otherwise.

    `is_checked` False knows no rules, for load tests; if no ids and no events are kept either, events are counted
    without being read. `is_strict` refuses what is only warned of else. `max_body_bytes` is our own: the API documents
    no limit.
    """

    naming: Naming = "documented"
    is_checked: bool = True
    is_strict: bool = False
    gateway_needs_key: bool = True
    max_body_bytes: int = 16 * 1024 * 1024
    keeping: Keeping = field(default_factory=Keeping)

    @property
    def reads_events(self) -> bool:
        """Whether anybody wants to know what is in a post."""
        return self.is_checked or self.keeping.ids or self.keeping.events != 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a post: `error` is None if it was accepted. `size` counts its events, read or not.

    `index` and `path` say which event was refused for what, where one was.
    """

    error: str | None
    text: str = ""
    index: int | None = None
    path: str = ""
    naming: Naming | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0
    warnings: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Post:
    """A post as it was read. `problem` says why its body could not be; `size` counts its events."""

    pixel: str
    endpoint: str
    token: str | None
    token_in: str | None
    parameters: dict[str, Any] | None
    size: int
    body_bytes: int
    problem: str = ""


def read(request: Request, pixel: str, endpoint: str, conduct: Conduct) -> Post:
    """Find the token and, where they matter, the parameters of a post. Never raises."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    token, token_in = (bearer.strip(), "header") if scheme.lower() == "bearer" else (None, None)
    values: dict[str, Any] | None = None
    problem, size = "", 0
    if token is not None and not conduct.reads_events:
        size = request.body.count(EVENT_MARK)
    else:
        try:
            values = bodies.parameters(request)
            size = len(values["data"]) if isinstance(values.get("data"), list) else 0
        except bodies.Unreadable as error:
            problem = str(error)
    if token is None:
        token, token_in = _named_token(values or {}, request, "accessKey" if endpoint == "gateway" else "access_token")
    return Post(pixel, endpoint, token, token_in, values, size, len(request.body), problem)


def _named_token(values: dict[str, Any], request: Request, name: str) -> tuple[str | None, str | None]:
    if isinstance(values.get(name), str):
        return values[name], "body"
    if name in request.query:
        return request.query[name], "query"
    return None, None


def entry_error(post: Post, tokens: Tokens, conduct: Conduct) -> str | None:
    """The error that stops a post at the door: its token, its pixel or its size; None if it may come in."""
    if post.token is None:
        needs_token = post.endpoint != "gateway" or conduct.gateway_needs_key
        standing = Standing.UNKNOWN if needs_token else Standing.GOOD
    else:
        standing = tokens.standing(post.token, post.pixel)
    if standing is Standing.UNKNOWN:
        return "token_invalid"
    if standing is Standing.EXPIRED:
        return "token_expired"
    if standing is Standing.OTHER or not tokens.exists(post.pixel):
        return "unknown_pixel"  # the API does not tell a missing pixel from a missing right
    return "too_large" if post.body_bytes > conduct.max_body_bytes else None


def judge(post: Post, poisons: Collection[Poison], conduct: Conduct, unix_now: float) -> Verdict:
    """Judge the events of a post that came in: one bad event refuses all."""
    if post.problem:
        return Verdict("invalid", post.problem)
    if post.parameters is None or not conduct.reads_events:
        return Verdict(None, size=post.size)
    if conduct.is_checked and (wrong := _wrong_parameter(post.parameters)):
        return Verdict("invalid", wrong, size=post.size)
    events = bodies.events(post.parameters.get("data"))
    if events is None:
        return Verdict("schema", "The parameter data must be an array of objects.")
    if not 1 <= len(events) <= MOST_EVENTS:
        text = f"The parameter data must hold 1 to {MOST_EVENTS} events, and holds {len(events)}."
        return Verdict("invalid", text, size=len(events))
    return (
        _refusal(events, conduct, unix_now)
        or _poisoned(events, post.pixel, poisons)
        or Verdict(None, events=events, size=len(events), warnings=_warnings(events, post.parameters, conduct))
    )


def _wrong_parameter(values: dict[str, Any]) -> str:
    """What is wrong with the parameters beside `data`, as a sentence; empty if nothing is."""
    for name in TEXTS:
        if not isinstance(values.get(name, ""), str):
            return f"The parameter {name} must be a string."
    if "appsecret_proof" in values and not _is_proof(values["appsecret_proof"]):
        return "The appsecret_proof must be a SHA-256 in lowercase hex."
    return ""


def _refusal(events: list[Any], conduct: Conduct, unix_now: float) -> Verdict | None:
    for index, event in enumerate(events):
        found = violation(event, unix_now) if conduct.is_checked else not_an_object(event)
        if found is not None:
            return Verdict(found.error, found.text, index, found.path, size=len(events))
        if conduct.is_checked and conduct.is_strict and (slugs := list(warnings(event))):
            return Verdict("schema", f"The parameter {PATH} is refused as strict: {slugs[0]}.", index, size=len(events))
    return None


def _poisoned(events: list[dict[str, Any]], pixel: str, poisons: Iterable[Poison]) -> Verdict | None:
    for poison in poisons:
        for index, event in enumerate(events):
            if poison.is_in(event, pixel):
                text = f"The parameter {PATH} was found invalid."
                return Verdict(poison.error, text, index, naming=poison.naming, size=len(events))
    return None


def _warnings(events: list[dict[str, Any]], values: dict[str, Any], conduct: Conduct) -> Counter[str]:
    found = Counter(slug for event in events for slug in warnings(event)) if conduct.is_checked else Counter[str]()
    if values.get("test_event_code"):
        found["test_event_code"] += len(events)
    return found
