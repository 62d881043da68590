"""Seams (docs/seams.md) of letters: not taken by the producer, or not stored by the broker."""

from __future__ import annotations

import pytest
from confluent_kafka.admin import AdminClient

from tests.real.clients import client, make_topic, wait_until
from tests.service.seams import ANSWER_HAS_COME
from tests.service.shop import Shop

pytestmark = pytest.mark.real


def test_a_letter_for_which_the_producer_has_no_room_is_stored_later(shop: Shop) -> None:
    member = shop.run(kafka={"producer": {"queue.buffering.max.messages": 1, "linger.ms": 50}})
    bad = [b"no Avro %d" % at for at in range(20)]
    shop.publish_values(bad)
    shop.wait_until_committed(ANSWER_HAS_COME)
    assert sorted(letter.value() or b"" for letter in shop.letters()) == sorted(bad)
    wait_until(lambda: member.metrics().by("reason", "dead_letter_errors_total")["queue_full"], 5, "there was no room")


def test_a_letter_that_is_reported_as_not_stored_holds_its_offset_and_is_stored_later(shop: Shop) -> None:
    """Somebody has deleted its topic."""
    member = shop.run(deadlines={"store_seconds": 1.0})
    admin = AdminClient(client(shop.broker))
    (done,) = admin.delete_topics([shop.dead_letters]).values()
    done.result(10)
    bad = {b"no Avro 0", b"no Avro 1"}
    shop.publish_values(sorted(bad))
    wait_until(lambda: member.metrics().total("dead_letter_errors_total"), 30, "it is reported as not stored")
    assert shop.committed == {0: 0, 1: 0}
    make_topic(shop.broker, shop.dead_letters)
    shop.wait_until_committed(ANSWER_HAS_COME)
    assert {letter.value() for letter in shop.letters()} == bad
    assert member.stop(60) == 0
