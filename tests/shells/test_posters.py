"""The pool of threads that post."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice

import pytest

from capi_stream.delivery.batches import Batch
from capi_stream.delivery.outcomes import Accepted, Outcome
from capi_stream.endpoints.posters import PosterBroken, Posters
from capi_stream.endpoints.settings import Credential, Endpoint, PosterSettings, Target
from capi_stream.endpoints.tokens import Tokens
from tests.shells.tiny_api import Connection, TinyApi, a_batch

Start = Callable[..., Posters]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start posters that send to `url`, and close them at the end."""
    with ExitStack() as stack:

        def run(url: str, workers: int = 4) -> Posters:
            settings = settings_for(url, workers)
            posters = Posters(settings, Tokens(settings.credentials))
            stack.callback(lambda: posters.close(time.monotonic() + 5.0))
            return posters

        yield run


def settings_for(url: str, workers: int = 4) -> PosterSettings:
    destination = a_batch().destination
    target = Target(destination, Endpoint("graph", "graph", url, "v25.0"), "main")
    return PosterSettings({"main": Credential("main", "token")}, {destination: target}, workers=workers)


def gather(posters: Posters, number: int) -> list[tuple[Batch, Outcome]]:
    """The next `number` answers; fails if one takes longer than 5 s."""
    found: list[tuple[Batch, Outcome]] = []
    while len(found) < number:
        before = len(found)
        found += islice(posters.answers(5.0), number - before)
        assert len(found) > before, "no answer came in time"
    return found


def test_every_batch_comes_back_once_as_the_object_that_was_submitted(start: Start) -> None:
    batches = [a_batch() for _ in range(50)]
    with TinyApi() as api:
        posters = start(api.url)
        for batch in batches:
            posters.submit(batch)
        answers = gather(posters, 50)
    assert {id(batch) for batch, _ in answers} == {id(batch) for batch in batches}
    assert all(isinstance(outcome, Accepted) for _, outcome in answers)
    assert not list(posters.answers())


def test_asking_for_answers_does_not_wait_unless_told_to(start: Start) -> None:
    with TinyApi(Connection.wait) as api:
        posters = start(api.url)
        posters.submit(a_batch())
        assert not list(posters.answers())
        assert not list(posters.answers(0.01))


def test_as_many_posts_are_out_as_there_are_workers(start: Start) -> None:
    together = threading.Barrier(3)

    def behave(connection: Connection) -> None:
        connection.request()
        together.wait(5.0)  # none is answered before three are here
        connection.answer()

    with TinyApi(behave) as api:
        posters = start(api.url, workers=3)
        for _ in range(3):
            posters.submit(a_batch())
        assert all(isinstance(outcome, Accepted) for _, outcome in gather(posters, 3))


def test_a_slow_batch_does_not_keep_others_waiting(start: Start) -> None:
    others_are_back = threading.Event()

    def behave(connection: Connection) -> None:
        while request := connection.request():
            if b"slow" in request.body:
                others_are_back.wait(5.0)
            connection.answer()

    with TinyApi(behave) as api:
        posters = start(api.url, workers=2)
        slow = a_batch(bodies=(b'"slow"',))
        for batch in (slow, a_batch(), a_batch(), a_batch()):
            posters.submit(batch)
        assert all(batch is not slow for batch, _ in gather(posters, 3))
        others_are_back.set()
        assert gather(posters, 1)[0][0] is slow


def test_a_bug_in_a_thread_comes_out_in_the_loop_behind_the_answers_before_it(start: Start) -> None:
    with TinyApi() as api:
        posters = start(api.url, workers=1)
        posters.submit(a_batch())
        posters.submit(a_batch(pixel="of nobody"))  # config has promised that every destination has a target
        gather(posters, 1)
        with pytest.raises(PosterBroken, match="KeyError"):
            gather(posters, 1)


def test_closing_posts_nothing_more_and_waits_for_what_is_out() -> None:
    is_out, may_end = threading.Event(), threading.Event()

    def behave(connection: Connection) -> None:
        while api.read(connection):
            is_out.set()
            may_end.wait(5.0)
            connection.answer()

    with TinyApi(behave) as api:
        settings = settings_for(api.url, workers=1)
        posters = Posters(settings, Tokens(settings.credentials))
        for _ in range(3):
            posters.submit(a_batch())
        assert is_out.wait(5.0)
        assert not posters.close(time.monotonic())  # one is out still
        may_end.set()
        assert posters.close(time.monotonic() + 5.0)
        assert len(list(posters.answers())) == 1
    assert len(api.requests) == 1


def test_a_ca_file_that_cannot_be_used_is_found_before_a_thread_starts() -> None:
    settings = settings_for("http://127.0.0.1:1")
    before = threading.active_count()
    with pytest.raises(ValueError, match="ca_file"):
        Posters(replace(settings, ca_file="/nowhere/ca.pem"), Tokens(settings.credentials))  # type: ignore[arg-type]
    assert threading.active_count() == before
