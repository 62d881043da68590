"""The sandbox's own paths, under /_sandbox/: read its books, order faults, change tokens. JSON in and out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from capi_stream.sandbox.faults import fault_from
from capi_stream.sandbox.ledger import as_json
from capi_stream.sandbox.poison import poison_from
from capi_stream.sandbox.wire import Answer, Request

if TYPE_CHECKING:
    from capi_stream.sandbox.server import Sandbox

ROOT = "/_sandbox/"
TRUE = ("1", "true", "yes")


def answer(sandbox: Sandbox, request: Request) -> Answer:
    """Do what the request asks of the sandbox itself. A mistake is answered with 400 and a sentence."""
    what = request.path.removeprefix(ROOT).strip("/")
    act = ACTIONS.get((request.method, what))
    if act is None:
        known = ", ".join(f"{method} {ROOT}{name}" for method, name in ACTIONS)
        return _json(404, {"error": f"{request.method} {request.path} is unknown. Known are: {known}."})
    try:
        return _json(200, act(sandbox, request))
    except (ValueError, TypeError, OverflowError) as error:
        return _json(400, {"error": str(error)})


def _health(sandbox: Sandbox, _: Request) -> Any:
    return {"status": "ok", "events_accepted": sandbox.ledger.total()}


def _ledger(sandbox: Sandbox, request: Request) -> Any:
    with_ids = request.query.get("ids", "").lower() in TRUE
    return sandbox.ledger.summary(request.query.get("pixel"), with_ids=with_ids)


def _clear_ledger(sandbox: Sandbox, _: Request) -> Any:
    sandbox.ledger.clear()
    return {}


def _events(sandbox: Sandbox, request: Request) -> Any:
    return sandbox.events(request.query.get("pixel"), request.query.get("endpoint", "graph"))


def _requests(sandbox: Sandbox, request: Request) -> Any:
    return as_json(sandbox.ledger.requests(int(request.query.get("last", "100"))))


def _faults(sandbox: Sandbox, _: Request) -> Any:
    return [
        {"name": fault.name, "pixel": fault.pixel, "times": fault.times, "rate": fault.rate}
        for fault in sandbox.schedule.active(time.monotonic())
    ]


def _add_faults(sandbox: Sandbox, request: Request) -> Any:
    faults = [fault_from(values) for values in _objects(request)]
    sandbox.order(*faults)
    return {"added": len(faults)}


def _clear_faults(sandbox: Sandbox, _: Request) -> Any:
    sandbox.clear_faults()
    return {}


def _add_poison(sandbox: Sandbox, request: Request) -> Any:
    poisons = [poison_from(values) for values in _objects(request)]
    sandbox.poison(*poisons)
    return {"added": len(poisons)}


def _clear_poison(sandbox: Sandbox, _: Request) -> Any:
    sandbox.clear_poison()
    return {}


def _tokens(sandbox: Sandbox, request: Request) -> Any:
    """Each object: {"pixel", "expire_in_seconds"} or {"pixel", "token"}, or {"pixel"} alone for a fresh token."""
    tokens: dict[str, str] = {}
    for values in _objects(request):
        pixel, token, seconds = values.get("pixel"), values.get("token"), values.get("expire_in_seconds")
        if not isinstance(pixel, str) or not isinstance(token, str | None):
            raise TypeError('a token needs {"pixel": "...", "token": "..."}, both strings')
        if seconds is not None:
            sandbox.expire_token(pixel, float(seconds))
        else:
            sandbox.renew_token(pixel, token)
        tokens[pixel] = sandbox.token(pixel)
    return tokens


ACTIONS: dict[tuple[str, str], Callable[[Sandbox, Request], Any]] = {
    ("GET", "health"): _health,
    ("GET", "ledger"): _ledger,
    ("DELETE", "ledger"): _clear_ledger,
    ("GET", "events"): _events,
    ("GET", "requests"): _requests,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "poison"): _add_poison,
    ("DELETE", "poison"): _clear_poison,
    ("POST", "tokens"): _tokens,
}


def _objects(request: Request) -> list[dict[str, Any]]:
    """The body as a list of objects; one object is a list of one. Raises ValueError."""
    try:
        values = json.loads(request.body or b"null")
    except RecursionError:
        raise ValueError("the body nests too deep") from None
    found = values if isinstance(values, list) else [values]
    if not all(isinstance(item, dict) for item in found):
        raise ValueError("the body must be a JSON object, or an array of them")
    return found


def _json(status: int, values: Any) -> Answer:
    return Answer(status, json.dumps(values).encode())
