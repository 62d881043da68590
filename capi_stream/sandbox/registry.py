"""The stand-in of a schema registry: the part of the Confluent API that clients which read and write records use.

with StandInRegistry() as registry:
    schema_id = registry.register("commerce.events-value", schema_text)
    registry.next(Fault("down", times=3))
    ...  # point the code under test at registry.url
"""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from capi_stream.sandbox.faults import REGISTRY_FAULTS, Fault, Schedule
from capi_stream.sandbox.schemas import RegistryError, Schemas
from capi_stream.sandbox.wire import Answer, Delivery, Listener, Request

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
REQUESTS_KEPT = 10_000


class StandInRegistry:
    """The stand-in: made, entered, asked. Raises OSError if the port is taken."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, seed: int = 0) -> None:
        self.schemas = Schemas()
        self.schedule = Schedule(REGISTRY_FAULTS, seed)
        self._requests: deque[str] = deque(maxlen=REQUESTS_KEPT)
        self._listener = Listener(self._answer, host, port)

    @property
    def url(self) -> str:
        """What `registry.url` is set to."""
        return self._listener.url

    @property
    def requests(self) -> list[str]:
        """The requests that came, e.g. "GET /schemas/ids/1", oldest first."""
        return list(self._requests)

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

    def register(self, subject: str, schema: str, references: Sequence[Mapping[str, Any]] = ()) -> int:
        """Register an Avro schema, as its JSON text; return its id. Raises RegistryError for what is no schema."""
        return self.schemas.register(subject, schema, references).schema.id

    def next(self, *faults: Fault | str) -> None:
        """Let each of `faults` strike the next request, once or `times` times, in this order."""
        for fault in map(_fault, faults):
            self.schedule.add(replace(fault, times=fault.times or 1), time.monotonic())

    def always(self, *faults: Fault | str) -> None:
        """Let `faults` strike every request, with their `rate`, for their `seconds` or until they are cleared."""
        for fault in map(_fault, faults):
            self.schedule.add(replace(fault, times=None), time.monotonic())

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        self.schedule.clear()

    def _answer(self, request: Request) -> Answer:
        self._requests.append(f"{request.method} {request.path}")
        faults = self.schedule.drawn("", "", time.monotonic())
        struck = next((fault for fault in faults if fault.name != "latency"), None)
        if struck is not None and struck.name == "unknown" and request.path.endswith("/versions"):
            struck = None  # a replica that lags does not know what was registered; it still takes what is new
        answer = self._true_answer(request) if struck is None else FAULTY[struck.name]
        return replace(answer, delay_seconds=self.schedule.delay(faults))

    def _true_answer(self, request: Request) -> Answer:
        try:
            for method, pattern, act in ROUTES:
                found = re.fullmatch(pattern, request.path.rstrip("/")) if method == request.method else None
                if found:
                    return _json(200, act(self.schemas, [unquote(part) for part in found.groups()], request))
        except RegistryError as error:
            return _refusal(error.code, str(error))
        return _refusal(404, "HTTP 404 Not Found")


def _fault(fault: Fault | str) -> Fault:
    return Fault(fault) if isinstance(fault, str) else fault


def _sent_schema(request: Request) -> tuple[str, list[dict[str, Any]], str]:
    """The schema's text, references and type in a request's body. Raises RegistryError."""
    try:
        values = json.loads(request.body)
        text, references, kind = values["schema"], values.get("references") or [], values.get("schemaType") or "AVRO"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RegistryError(42201, "The body must be a JSON object with a schema") from None
    if not isinstance(text, str) or not isinstance(references, list):
        raise RegistryError(42201, "schema must be a string and references an array")
    if not all(isinstance(reference, dict) for reference in references):
        raise RegistryError(42201, "references must be objects")
    return text, references, str(kind)


def _register(schemas: Schemas, parts: list[str], request: Request) -> Any:
    return schemas.register(parts[0], *_sent_schema(request)).as_json()


def _look_up(schemas: Schemas, parts: list[str], request: Request) -> Any:
    return schemas.look_up(parts[0], *_sent_schema(request)).as_json()


def _by_id(schemas: Schemas, parts: list[str], request: Request) -> Any:
    """With ?subject=... where it is registered there is added, as newer registries do."""
    schema = schemas.by_id(int(parts[0]))
    subject = request.query.get("subject")
    versions = [version for version in schemas.versions_of(schema.id) if version.subject == subject]
    return versions[-1].as_json() if versions else schema.as_json()


def _by_guid(schemas: Schemas, parts: list[str], _: Request) -> Any:
    return schemas.by_guid(parts[0]).as_json()


def _subjects(schemas: Schemas, _: list[str], request: Request) -> Any:
    prefix = request.query.get("subjectPrefix", "")
    return [subject for subject in schemas.subjects() if subject.startswith(prefix)]


def _versions(schemas: Schemas, parts: list[str], _: Request) -> Any:
    return [version.number for version in schemas.versions(parts[0])]


def _version(schemas: Schemas, parts: list[str], _: Request) -> Any:
    return schemas.version(parts[0], parts[1]).as_json()


def _where(schemas: Schemas, parts: list[str], _: Request) -> Any:
    return [{"subject": version.subject, "version": version.number} for version in schemas.versions_of(int(parts[0]))]


ROUTES: tuple[tuple[str, str, Callable[[Schemas, list[str], Request], Any]], ...] = (
    ("GET", "", lambda *_: {}),
    ("GET", "/subjects", _subjects),
    ("POST", "/subjects/([^/]+)", _look_up),
    ("GET", "/subjects/([^/]+)/versions", _versions),
    ("POST", "/subjects/([^/]+)/versions", _register),
    ("GET", "/subjects/([^/]+)/versions/([^/]+)", _version),
    ("GET", "/schemas/ids/([0-9]{1,9})", _by_id),
    ("GET", "/schemas/ids/([0-9]{1,9})/versions", _where),
    ("GET", "/schemas/guids/([^/]+)", _by_guid),
    ("GET", "/schemas/types", lambda *_: ["AVRO"]),
)


def _json(status: int, values: Any) -> Answer:
    return Answer(status, json.dumps(values).encode(), CONTENT_TYPE)


def _refusal(code: int, message: str) -> Answer:
    return _json(int(str(code)[:3]), {"error_code": code, "message": message})


FAULTY: dict[str, Answer] = {
    "down": _refusal(50301, "The registry is not available"),
    "html_404": Answer(404, b"<html><body><h1>404 Not Found</h1></body></html>", "text/html"),
    "unknown": _refusal(40403, "Schema not found"),
    "reset": Answer(500, delivery=Delivery.RESET),
}
"""What the registry answers under a fault; `latency` only waits."""
