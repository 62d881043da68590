"""Verdicts put into answers, and answers put out of order."""

from __future__ import annotations

import json
from dataclasses import replace

from capi_stream.sandbox.errors import ERRORS, error_body, gateway_error_body
from capi_stream.sandbox.faults import SPOILING, Fault, Naming
from capi_stream.sandbox.judging import Verdict
from capi_stream.sandbox.shapes import PATH
from capi_stream.sandbox.wire import Answer, Delivery

HTML = "text/html; charset=utf-8"


def answer_to(verdict: Verdict, endpoint: str, naming: Naming, fbtrace_id: str) -> Answer:
    """What the API, or a Gateway, answers."""
    if verdict.error is not None:
        return error_answer(verdict.error, endpoint, fbtrace_id, verdict, naming)
    if endpoint == "gateway":
        return Answer(202, b"{}")  # "accepted, not processed": no events_received
    success = {"events_received": verdict.size, "messages": [], "fbtrace_id": fbtrace_id}
    return Answer(200, json.dumps(success).encode(), headers=usage_headers(1))


def error_answer(
    name: str, endpoint: str, fbtrace_id: str, verdict: Verdict | None = None, naming: Naming = "documented"
) -> Answer:
    """The answer of the error called `name`; `verdict` says which event is refused for what."""
    if name == "too_large":
        return _page(413)
    error, verdict = ERRORS[name], verdict or Verdict(name)
    text, blamed = _named(verdict, verdict.naming or naming)
    if endpoint == "gateway":
        return Answer(error.gateway_status, gateway_error_body(error, text))
    data = {"blame_field_specs": [["data"]], **blamed} if error.code == 100 else None
    return Answer(error.status, error_body(error, fbtrace_id, text, data), headers=usage_headers(1))


def _named(verdict: Verdict, naming: Naming) -> tuple[str, dict[str, object]]:
    """The sentence of `verdict` for people, with the event's index or without, and what `error_data` says of it."""
    if verdict.index is None:
        return verdict.text, {}
    if naming in ("never", "error_data"):
        blamed: dict[str, object] = {"event_index": verdict.index} if naming == "error_data" else {}
        return verdict.text.replace(PATH, verdict.path or "data"), blamed
    place = f"$['data'][{0 if naming == 'first' else verdict.index}]{verdict.path}"
    if PATH in verdict.text:
        return verdict.text.replace(PATH, place), {}
    return (verdict.text if naming == "documented" else f"{verdict.text} ({place})"), {}


def replaced(fault: Fault, pixel: str, endpoint: str, fbtrace_id: str) -> Answer:
    """What is answered in place of judging the request, for a fault of `REPLACING` or of `ERRORS`."""
    if fault.name in ERRORS:
        verdict = Verdict(fault.name, f"The parameter {PATH} was found invalid.", fault.index)
        answer = error_answer(fault.name, endpoint, fbtrace_id, verdict if fault.index is not None else None, "always")
        answer = replace(answer, headers={**answer.headers, **_throttle_headers(fault, pixel)})
    else:
        answer = _replacement(fault, fbtrace_id)
    return replace(answer, status=fault.status) if fault.status is not None else answer


def _replacement(fault: Fault, fbtrace_id: str) -> Answer:
    match fault.name:
        case "too_many_requests":
            return replace(_page(429), headers={"Retry-After": str(fault.retry_after_seconds)})
        case "error_as_200":
            return Answer(200, error_body(ERRORS["transient"], fbtrace_id))
        case "huge":
            return Answer(200, b" " * fault.body_bytes + b'{"events_received": 1}')
        case name:
            return _PLAIN[name]


def spoilt(answer: Answer, fault: Fault) -> Answer:
    """The true `answer` as it arrives under a fault of `SPOILING`. Its delay is added apart."""
    match fault.name:
        case "usage":
            return replace(answer, headers={**answer.headers, **usage_headers(fault.percent, fault.minutes)})
        case "lost":
            return replace(answer, delivery=Delivery.LOST)
        case "reset":
            return replace(answer, delivery=Delivery.RESET)
        case "cut":
            return replace(answer, delivery=Delivery.CUT)
        case "lost_behind_proxy":
            return _page(fault.status or 502)
        case "dripped":
            return replace(answer, delivery=Delivery.DRIPPED, step_seconds=fault.step_seconds)
        case "short_count" | "messages":
            return _altered(answer, fault.name)
        case _:
            assert fault.name in ("latency", *SPOILING)
            return answer


def _altered(answer: Answer, name: str) -> Answer:
    """A success of Graph that counts one event too few, or has something to say; other answers as they are."""
    try:
        values = json.loads(answer.body)
    except ValueError:  # another fault has already made it unreadable
        return answer
    if "events_received" not in values:
        return answer
    if name == "short_count":
        values["events_received"] -= 1
    else:
        values["messages"] = ["Something that no page documents."]
    return replace(answer, body=json.dumps(values).encode())


def usage_headers(percent: float, minutes: float = 0.0) -> dict[str, str]:
    """Two of the rate-limit headers, JSON in a string, at `percent` of the limit; `minutes` to wait once it is met."""
    app = {"call_count": percent, "total_time": percent, "total_cputime": 0}
    wait = minutes if percent >= 100 else 0
    account = {"acc_id_util_pct": percent, "reset_time_duration": wait * 60, "ads_api_access_tier": "standard_access"}
    return {"X-App-Usage": json.dumps(app), "X-Ad-Account-Usage": json.dumps(account)}


def _throttle_headers(fault: Fault, pixel: str) -> dict[str, str]:
    match fault.name:
        case "app_limit" | "account_limit":
            return usage_headers(100, fault.minutes)
        case "business_limit":
            row = {
                "type": "ads_management",
                "call_count": 100,
                "total_cputime": 25,
                "total_time": 25,
                "estimated_time_to_regain_access": fault.minutes,
                "ads_api_access_tier": "standard_access",
            }
            return {"X-Business-Use-Case-Usage": json.dumps({pixel: [row]})}
        case _:
            return {}


def _page(status: int) -> Answer:
    return Answer(status, b"<!DOCTYPE html><html><body><h1>Sorry, something went wrong.</h1></body></html>", HTML)


_PLAIN: dict[str, Answer] = {
    "html": _page(502),
    "too_large": _page(413),
    "empty": Answer(200),
    "unreadable": Answer(200, b'{"events_received": '),
    "not_success": Answer(200, b'{"success": true}'),
    "error_as_text": Answer(400, b'{"error": "something went wrong"}'),
    "refused": Answer(500, delivery=Delivery.RESET),
    "hung_up": Answer(500, delivery=Delivery.LOST),
}
"""The answers of those faults of `REPLACING` that never differ."""
