"""What the world does in a storm: each weather begins, stays for a while, and ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from random import Random

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from capi_stream.sandbox.faults import Fault
from tests.faults.group_log import TOPIC as COMMITS_TOPIC
from tests.faults.proxy import Proxy
from tests.real.broker import RealBroker
from tests.service.shop import PIXELS, Shop


@dataclass(frozen=True, slots=True)
class World:
    """What weather can strike. Kafka's clients reach `broker` through `wire` alone."""

    shop: Shop
    broker: RealBroker
    wire: Proxy
    random: Random


ANY_SIZE = "1048588"  # the default of max.message.bytes

Weather = Callable[[World], AbstractContextManager[None]]


@contextmanager
def calm(world: World) -> Iterator[None]:
    """Nothing; members come and go all the same."""
    yield


@contextmanager
def _faults(world: World, *faults: Fault) -> Iterator[None]:
    world.shop.sandbox.always(*faults)
    yield
    world.shop.sandbox.clear_faults()


def api_down(world: World) -> AbstractContextManager[None]:
    """Every post is answered with a page of HTML."""
    return _faults(world, Fault("html"))


def api_slow(world: World) -> AbstractContextManager[None]:
    """Answers take seconds."""
    return _faults(world, Fault("latency", delay_seconds=2.0, spread_seconds=1.5))


def api_half_broken(world: World) -> AbstractContextManager[None]:
    """A third of the posts fail, each in its own way, and some pixel is throttled."""
    names = ("transient", "unknown", "html", "too_many_requests", "unreadable", "empty")
    pixel = world.random.choice(PIXELS)
    return _faults(world, Fault("user_limit", pixel=pixel, rate=0.2), *(Fault(name, rate=0.06) for name in names))


def connections_cut_before(world: World) -> AbstractContextManager[None]:
    """Connections to the API end before anything was accepted."""
    return _faults(world, Fault("refused", rate=0.3), Fault("hung_up", rate=0.3))


def connections_cut_after(world: World) -> AbstractContextManager[None]:
    """Answers are lost: what was posted is accepted, and nobody here knows."""
    names = ("lost", "reset", "cut", "lost_behind_proxy")
    return _faults(world, *(Fault(name, rate=0.15) for name in names))


@contextmanager
def token_dead(world: World) -> Iterator[None]:
    """The token of one pixel expires; its successor comes by its file."""
    pixel = world.random.choice(PIXELS)
    world.shop.sandbox.expire_token(pixel)
    yield
    world.shop.token_file(pixel).write_text(world.shop.sandbox.renew_token(pixel))


@contextmanager
def broker_killed(world: World) -> Iterator[None]:
    """Kafka crashes, and is started again on its data."""
    world.broker.kill()
    yield
    world.broker.start()


@contextmanager
def broker_black_holed(world: World) -> Iterator[None]:
    """No byte passes between Kafka and its clients, and no connection ends."""
    world.wire.black_hole()
    yield
    world.wire.pass_on()


@contextmanager
def broker_resets(world: World) -> Iterator[None]:
    """Every connection to Kafka is reset."""
    world.wire.reset()
    yield
    world.wire.pass_on()


@contextmanager
def _topic_config(world: World, topic: str, name: str, value: str, before: str) -> Iterator[None]:
    set_topic(world, topic, name, value)
    yield
    set_topic(world, topic, name, before)


@contextmanager
def commits_refused(world: World) -> Iterator[None]:
    """The broker can write down no commit, and no generation of the group: no record is small enough for its log.

    It is started again at the end: under KIP-848 a member whose session ran out meanwhile would stay in the group for
    ever, with its partitions, since the broker does not try again to write that down (seen, Kafka 4.4).
    """
    with _topic_config(world, COMMITS_TOPIC, "max.message.bytes", "10", ANY_SIZE):
        yield
    world.broker.kill()
    world.broker.start()


def letters_refused(world: World) -> AbstractContextManager[None]:
    """The dead letters' topic takes no record of any size."""
    return _topic_config(world, world.shop.dead_letters, "max.message.bytes", "10", ANY_SIZE)


WEATHERS: tuple[Weather, ...] = (
    calm,
    api_down,
    api_slow,
    api_half_broken,
    connections_cut_before,
    connections_cut_after,
    token_dead,
    broker_killed,
    broker_black_holed,
    broker_resets,
    commits_refused,
    letters_refused,
)


def set_topic(world: World, topic: str, name: str, value: str) -> None:
    """Change one setting of a topic, by the broker's own port; again while it does not take it."""
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": world.broker.bootstrap, "log_level": 2})
    deadline = time.monotonic() + 30
    while True:
        try:
            (answer,) = admin.incremental_alter_configs([resource]).values()
            answer.result(10)
        except Exception:
            if time.monotonic() > deadline:
                raise
        else:
            return
