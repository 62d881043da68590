"""The stand-in of a schema registry, asked by the client that the service uses and by plain HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.registry import StandInRegistry
from capi_stream.sandbox.schemas import RegistryError
from tests.sandbox.sandbox_client import call

RECORD = json.dumps({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]})
OTHER = json.dumps({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "long"}]})
SUBJECT = "orders/eu-value"

NewClient = Callable[[], SchemaRegistryClient]


@pytest.fixture
def registry() -> Iterator[StandInRegistry]:
    with StandInRegistry() as running:
        yield running


@pytest.fixture
def new_client(registry: StandInRegistry) -> Iterator[NewClient]:
    """Makes clients whose caches are empty."""
    with ExitStack() as stack:

        def made() -> SchemaRegistryClient:
            client = SchemaRegistryClient({"url": registry.url, "timeout": 5, "max.retries": 0})
            return stack.enter_context(closing(client))

        yield made


def test_a_schema_is_registered_and_found_by_id_guid_subject_and_text(
    registry: StandInRegistry, new_client: NewClient
) -> None:
    schema_id = new_client().register_schema(SUBJECT, Schema(RECORD, "AVRO"))
    asked = new_client()

    found = asked.lookup_schema(SUBJECT, Schema(RECORD, "AVRO"))
    assert (found.schema_id, found.version, found.subject) == (schema_id, 1, SUBJECT)
    assert found.guid is not None
    assert asked.get_schema(schema_id).schema_str == RECORD
    assert new_client().get_schema(schema_id, SUBJECT).schema_str == RECORD
    assert new_client().get_schema_by_guid(found.guid).schema_str == RECORD
    assert new_client().get_latest_version(SUBJECT).version == 1


def test_versions_count_up_and_the_same_schema_keeps_its_id(registry: StandInRegistry, new_client: NewClient) -> None:
    first, second = registry.register(SUBJECT, RECORD), registry.register(SUBJECT, OTHER)

    assert registry.register(SUBJECT, json.dumps(json.loads(RECORD), indent=2)) == first
    assert registry.register("another", RECORD) == first
    asked = new_client()
    assert asked.get_versions(SUBJECT) == [1, 2]
    assert asked.get_version(SUBJECT, 2).schema_id == second
    assert asked.get_latest_version(SUBJECT).schema_id == second
    assert asked.get_subjects() == ["another", SUBJECT]
    assert {where.subject for where in asked.get_schema_versions(first)} == {SUBJECT, "another"}


def test_references_come_back(registry: StandInRegistry, new_client: NewClient) -> None:
    registry.register("order", RECORD)
    reference = SchemaReference("Order", "order", 1)
    asked = new_client()
    schema_id = asked.register_schema("cart", Schema('{"type": "array", "items": "Order"}', "AVRO", [reference]))

    assert new_client().get_schema(schema_id).references == [reference]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/subjects/none/versions", None, 404, 40401),
        ("GET", "/subjects/none/versions/latest", None, 404, 40401),
        ("GET", "/subjects/known/versions/7", None, 404, 40402),
        ("GET", "/subjects/known/versions/x", None, 422, 42202),
        ("GET", "/schemas/ids/7", None, 404, 40403),
        ("GET", "/schemas/guids/7", None, 404, 40403),
        ("POST", "/subjects/known", {"schema": OTHER}, 404, 40403),
        ("POST", "/subjects/none", {"schema": RECORD}, 404, 40401),
        ("POST", "/subjects/known/versions", {"schema": '{"type": "record"}'}, 422, 42201),
        ("POST", "/subjects/known/versions", {"schema": "{"}, 422, 42201),
        ("POST", "/subjects/known/versions", {"schema": 7}, 422, 42201),
        ("POST", "/subjects/known/versions", [], 422, 42201),
        (
            "POST",
            "/subjects/known/versions",
            {"schema": RECORD, "references": [{"name": "N", "subject": "none", "version": 1}]},
            422,
            42201,
        ),
        ("GET", "/nothing", None, 404, 404),
    ],
)
def test_what_is_not_there_or_wrong_has_its_code(
    registry: StandInRegistry, method: str, path: str, body: Any, status: int, code: int
) -> None:
    registry.register("known", RECORD)

    answer = call(registry.url, method, path, None if body is None else json.dumps(body).encode())

    assert (answer.status, answer.values["error_code"]) == (status, code)


@pytest.mark.parametrize(
    ("fault", "status", "code"), [("down", 503, 50301), ("html_404", 404, -1), ("unknown", 404, 40403)]
)
def test_a_fault_strikes_once_and_then_the_schema_is_there(
    registry: StandInRegistry, new_client: NewClient, fault: str, status: int, code: int
) -> None:
    schema_id = registry.register(SUBJECT, RECORD)
    registry.next(fault)
    asked = new_client()

    with pytest.raises(SchemaRegistryError) as seen:
        asked.get_schema(schema_id)

    assert (seen.value.http_status_code, seen.value.error_code) == (status, code)
    assert asked.get_schema(schema_id).schema_str == RECORD
    assert registry.requests == [f"GET /schemas/ids/{schema_id}"] * 2


def test_a_schema_can_be_unknown_until_faults_are_cleared(registry: StandInRegistry, new_client: NewClient) -> None:
    registry.always("unknown")
    schema_id = new_client().register_schema(SUBJECT, Schema(RECORD, "AVRO"))
    asked = new_client()
    with pytest.raises(SchemaRegistryError):
        asked.get_schema(schema_id)

    registry.clear_faults()

    assert asked.get_schema(schema_id).schema_str == RECORD


def test_an_answer_can_be_late_or_never_come(registry: StandInRegistry, new_client: NewClient) -> None:
    schema_id = registry.register(SUBJECT, RECORD)
    registry.next(Fault("latency", delay_seconds=0.05))
    started = time.monotonic()
    new_client().get_schema(schema_id)
    assert time.monotonic() - started >= 0.05

    registry.next("reset")
    with pytest.raises(ConnectionResetError):
        call(registry.url, "GET", f"/schemas/ids/{schema_id}")


def test_a_fault_of_the_api_is_none_of_the_registry(registry: StandInRegistry) -> None:
    with pytest.raises(ValueError, match="no fault of this server"):
        registry.next("app_limit")


def test_registering_what_is_no_schema_says_so(registry: StandInRegistry) -> None:
    with pytest.raises(RegistryError) as seen:
        registry.register(SUBJECT, "7")

    assert seen.value.code == 42201
