"""What the session starts once: a real Kafka and a real registry. If they cannot be had, the tests fail and say why."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.real.broker import RealBroker
from tests.real.clients import make_topic
from tests.real.registry import RealRegistry
from tests.real.secure import SecureBroker
from tests.service.shop import Shop

REAL_FIXTURES = {"broker", "shop", "registry", "secure_broker", "topic", "own_broker"}
MakeTopic = Callable[..., str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need the real Kafka or registry."""
    for item in items:
        if REAL_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """The address of a real Kafka: the one that KAFKA_BOOTSTRAP_SERVERS names, or one of our own."""
    if named := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield named
        return
    with RealBroker() as started:
        yield started.bootstrap


@pytest.fixture
def own_broker() -> Iterator[RealBroker]:
    """A real Kafka that the test may stop and kill."""
    with RealBroker() as started:
        yield started


@pytest.fixture(scope="session")
def secure_broker() -> Iterator[SecureBroker]:
    """A real Kafka with TLS, passwords and access rights."""
    with SecureBroker() as started:
        yield started


@pytest.fixture(scope="session")
def registry() -> Iterator[str]:
    """The address of a real schema registry: the one that SCHEMA_REGISTRY_URL names, or one of our own."""
    if named := os.environ.get("SCHEMA_REGISTRY_URL"):
        yield named
        return
    with RealRegistry() as started:
        yield started.url


@pytest.fixture
def shop(broker: str, tmp_path: Path) -> Iterator[Shop]:
    """A shop with two partitions, and the service beside it."""
    with Shop(broker, tmp_path) as made:
        yield made


@pytest.fixture
def topic(broker: str) -> MakeTopic:
    """Makes topics with names of their own: `topic("orders", partitions=2)`."""

    def make(name: str = "topic", partitions: int = 1, **config: str) -> str:
        configuration = {key.replace("_", "."): value for key, value in config.items()}
        return make_topic(broker, f"{name}-{uuid.uuid4().hex[:8]}", partitions, configuration)

    return make
