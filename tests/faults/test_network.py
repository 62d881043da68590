"""The network between the service, Kafka and the API hangs, breaks and loses packets. No record and no event is lost.

Each test runs twice: through proxies on loopback, and in a network namespace where iptables does it to the packets.
"""

from __future__ import annotations

import os
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from capi_stream.cli.demo.members import Member
from capi_stream.sandbox.faults import Fault
from tests.faults.namespace import Namespace
from tests.faults.proxy import Proxy
from tests.real.broker import RealBroker
from tests.real.clients import wait_until
from tests.service.shop import Shop, fresh, logged, rebalancing

pytestmark = pytest.mark.timeout(300)

EVENTS = 2_000
SOON, LATE = 40.0, 90.0  # generous: a retransmission after an outage waits as long as the outage was
# What tells a black hole is a request without an answer: by default librdkafka waits 60 s for one, 30 s for a connect.
IMPATIENT = {"socket.timeout.ms": 6_000, "socket.connection.setup.timeout.ms": 3_000}


@dataclass(frozen=True, slots=True)
class Line:
    """The way to one server, by `port`, and what can be done to it."""

    port: int
    black_hole: Callable[[], None]
    reset: Callable[[], None]
    mend: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Net:
    """A broker, the line to it, and `to`: a line to any other port. `namespace` is None among proxies."""

    kafka: Line
    to: Callable[[int], AbstractContextManager[Line]]
    namespace: Namespace | None = None


def of_proxy(proxy: Proxy) -> Line:
    return Line(proxy.port, proxy.black_hole, proxy.reset, proxy.pass_on)


def of_namespace(namespace: Namespace, port: int) -> Line:
    return Line(port, lambda: namespace.drop(port), lambda: namespace.reject(port), namespace.mend)


@contextmanager
def among_proxies() -> Iterator[Net]:
    """A broker that advertises the proxy before it."""

    @contextmanager
    def to(port: int) -> Iterator[Line]:
        with Proxy(port) as between:
            yield of_proxy(between)

    proxy = Proxy()
    with proxy, RealBroker(advertised_port=proxy.port) as broker:
        proxy.target_port = broker.port
        yield Net(of_proxy(proxy), to)


@contextmanager
def in_namespace() -> Iterator[Net]:
    """A broker in a namespace, where this thread and all that it starts live too; skips without one, fails in CI."""
    if missing := Namespace.missing():
        assert not os.environ.get("CI"), missing
        pytest.skip(missing)

    @contextmanager
    def to(port: int) -> Iterator[Line]:
        yield of_namespace(namespace, port)
        namespace.mend()

    broker = RealBroker()  # made outside: its jars may have to be fetched
    with Namespace() as namespace, broker:
        yield Net(of_namespace(namespace, broker.port), to, namespace)


@pytest.fixture(scope="module", params=["proxy", "namespace"])
def net(request: pytest.FixtureRequest) -> Iterator[Net]:
    """One broker for each of the two ways; every test mends what it broke."""
    with among_proxies() if request.param == "proxy" else in_namespace() as made:
        yield made


@pytest.fixture
def shop(net: Net, tmp_path: Path) -> Iterator[Shop]:
    """A shop whose way to Kafka is `net.kafka`."""
    with Shop(f"127.0.0.1:{net.kafka.port}", tmp_path) as made:
        yield made
    net.kafka.mend()


@pytest.fixture
def api(net: Net, shop: Shop) -> Iterator[Line]:
    """The way from the service to the API."""
    port = urlsplit(shop.sandbox.url).port
    assert port is not None
    with net.to(port) as line:
        yield line


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it gets."""

    def handle(self) -> None:
        with suppress(ConnectionError):
            while got := self.request.recv(100):
                self.request.sendall(got)


@pytest.fixture
def echo(net: Net) -> Iterator[Line]:
    """The way to a server that sends back what it gets."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True  # one whose client ended behind a broken line never hears of it
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with net.to(server.server_address[1]) as line:
            yield line
        server.shutdown()


def asked(wire: socket.socket, text: bytes) -> bytes:
    wire.sendall(text)
    return wire.recv(100)


def test_a_black_hole_answers_nobody_and_gives_back_what_it_held(echo: Line) -> None:
    with socket.create_connection(("127.0.0.1", echo.port), SOON) as wire:
        assert asked(wire, b"before") == b"before"
        echo.black_hole()
        wire.settimeout(1)
        with pytest.raises(TimeoutError):
            asked(wire, b"meanwhile")
        with pytest.raises(TimeoutError), socket.create_connection(("127.0.0.1", echo.port), 1) as other:
            asked(other, b"new")
        echo.mend()
        wire.settimeout(SOON)
        assert wire.recv(100) == b"meanwhile"


def test_a_reset_breaks_old_and_new_connections_at_once(echo: Line) -> None:
    with socket.create_connection(("127.0.0.1", echo.port), SOON) as wire:
        assert asked(wire, b"before") == b"before"
        echo.reset()
        with pytest.raises(ConnectionError):
            asked(wire, b"meanwhile")
    with pytest.raises(ConnectionError), socket.create_connection(("127.0.0.1", echo.port), SOON) as other:
        asked(other, b"new")
    echo.mend()
    with socket.create_connection(("127.0.0.1", echo.port), SOON) as wire:
        assert asked(wire, b"after") == b"after"


def published(shop: Shop, prefix: str = "order", number: int = EVENTS) -> set[str]:
    """Publish so many events; their ids."""
    ids = [f"{prefix}-{at}" for at in range(number)]
    shop.publish(fresh(event_id) for event_id in ids)
    return set(ids)


def run_under_load(shop: Shop, **changes: Any) -> tuple[Member, set[str]]:
    """A member, and the ids of what it is busy with for the next seconds: 80 posts of 1 s, 4 at a time."""
    shop.sandbox.always(Fault("latency", delay_seconds=1))
    member = shop.run(delivery={"batch_events": 25}, **changes)
    ids = published(shop)
    wait_until(
        lambda: member.metrics().total("buffered_events") > EVENTS * 3 / 4, SOON, "most of it waits to be posted"
    )
    wait_until(shop.accepted, SOON, "delivery began")
    return member, ids


def all_arrives(shop: Shop, member: Member, ids: set[str]) -> None:
    """Everything is accepted and committed, what is published now too; nothing is a letter; the member is well."""
    shop.sandbox.clear_faults()
    shop.wait_until_committed(LATE)
    assert set(shop.accepted()) == ids
    later = published(shop, "later", 100)
    shop.wait_until_committed(SOON)
    assert set(shop.accepted()) == ids | later
    assert shop.letters() == shop.letters(shop.parked) == []
    assert member.stop(60) == 0


def test_a_broker_in_a_black_hole_costs_no_record_though_the_session_expires(net: Net, shop: Shop) -> None:
    """What is not posted when the partitions are lost is never posted for them: it is read again."""
    member, ids = run_under_load(shop, kafka={"consumer": IMPATIENT})
    net.kafka.black_hole()
    wait_until(lambda: logged(member, "partitions_lost"), SOON, "the session has expired")
    by_then = len(shop.accepted())
    assert by_then < EVENTS, "the outage came in the middle"
    wait_until(lambda: logged(member, "kafka_unreachable"), LATE, "the outage is told")
    wait_until(lambda: member.metrics().total("posts_in_flight") == 0, SOON, "what was out has come back")
    assert len(shop.accepted()) <= by_then + 4 * 25, "no more than what was out"
    net.kafka.mend()
    wait_until(lambda: len(logged(member, "partitions_assigned")) > 1, LATE, "it has joined again")
    all_arrives(shop, member, ids)
    assert logged(member, "kafka_reachable")


@pytest.mark.parametrize("net", ["proxy"], indirect=True)
def test_a_member_whose_broker_has_forgotten_it_meanwhile_loses_its_partitions_when_it_is_back(
    net: Net, shop: Shop
) -> None:
    """Under KIP-848 the broker alone decides on sessions, so the member learns of it only when the line is mended."""
    kafka = rebalancing("consumer")
    member, ids = run_under_load(shop, kafka={**kafka, "consumer": {**kafka["consumer"], **IMPATIENT}})
    net.kafka.black_hole()
    began = time.monotonic()
    wait_until(lambda: logged(member, "kafka_unreachable"), LATE, "the outage is told")
    wait_until(lambda: time.monotonic() > began + 10, SOON, "its session of 6 s has expired, and a bit")
    net.kafka.mend()
    wait_until(lambda: logged(member, "partitions_lost"), LATE, "it was fenced")
    all_arrives(shop, member, ids)


def test_a_broker_whose_connections_are_reset_costs_no_record(net: Net, shop: Shop) -> None:
    member, ids = run_under_load(shop)
    net.kafka.reset()
    wait_until(lambda: logged(member, "kafka_unreachable"), SOON, "the outage is told")
    net.kafka.mend()
    all_arrives(shop, member, ids)
    assert logged(member, "kafka_reachable")


@pytest.mark.parametrize("net", ["namespace"], indirect=True)
def test_a_line_to_the_broker_that_loses_three_packets_in_ten_costs_no_record(net: Net, shop: Shop) -> None:
    assert net.namespace is not None
    member, ids = run_under_load(shop)
    net.namespace.lose(net.kafka.port, 0.3)
    wait_until(lambda: set(shop.accepted()) == ids, LATE, "all are accepted meanwhile")
    net.kafka.mend()
    all_arrives(shop, member, ids)


@pytest.mark.parametrize("how", ["black_hole", "reset"])
def test_an_api_behind_a_broken_line_gets_every_event_and_again_what_it_did_not_answer(
    shop: Shop, api: Line, how: str
) -> None:
    shop.sandbox.always(Fault("latency", delay_seconds=2))
    member = shop.run(
        api={
            "url": f"http://127.0.0.1:{api.port}",
            "timeouts_seconds": {"connect": 1, "write": 1, "read": 3, "post": 4},
        }
    )
    ids = published(shop, number=300)
    wait_until(shop.accepted, SOON, "events are accepted whose answers are still to come")
    getattr(api, how)()
    unanswered = set(shop.accepted())
    wait_until(lambda: logged(member, "gate_held"), SOON, "the outage is told")
    missed = "unknown_outcome_events_total"
    wait_until(lambda: member.metrics().total(missed) >= len(unanswered), SOON, "their answers are missed")
    assert sum(shop.committed.values()) == 0
    api.mend()
    wait_until(lambda: logged(member, "gate_opened"), LATE, "its end is told")
    all_arrives(shop, member, ids)
    assert {event_id for event_id, times in shop.accepted().items() if times > 1} >= unanswered
