"""Whatever is sent, the sandbox answers: as the API would, or with a sentence. It never fails itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capi_stream.sandbox.attribution import ATTRIBUTION, ORIGINAL_EVENT, SETTING
from capi_stream.sandbox.customer import KNOWN
from capi_stream.sandbox.judging import Conduct
from capi_stream.sandbox.poison import Poison
from capi_stream.sandbox.purchase import CONTENT, CUSTOM_DATA
from capi_stream.sandbox.registry import StandInRegistry
from capi_stream.sandbox.rules import APP_DATA, EVENT
from capi_stream.sandbox.server import Sandbox
from capi_stream.sandbox.wire import Answer, Request
from tests.sandbox.sandbox_client import call, purchase

HUGE = 10**400  # longer than a float
KEYS = sorted({*EVENT, *KNOWN, *CUSTOM_DATA, *CONTENT, *APP_DATA, *ATTRIBUTION, *SETTING, *ORIGINAL_EVENT})
OBJECTS = {
    "user_data": KNOWN,
    "custom_data": CUSTOM_DATA,
    "app_data": APP_DATA,
    "attribution_data": ATTRIBUTION,
    "original_event_data": ORIGINAL_EVENT,
}
WORDS = ["", "Purchase", "AppendAttribution", "app", "business_messaging", "LDU", "EUR", "\ud800", "\0", "{path}"]

SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, 1, HUGE, -HUGE])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=5)
)
JSON = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
PLACES = [(), *((key,) for key in EVENT), *((name, key) for name, keys in OBJECTS.items() for key in sorted(keys))]


@st.composite
def almost_good(draw: st.DrawFn) -> Any:
    """An event that keeps every rule but in a few places, where anything may stand."""
    event: Any = purchase(
        action_source=draw(st.sampled_from(["website", "app", "business_messaging", "physical_store"])),
        event_name=draw(st.sampled_from(["Purchase", "Lead", "AppendAttribution"])),
        messaging_channel="whatsapp",
        app_data={"advertiser_tracking_enabled": 1, "extinfo": ["a2", "", "", "", "14", *[""] * 11]},
        attribution_data={},
        original_event_data={},
        data_processing_options=["LDU"],
        data_processing_options_country=1,
        data_processing_options_state=0,
    )
    for place in draw(st.lists(st.sampled_from(PLACES), max_size=3)):
        if not place:
            event = draw(JSON)
        elif isinstance(event, dict) and len(place) == 1:
            event[place[0]] = draw(JSON)
        elif isinstance(event, dict) and isinstance(event.get(place[0]), dict):
            event[place[0]][place[-1]] = draw(JSON)
    return event


CONDUCTS = [Conduct(), Conduct(is_strict=True), Conduct(is_checked=False), Conduct(naming="error_data")]


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[list[Sandbox]]:
    made = [Sandbox(conduct=conduct) for conduct in CONDUCTS]
    for sandbox in made:
        sandbox.poison("bad-", Poison(marker="is_poison"), Poison(event_ids=frozenset(["a"]), naming="first"))
    yield made
    for sandbox in made:
        sandbox.stop()


@pytest.fixture(scope="module")
def registry() -> Iterator[StandInRegistry]:
    made = StandInRegistry()
    made.register("a", '"string"')
    yield made
    made.stop()


def answered(sandbox: Sandbox | StandInRegistry, method: str, path: str, body: bytes, **headers: str) -> Answer:
    """What the server answers, without a socket between: an exception of its own comes out."""
    path, _, query = path.partition("?")
    pairs = dict(pair.split("=") for pair in query.split("&") if pair)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = sandbox._answer(Request(method, path, pairs, named, body, 1))
    assert answer.head()
    return answer


def posted(sandbox: Sandbox, data: Any, **headers: str) -> Answer:
    body = json.dumps({"data": data}).encode()
    return answered(sandbox, "POST", "/v25.0/12/events", body, authorization="Bearer sandbox-12", **headers)


@given(data=st.lists(almost_good(), min_size=1, max_size=3) | JSON)
@example(data=[purchase(custom_data={"status": 7, "value": 1, "currency": "EUR"})])
@example(data=[purchase(event_time=HUGE)])
@example(data=[[]])
@example(data=[purchase() | {"event_id": ["a"]}])
def test_any_event_is_taken_or_refused(sandboxes: list[Sandbox], data: Any) -> None:
    for sandbox in sandboxes:
        answer = posted(sandbox, data)

        assert answer.status in (200, 400)
        assert sandbox.ledger.summary(with_ids=True)


@pytest.mark.parametrize("fault", [{"custom_data": {"status": 7}}, {"event_time": HUGE}])
def test_a_value_that_nobody_expects_is_answered_over_the_wire(fault: dict[str, Any]) -> None:
    body = json.dumps({"data": [purchase(**fault)]}).encode()
    with Sandbox() as sandbox:
        answer = call(sandbox.url, "POST", "/v25.0/12/events", body, Authorization="Bearer sandbox-12")

    assert answer.error["code"] == 100


BODY = (
    st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.sampled_from([b"[" * 100_000, b"1" * 5_000, b'{"data": [' + b"9" * 5_000 + b"]}", b'["data"]'])
)
PART = st.sampled_from(
    [
        b"--x\r\n",
        b"--x--",
        b'Content-Disposition: form-data; name="data"\r\n',
        b"Content-Disposition: form-data; name*=utf-9'%FF\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: x-uuencode\r\n",
        b"Content-Type: multipart/mixed; boundary=y\r\n",
        b"Content-Type: text/plain; charset=none\r\n",
        b"\r\n",
        b"[1",
        b"[{}]",
        b"\xff",
    ]
)
CONTENT_TYPES = ["application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "\xff"]


@given(
    body=BODY | st.lists(PART, max_size=12).map(b"".join),
    content_type=st.sampled_from(CONTENT_TYPES),
    path=st.sampled_from(["/v25.0/12/events", "/capi/12/events", "/v25.0/%FF/events", "//", "/v25.0/12/events?a=b"]),
)
def test_any_body_is_answered(sandboxes: list[Sandbox], body: bytes, content_type: str, path: str) -> None:
    headers = {"authorization": "Bearer sandbox-12", "content_type": content_type}
    for sandbox in sandboxes:
        assert answered(sandbox, "POST", path, body, **headers).status in (200, 202, 400, 401, 404)


SETTINGS = ["name", "times", "rate", "pixel", "prefix", "event_ids", "marker", "naming", "error", "token", "status"]
SETTINGS += ["expire_in_seconds", "delay_seconds", "seconds", "body_bytes", "endpoint", "minutes", "percent"]
ORDER = st.dictionaries(st.sampled_from(SETTINGS), JSON | st.sampled_from(["usage", "huge", "html", "latency"]))


@given(
    body=BODY | (ORDER | st.lists(ORDER, max_size=2)).map(lambda order: json.dumps(order).encode()),
    path=st.sampled_from(["faults", "poison", "tokens", "requests?last=-1", "requests?last=x", "ledger?ids=1", "?"]),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
)
@example(body=json.dumps({"prefix": 7}).encode(), path="poison", method="POST")
@example(body=json.dumps({"marker": ["a"]}).encode(), path="poison", method="POST")
@example(body=json.dumps({"pixel": "12", "expire_in_seconds": HUGE}).encode(), path="tokens", method="POST")
@example(body=json.dumps({"name": "latency", "delay_seconds": 1e300}).encode(), path="faults", method="POST")
@example(body=json.dumps({"name": "huge", "body_bytes": 10**30}).encode(), path="faults", method="POST")
def test_any_order_is_obeyed_or_answered_with_a_sentence(body: bytes, path: str, method: str) -> None:
    sandbox = Sandbox()
    try:
        assert answered(sandbox, method, f"/_sandbox/{path}", body).status in (200, 400, 404)
        posts = [
            answered(sandbox, "POST", "/v25.0/12/events", b"{}", authorization="Bearer sandbox-12"),
            posted(sandbox, [purchase()]),
        ]
        assert all(answer.delay_seconds < threading.TIMEOUT_MAX for answer in posts)
    finally:
        sandbox.stop()


TEXT = st.sampled_from(['"string"', "[", "[" * 100_000, '{"type": "record"}', "\ud800"]) | JSON.map(json.dumps)
SCHEMA = st.fixed_dictionaries({"schema": TEXT | JSON}, optional={"references": JSON, "schemaType": JSON})
SUBJECTS = ["/subjects/a", "/subjects/a/versions", "/subjects/a/versions/²", f"/subjects/a/versions/{'9' * 5_000}"]
SCHEMAS = ["/schemas/ids/9", "/schemas/ids/" + "9" * 5_000, "/schemas/guids/x", "/subjects/%FF/versions"]


@given(
    body=BODY | SCHEMA.map(lambda schema: json.dumps(schema).encode()),
    path=st.sampled_from(SUBJECTS + SCHEMAS),
    method=st.sampled_from(["GET", "POST"]),
)
def test_any_request_to_the_registry_is_answered(
    registry: StandInRegistry, body: bytes, path: str, method: str
) -> None:
    assert answered(registry, method, path, body).status in (200, 404, 422)
