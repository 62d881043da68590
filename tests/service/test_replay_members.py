"""Replays of one id side by side, one of them killed; and topics of letters that lose or end in what is no letter."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, get_args

import pytest
import yaml
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from capi_stream.kafka.settings import Rebalance
from capi_stream.model import Partition
from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.server import Sandbox
from tests.builders import encoded, record
from tests.conftest import MakeTopic
from tests.intake.test_parts import letter
from tests.real.clients import client, committed, end_offsets, make_topic, publish, wait_until
from tests.service.shop import PIXELS, Shop, fresh, merged, rebalancing
from tests.shells.groups import delete_below

REBALANCES = get_args(Rebalance)
PARTITIONS = 4
LETTERS = 480
SLOW = {"delivery": {"batch_events": 5, "posts_in_flight": 1}}
DELAY_SECONDS = 0.15
MOST_TWICE = 40  # of what is posted in a commit's interval, and on its way, when one is killed


def lettered(shop: Shop, ids: list[str]) -> list[dict[str, Any]]:
    """A dead letter of each of `ids`, which the API would take now: what a producer is to publish."""
    made = [letter(record(encoded(fresh(each), shop.schema_id), topic=shop.topic)) for each in ids]
    return [{"value": each.value, "headers": list(each.headers)} for each in made]


def letters_in(shop: Shop, topic: str, number: int, partitions: int = 1) -> list[str]:
    """So many dead letters in `topic`, to partition after partition; their events' ids."""
    ids = [f"order-{at}" for at in range(number)]
    each = enumerate(lettered(shop, ids))
    publish(shop.broker, topic, ({**one, "partition": at % partitions} for at, one in each))
    return ids


class Replay:
    """`capi-stream replay --yes`, as a process with a configuration of its own. It ends with its shop at the latest."""

    def __init__(self, shop: Shop, name: str, *options: str, **changes: Any) -> None:
        config = shop.folder / f"{name}.yaml"
        config.write_text(yaml.safe_dump(merged(shop.settings(), changes)))
        self._log = shop.folder / f"{name}.log"
        command = [sys.executable, "-m", "capi_stream", "replay", "-c", str(config), "--yes", *options]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        shop._stack.callback(self.killed)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def ended(self, seconds: float = 60.0) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(seconds)

    def killed(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.wait()

    @property
    def last_words(self) -> str:
        """What it has printed."""
        return self._log.read_text(errors="replace")[-2_000:]


def group(shop: Shop) -> str:
    """The consumer group of the replays."""
    return f"{shop.group}-replay-dead-letters-main"


def replayed(shop: Shop, topic: str) -> dict[int, int]:
    """Partition -> what they have committed."""
    return committed(shop.broker, group(shop), topic)


def shared(shop: Shop) -> str:
    """The topic whose letters two replays share."""
    return f"{shop.dead_letters}.shared"


# Two of them.


@dataclass(slots=True)
class Ended:
    """What two replays of one id have done, each at an API of its own, when the first was killed and the other ended.

    `both` is what each had had accepted at the kill.
    """

    letters: list[str]
    both: tuple[int, int]
    code: int
    killed: Counter[str]
    survivor: Counter[str]
    is_all_committed: bool
    last_words: str


def both_posting(shop: Shop, others: Sandbox, how: Rebalance) -> tuple[Replay, Replay, list[str]]:
    """Two replays of one id, the second at the API `others`, while each posts; and the letters' ids."""
    topic = make_topic(shop.broker, shared(shop), PARTITIONS)
    ids = letters_in(shop, topic, LETTERS, PARTITIONS)
    named = {**SLOW, "dead_letters": {"topic": topic}, "kafka": rebalancing(how)}
    for api in (shop.sandbox, others):
        api.always(Fault("latency", delay_seconds=DELAY_SECONDS))
    first = Replay(shop, "first", **named)
    wait_until(shop.accepted, 40, "the first posts")
    second = Replay(shop, "second", **named, api={"url": others.url})
    wait_until(lambda: others.accepted().total() >= 10, 40, "the second posts")
    before = shop.accepted().total()
    wait_until(lambda: shop.accepted().total() > before, 40, "the first posts beside it")
    assert first.is_running
    assert second.is_running
    return first, second, ids


def one_takes_over(shop: Shop, others: Sandbox, how: Rebalance) -> Ended:
    """The other is busy with its own share until the group has missed the killed one."""
    first, second, ids = both_posting(shop, others, how)
    first.killed()
    both = shop.accepted().total(), others.accepted().total()
    others.clear_faults()
    others.always(Fault("latency", delay_seconds=1.0))
    wait_until(lambda: shares(shop) == [PARTITIONS], 40, "it has all partitions")
    others.clear_faults()
    code = second.ended()
    is_all_committed = replayed(shop, shared(shop)) == end_offsets(shop.broker, shared(shop))
    return Ended(ids, both, code, shop.accepted(), others.accepted(), is_all_committed, second.last_words)


def shares(shop: Shop) -> list[int]:
    """How many partitions each member of the replays' group has."""
    admin = AdminClient({**client(shop.broker), "log_level": 2})
    (asked,) = admin.describe_consumer_groups([group(shop)], request_timeout=10).values()
    return [len(member.assignment.topic_partitions) for member in asked.result(10).members]


@pytest.fixture(scope="module")
def ended(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[Rebalance, Future[Ended]]]:
    """Groups of each kind at once: that a killed member is missed takes its session's time."""
    with ExitStack() as stack, ThreadPoolExecutor(len(REBALANCES)) as pool:
        shops = [stack.enter_context(Shop(broker, tmp_path_factory.mktemp(how))) for how in REBALANCES]
        others = [stack.enter_context(Sandbox(pixels=PIXELS)) for _ in REBALANCES]
        each = zip(REBALANCES, shops, others, strict=True)
        yield {how: pool.submit(one_takes_over, shop, other, how) for how, shop, other in each}


@pytest.fixture
def others() -> Iterator[Sandbox]:
    """A second API of the same pixels."""
    with Sandbox(pixels=PIXELS) as made:
        yield made


@pytest.mark.parametrize("how", REBALANCES)
def test_two_share_the_letters_and_a_killed_ones_are_taken_over(
    ended: Mapping[Rebalance, Future[Ended]], how: Rebalance
) -> None:
    found = ended[how].result(100)
    assert found.code == 0, found.last_words
    assert min(found.both) >= 5, "both had posted"
    assert sum(found.both) < LETTERS, "it was killed in the middle"
    assert set(found.killed | found.survivor) == set(found.letters)
    assert found.is_all_committed
    assert max(found.killed.values()) == max(found.survivor.values()) == 1, "each on its own sends nothing twice"
    twice = found.killed & found.survivor
    assert len(twice) <= MOST_TWICE, "what the killed one had not committed yet, and no more"


def test_what_a_killed_one_had_and_the_other_did_not_wait_for_the_same_command_does(
    shop: Shop, others: Sandbox
) -> None:
    """The other comes to the end of its own share before the group has missed the killed one."""
    first, second, ids = both_posting(shop, others, "cooperative")
    first.killed()
    others.clear_faults()
    assert second.ended() == 1
    assert "left with another process of this id, or were with one that was killed" in second.last_words
    assert set(shop.accepted() | others.accepted()) < set(ids)
    shop.sandbox.clear_faults()
    again = Replay(shop, "again", dead_letters={"topic": shared(shop)})
    assert again.ended() == 0, again.last_words
    assert set(shop.accepted() | others.accepted()) == set(ids)
    assert replayed(shop, shared(shop)) == end_offsets(shop.broker, shared(shop))
    assert (shop.accepted() + others.accepted()).total() <= LETTERS + MOST_TWICE


# What is gone, and what is no letter.


def test_letters_that_are_deleted_while_it_runs_are_passed_over(shop: Shop, topic: MakeTopic) -> None:
    """All that is left of one partition, and a part of another."""
    name = topic("letters", partitions=2)
    ids = letters_in(shop, name, 80, partitions=2)
    a_few = {"fetch.message.max.bytes": 2_000, "queued.max.messages.kbytes": 1, "queued.min.messages": 1}
    named = {"dead_letters": {"topic": name}, "kafka": {"consumer": a_few}}
    running = Replay(shop, "deleted", "--rate", "20", **named)
    wait_until(lambda: shop.accepted().total() > 2, 40, "it has begun")
    for number, offset in ((0, 40), (1, 30)):
        delete_below(str(shop.broker), Partition(name, number), offset)
    assert running.ended() == 0, running.last_words
    accepted = shop.accepted()
    assert set(ids[61::2]) <= set(accepted) <= set(ids)
    assert len(accepted) < 60, "they were gone before it came to them"
    assert max(accepted.values()) == 1


def test_they_end_where_the_last_offsets_are_no_letters(shop: Shop, topic: MakeTopic) -> None:
    """A transaction's mark, and a transaction that was aborted: nothing of them is ever delivered."""
    name = topic("letters", partitions=2)
    ids = [f"order-{at}" for at in range(10)]
    producer = Producer({"bootstrap.servers": str(shop.broker), "transactional.id": name})
    producer.init_transactions(20)
    in_transaction(producer, name, lettered(shop, ids), producer.commit_transaction)
    in_transaction(producer, name, lettered(shop, ["aborted-1", "aborted-2"]), producer.abort_transaction)
    wait_until(lambda: end_offsets(shop.broker, name) == {0: 8, 1: 8}, 20, "the marks, written a little later")
    named = {how: {"dead_letters": {"topic": name}, "kafka": rebalancing(how)} for how in REBALANCES}
    for running in [Replay(shop, how, "--id", how, **changes) for how, changes in named.items()]:
        assert running.ended() == 0, running.last_words
    assert shop.accepted() == dict.fromkeys(ids, len(REBALANCES))


def in_transaction(
    producer: Producer, topic: str, letters: list[dict[str, Any]], end: Callable[[float], object]
) -> None:
    producer.begin_transaction()
    for at, each in enumerate(letters):
        producer.produce(topic, partition=at % 2, **each)
    producer.flush(20)
    end(20)
