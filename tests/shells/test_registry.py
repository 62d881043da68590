"""Schemas from a registry, the real one and the stand-in: what is fetched, what is waited for, what is believed."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from capi_stream.kafka import registry as registry_of
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.registry import IDLE_SECONDS, Fetched, Lapsed, Said, SchemaFetcher, Unknown
from capi_stream.kafka.settings import RegistrySettings
from capi_stream.model import SchemaKey
from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.registry import StandInRegistry
from capi_stream.sandbox.wire import Answer, Listener
from tests.real.broker import free_port
from tests.real.clients import register_schema, wait_until


def schema_text(name: str, **fields: str) -> str:
    """A record's schema."""
    listed = [{"name": field, "type": kind} for field, kind in fields.items()]
    return json.dumps({"type": "record", "name": name, "fields": listed})


ORDER = schema_text("Order", number="long")
UNKNOWN_ID = 999_999


def fetcher(url: str, **changes: Any) -> SchemaFetcher:
    """Quick: what the registry does not know is believed at once, and after an outage it is asked soon again."""
    given: dict[str, Any] = {"unknown_after_seconds": 0.0, "answer_seconds": 1.0, "longest_backoff_seconds": 0.2}
    return SchemaFetcher(RegistrySettings({"url": url}, **(given | changes)))


def answers(schemas: SchemaFetcher, *keys: SchemaKey, seconds: float = 20.0) -> list[Said]:
    """What is said of `keys`, once all have an answer."""
    found: list[Said] = []

    def all_there() -> bool:
        schemas.want(keys)
        found.extend(schemas.fetched())
        return len(found) >= len(keys)

    wait_until(all_there, seconds, f"answers for {keys}")
    return found


def failed(schemas: SchemaFetcher, *keys: SchemaKey, times: int = 1) -> None:
    """Wait until it has failed that often, and see that nothing was said of `keys`."""
    schemas.want(keys)
    wait_until(lambda: schemas.fetches["failed"] >= times, 20, f"{times} failures")
    assert schemas.fetched() == []


@pytest.fixture
def stand_in() -> Iterator[StandInRegistry]:
    with StandInRegistry() as started:
        yield started


@pytest.fixture(params=["real", "stand-in"])
def either(request: pytest.FixtureRequest) -> str:
    """The address of a registry, of each kind in turn."""
    if request.param == "real":
        return str(request.getfixturevalue("registry"))
    return str(request.getfixturevalue("stand_in").url)


# What is fetched, from both registries.


def test_a_schema_is_fetched_by_its_id(either: str) -> None:
    number = register_schema(either, uuid.uuid4().hex, ORDER)
    schemas = fetcher(either)
    (found,) = answers(schemas, number)
    assert isinstance(found, Fetched)
    assert (found.key, json.loads(found.schema_text), found.references) == (number, json.loads(ORDER), ())
    assert (schemas.fetches, schemas.outage) == ({"fetched": 1}, None)


def test_the_texts_of_all_references_come_with_it_those_first_that_others_refer_to(either: str) -> None:
    money, basket = uuid.uuid4().hex, uuid.uuid4().hex
    texts = [
        schema_text("Money", cents="long"),
        schema_text("Basket", total="Money"),
        schema_text("Sale", basket="Basket", discount="Money"),
    ]
    to_money = {"name": "Money", "subject": money, "version": 1}
    to_basket = {"name": "Basket", "subject": basket, "version": 1}
    register_schema(either, money, texts[0])
    register_schema(either, basket, texts[1], [to_money])
    number = register_schema(either, uuid.uuid4().hex, texts[2], [to_basket, to_money])
    (found,) = answers(fetcher(either), number)
    assert isinstance(found, Fetched)
    assert [json.loads(text) for text in (*found.references, found.schema_text)] == [json.loads(text) for text in texts]


def test_what_a_registry_does_not_know_is_unknown_and_no_outage(either: str) -> None:
    schemas = fetcher(either)
    assert answers(schemas, UNKNOWN_ID) == [Unknown(UNKNOWN_ID)]
    assert (schemas.fetches, schemas.outage) == ({"unknown": 1}, None)


def test_a_schema_is_fetched_by_its_guid(stand_in: StandInRegistry) -> None:
    """The real registry of these tests has none."""
    stand_in.register("orders", ORDER)
    (guid,) = [version.schema.guid for version in stand_in.schemas.versions("orders")]
    assert answers(fetcher(stand_in.url), guid) == [Fetched(guid, ORDER, ())]
    assert stand_in.requests == [f"GET /schemas/guids/{guid}"]


# What is not asked again.


def test_what_is_answered_is_not_asked_again(stand_in: StandInRegistry) -> None:
    first, second = (stand_in.register("orders", schema_text(name)) for name in ("First", "Second"))
    schemas = fetcher(stand_in.url)
    answers(schemas, first)
    schemas.want([first])
    (found,) = answers(schemas, second)
    assert found.key == second
    assert stand_in.requests == [f"GET /schemas/ids/{number}" for number in (first, second)]


# What is not known.


def test_not_known_is_believed_only_when_it_was_said_for_a_while(stand_in: StandInRegistry) -> None:
    """A replica that lags says so of a schema that was registered just before."""
    number = stand_in.register("orders", ORDER)
    stand_in.next(Fault("unknown", times=2))
    patient = fetcher(stand_in.url, unknown_after_seconds=3_600.0)
    assert answers(patient, number) == [Fetched(number, ORDER, ())]
    assert patient.fetches == {"unknown": 2, "fetched": 1}

    began = time.monotonic()
    less_patient = fetcher(stand_in.url, unknown_after_seconds=0.5)
    assert answers(less_patient, UNKNOWN_ID) == [Unknown(UNKNOWN_ID)]
    assert time.monotonic() - began >= 0.5
    assert less_patient.fetches["unknown"] >= 2


def test_an_unknown_schema_is_asked_for_again_when_its_verdict_is_old(stand_in: StandInRegistry) -> None:
    number = stand_in.register("orders", ORDER)
    stand_in.next("unknown")
    schemas = fetcher(stand_in.url, unknown_for_seconds=0.1)
    assert answers(schemas, number) == [Unknown(number)]
    assert answers(schemas, number) == [Fetched(number, ORDER, ())]


def test_an_unknown_schema_is_not_asked_for_while_its_verdict_holds(stand_in: StandInRegistry) -> None:
    number = stand_in.register("orders", ORDER)
    schemas = fetcher(stand_in.url, unknown_for_seconds=3_600.0)
    assert answers(schemas, UNKNOWN_ID) == [Unknown(UNKNOWN_ID)]
    schemas.want([UNKNOWN_ID])
    assert answers(schemas, number) == [Fetched(number, ORDER, ())]
    assert stand_in.requests == [f"GET /schemas/ids/{each}" for each in (UNKNOWN_ID, number)]


def test_what_nobody_waits_for_any_more_is_not_asked_for(stand_in: StandInRegistry) -> None:
    """Its partition was given back, or what is wrong with it was told."""
    number = stand_in.register("orders", ORDER)
    patient = fetcher(stand_in.url, unknown_after_seconds=3_600.0)
    patient.want([UNKNOWN_ID])
    wait_until(lambda: patient.fetches["unknown"], 5, "it was asked for")
    assert answers(patient, number) == [Fetched(number, ORDER, ())]
    asked = patient.fetches["unknown"]
    time.sleep(2 * IDLE_SECONDS)
    assert patient.fetches["unknown"] == asked
    assert not patient._doubted_since


def test_of_ever_more_unknown_schemas_the_longest_known_verdicts_lapse(
    stand_in: StandInRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of a producer can name millions. One that lapsed is asked for when it is wanted."""
    monkeypatch.setattr(registry_of, "MOST_UNKNOWN", 2)
    schemas = fetcher(stand_in.url, unknown_for_seconds=3_600.0)
    for key in (101, 102):
        assert answers(schemas, key) == [Unknown(key)]
    assert answers(schemas, 103, 103) == [Unknown(103), Lapsed(101)]
    assert answers(schemas, 101, 101) == [Unknown(101), Lapsed(102)]
    assert schemas._verdicts.keys() == {103, 101}


def test_a_schema_that_was_unknown_and_is_there_has_no_verdict_any_more(stand_in: StandInRegistry) -> None:
    number = stand_in.register("orders", ORDER)
    stand_in.next("unknown")
    schemas = fetcher(stand_in.url, unknown_for_seconds=0.1)
    assert answers(schemas, number) == [Unknown(number)]
    assert answers(schemas, number) == [Fetched(number, ORDER, ())]
    assert not schemas._verdicts


# Outages: nothing is said of a schema until the registry is there again.


@pytest.mark.parametrize(
    ("fault", "told"),
    [("down", "HTTP 503, code 50301"), ("html_404", "HTTP 404, code -1"), ("reset", "ConnectionResetError")],
)
def test_an_outage_is_told_and_heals(stand_in: StandInRegistry, fault: str, told: str) -> None:
    number = stand_in.register("orders", ORDER)
    stand_in.always(fault)
    schemas = fetcher(stand_in.url)
    failed(schemas, number, times=2)
    assert schemas.outage == f"the schema registry does not answer ({told})"
    stand_in.clear_faults()
    assert answers(schemas, number) == [Fetched(number, ORDER, ())]
    wait_until(lambda: schemas.outage is None, 5, "the outage is over")
    assert (schemas.fetches["fetched"], schemas.fetches["unknown"]) == (1, 0)


def test_a_registry_that_is_too_slow_is_an_outage(stand_in: StandInRegistry) -> None:
    number = stand_in.register("orders", ORDER)
    stand_in.next(Fault("latency", delay_seconds=3.0))
    schemas = fetcher(stand_in.url, answer_seconds=0.2)
    failed(schemas, number)
    assert answers(schemas, number) == [Fetched(number, ORDER, ())]


def test_a_registry_that_is_not_there_yet_is_waited_for() -> None:
    port = free_port()
    schemas = fetcher(f"http://127.0.0.1:{port}")
    failed(schemas, 1)
    assert schemas.outage == "the schema registry does not answer (ConnectionRefusedError)"
    with StandInRegistry(port=port) as late:
        late.register("orders", ORDER)
        assert answers(schemas, 1) == [Fetched(1, ORDER, ())]


def test_an_outage_while_references_are_fetched_loses_none(stand_in: StandInRegistry) -> None:
    stand_in.register("money", schema_text("Money", cents="long"))
    number = stand_in.register(
        "orders", schema_text("Sale", total="Money"), [{"name": "Money", "subject": "money", "version": 1}]
    )
    stand_in.next(Fault("latency"), "down")
    schemas = fetcher(stand_in.url)
    (found,) = answers(schemas, number)
    assert isinstance(found, Fetched)
    assert found.references == (schema_text("Money", cents="long"),)
    assert schemas.fetches == {"failed": 1, "fetched": 1}, "the client's own retries would hide it"


def said(*bodies: bytes) -> Callable[[Any], Answer]:
    """A registry that answers 200 with each of `bodies` in turn, the last for ever."""
    left = list(bodies)
    return lambda _: Answer(200, left.pop(0) if len(left) > 1 else left[0])


@pytest.mark.parametrize(
    "odd",
    [b"", b"{}", b"[]", b"null", b'{"schema": ""}', b'{"schema": null}', b'{"schema": 5}', b'{"schema": {"type": 1}}',
     b'{"error_code": 40403}', b'{"schema": "{', b"<html>Please log in</html>", b"\xff"],
)  # fmt: skip
def test_a_200_without_a_schema_is_an_outage_and_heals(odd: bytes) -> None:
    """Believed, it would make a dead letter of every record of that schema."""
    with Listener(said(odd, odd, json.dumps({"schema": ORDER}).encode())) as registry:
        schemas = fetcher(registry.url)
        assert answers(schemas, 1) == [Fetched(1, ORDER, ())]
        assert schemas.fetches == {"failed": 2, "fetched": 1}


def test_a_200_without_the_schema_of_a_reference_is_an_outage_and_heals() -> None:
    reference = {"name": "Money", "subject": "money", "version": 1}
    whole = json.dumps({"schema": ORDER, "references": [reference]}).encode()
    money = json.dumps({**reference, "id": 2, "schema": schema_text("Money")}).encode()
    with Listener(said(whole, b'{"subject": "money", "version": 1}', whole, money)) as registry:
        schemas = fetcher(registry.url)
        assert answers(schemas, 1) == [Fetched(1, ORDER, (schema_text("Money"),))]
        assert schemas.fetches == {"failed": 1, "fetched": 1}


# Its properties.


@pytest.mark.parametrize(
    ("properties", "named"),
    [({}, "url"), ({"url": "registry:8081"}, "registry:8081"), ({"url": "http://r", "no.such": "1"}, "no.such"),
     ({"url": "http://r", "basic.auth.user.info": "nobody"}, "basic.auth.user.info"),
     ({"url": "http://r", "ssl.ca.location": "/nowhere.pem"}, "No such file"),
     ({"url": "https://r", "ssl.key.location": "/key.pem"}, "ssl.key.location .* go with ssl.certificate.location")],
)  # fmt: skip
def test_properties_that_the_client_refuses_are_named(properties: Mapping[str, str], named: str) -> None:
    with pytest.raises(KafkaFailure, match=f"the registry's client refuses its properties: .*{named}.*see registry"):
        SchemaFetcher(RegistrySettings(properties))
