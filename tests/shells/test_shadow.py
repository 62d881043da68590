"""The outlets of a shadow run keep the promises of the real ones, and give nothing away."""

from __future__ import annotations

import time

from capi_stream.delivery.outcomes import Accepted
from capi_stream.endpoints.shadow import ShadowPosters
from capi_stream.kafka.shadow import ShadowLetters
from tests.shells.letters import letter
from tests.shells.tiny_api import a_batch


def test_every_batch_comes_back_once_as_the_object_that_was_submitted() -> None:
    posters, batches = ShadowPosters(), [a_batch() for _ in range(50)]
    for batch in batches:
        posters.submit(batch)
    answers = list(posters.answers(5.0))
    assert [id(batch) for batch, _ in answers] == [id(batch) for batch in batches]
    assert {outcome for _, outcome in answers} == {Accepted(1)}
    assert list(posters.answers()) == []


def test_nothing_is_waited_for_and_a_closed_one_has_forgotten_all() -> None:
    posters = ShadowPosters()
    began = time.monotonic()
    assert list(posters.answers(30.0)) == []
    posters.submit(a_batch())
    assert posters.close(0.0)
    assert list(posters.answers()) == []
    assert time.monotonic() - began < 5.0


def test_every_letter_is_reported_once_as_stored() -> None:
    letters, given = ShadowLetters(), [letter("nowhere"), letter("nowhere")]
    letters.start()
    for each in given:
        letters.store(each)
    assert letters.reports() == [(each, None) for each in given]
    assert letters.reports() == []
    assert letters.outage is None
    letters.close(0.0)
