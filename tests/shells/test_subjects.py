"""A registry's subjects: what is there, what is not, and the one way in which a question fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.settings import RegistrySettings
from capi_stream.kafka.subjects import Registered, SchemaRefusedError, Subjects
from capi_stream.sandbox.registry import StandInRegistry
from capi_stream.sandbox.wire import Answer, Listener
from tests.real.broker import free_port

MONEY = json.dumps({"type": "record", "name": "Money", "fields": [{"name": "cents", "type": "long"}]})
SALE = json.dumps({"type": "record", "name": "Sale", "fields": [{"name": "total", "type": "Money"}]})

QUESTIONS: dict[str, Callable[[Subjects], Any]] = {
    "newest": lambda there: there.newest("a-value"),
    "versions": lambda there: there.versions("a-value"),
    "level": lambda there: there.level("a-value"),
    "of": lambda there: there.of("^a"),
    "takes": lambda there: there.takes("a-value", MONEY),
    "takes_beside": lambda there: there.takes_beside("a-value", MONEY, 1),
    "register": lambda there: there.register("a-value", MONEY),
}


def subjects(url: str) -> Subjects:
    return Subjects(RegistrySettings({"url": url}, answer_seconds=2.0))


@pytest.fixture
def stand_in() -> Iterator[StandInRegistry]:
    with StandInRegistry() as started:
        yield started


def test_versions_come_oldest_first_with_the_texts_that_they_refer_to(stand_in: StandInRegistry) -> None:
    stand_in.register("money", MONEY)
    stand_in.register("sale-value", MONEY)
    stand_in.register("sale-value", SALE, [{"name": "Money", "subject": "money", "version": 1}])
    with subjects(stand_in.url) as there:
        first, second = Registered(1, 1, MONEY, ()), Registered(2, 2, SALE, (MONEY,))
        assert there.versions("sale-value") == [first, second]
        assert there.newest("sale-value") == second


def test_a_subject_that_is_not_there_is_an_answer(stand_in: StandInRegistry) -> None:
    with subjects(stand_in.url) as there:
        assert (there.newest("a-value"), there.versions("a-value"), there.of("^a")) == (None, [], [])


def test_a_reference_that_is_not_there_is_not_taken_for_a_subject_that_is_not_there() -> None:
    """An answer of "no such subject" would make `check` say that producers have not begun."""
    sale = {"subject": "a-value", "version": 1, "id": 1, "schema": SALE}
    sale["references"] = [{"name": "Money", "subject": "money", "version": 1}]
    unknown = Answer(404, b'{"error_code": 40401, "message": "Subject not found."}')

    def answer(request: Any) -> Answer:
        return unknown if "money" in request.path else Answer(200, json.dumps(sale).encode())

    with Listener(answer) as listening, subjects(listening.url) as there, pytest.raises(KafkaFailure, match="40401"):
        there.newest("a-value")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "the schema registry does not answer (ConnectError). What to do: check registry.url"),
        (Answer(200, b"<html>Please log in</html>"), "the schema registry does not answer (JSONDecodeError). What to"),
        (Answer(401, b"no"), "the schema registry refuses the user or the password (HTTP 401). What to do: see"),
        (Answer(404, b"<html>Not Found</html>"), "what answers is no schema registry, or one that knows no"),
        (Answer(503, b'{"error_code": 50301}'), "the schema registry answers HTTP 503, code 50301. What to do: see"),
        (Answer(404, b"{}"), "what answers is no schema registry"),
        (Answer(500, b'{"message": null}'), "the schema registry answers HTTP 500, code -1. What to do: see its log"),
    ],
)
def test_whatever_is_asked_a_failure_has_the_same_sentences(question: str, answer: Answer | None, said: str) -> None:
    if answer is None:
        with pytest.raises(KafkaFailure) as failure, subjects(f"http://127.0.0.1:{free_port()}") as there:
            QUESTIONS[question](there)
    else:
        with (
            Listener(lambda _: answer) as listening,
            pytest.raises(KafkaFailure) as failure,
            subjects(listening.url) as there,
        ):
            QUESTIONS[question](there)
    assert str(failure.value).startswith(said)
    assert not isinstance(failure.value, SchemaRefusedError)


def test_a_question_is_asked_once(stand_in: StandInRegistry) -> None:
    stand_in.always("down")
    with subjects(stand_in.url) as there, pytest.raises(KafkaFailure):
        there.newest("a-value")
    assert stand_in.requests == ["GET /subjects/a-value/versions/latest"]


@pytest.mark.parametrize("status", [409, 422])
@pytest.mark.parametrize("body", [b'{"error_code": 42201, "message": "not today"}', b"{}"])
def test_a_schema_that_is_not_taken_is_a_refusal(status: int, body: bytes) -> None:
    with (
        Listener(lambda _: Answer(status, body)) as listening,
        pytest.raises(SchemaRefusedError, match=r"The registry says: (not today|4)"),
        subjects(listening.url) as there,
    ):
        there.register("a-value", MONEY)
