"""TLS, passwords and access rights on a real Kafka: what suffices, and what is said when something is missing."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any, get_args

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.producer import LetterProducer
from capi_stream.kafka.settings import ProducerSettings, Rebalance
from capi_stream.model import Partition
from tests.real.clients import committed, make_topic, publish, read_all, wait_until
from tests.real.secure import USERS, SecureBroker
from tests.shells import letters, members

READ, WRITE, DESCRIBE = AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE  # the first two imply the third
MISTYPED = "mistyped-secret"
ANY: Any = None  # what the client takes for any name or host, though its types do not say so
ALL_RIGHTS = AclBindingFilter(
    ResourceType.ANY, ANY, ResourcePatternType.ANY, "User:service", ANY, AclOperation.ANY, AclPermissionType.ANY
)


class Place:
    """Topics and a group of one test, and what the service's user may do with them: nothing at first."""

    def __init__(self, broker: SecureBroker) -> None:
        self.broker = broker
        self.admin = AdminClient(broker.client())  # an answer comes only while its client is there
        name = uuid.uuid4().hex[:8]
        self.source, self.dead, self.parked = (
            make_topic(broker.client(), f"{kind}-{name}") for kind in ("source", "dead", "parked")
        )
        self.group = f"group-{name}"

    def allow(self, operation: AclOperation, *names: str) -> None:
        """Let the user do `operation` with the topics (or the group) `names`, and wait until the broker has it."""
        for done in self.admin.create_acls([self._right(AclBinding, name, operation) for name in names]).values():
            done.result(10)
        for name in names:
            wait_until(lambda name=name: self._rights(name, operation), 10, f"a right to {name}")  # type: ignore[misc]

    def withdraw(self, operation: AclOperation, *names: str) -> None:
        """Take rights back, and wait until the broker has done so."""
        for done in self.admin.delete_acls([self._right(AclBindingFilter, name, operation) for name in names]).values():
            done.result(10)
        for name in names:
            wait_until(lambda name=name: not self._rights(name, operation), 10, f"no right to {name}")  # type: ignore[misc]

    def withdraw_all(self) -> None:
        """Leave the user without any right, and wait until the broker has it so."""
        for done in self.admin.delete_acls([ALL_RIGHTS]).values():
            done.result(10)
        wait_until(lambda: not self.admin.describe_acls(ALL_RIGHTS).result(10), 10, "no right at all")

    def commit_start(self) -> None:
        """Let the group have begun to read the source."""
        start = ConsumerGroupTopicPartitions(self.group, [TopicPartition(self.source, 0, 0)])
        for done in self.admin.alter_consumer_group_offsets([start]).values():
            done.result(10)

    def _rights(self, name: str, operation: AclOperation) -> list[AclBinding]:
        found: list[AclBinding] = self.admin.describe_acls(self._right(AclBindingFilter, name, operation)).result(10)
        return found

    def _right(self, kind: type[Any], name: str, operation: AclOperation) -> Any:
        resource = ResourceType.GROUP if name == self.group else ResourceType.TOPIC
        literal, allow = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
        return kind(resource, name, literal, "User:service", "*", operation, allow)

    def member(self, password: str | None = None, **changes: Any) -> members.Member:
        client = self.broker.client("service", password)
        return members.Member(members.settings(client, self.source, group=self.group, **changes))

    def storing(self, password: str | None = None, **changes: Any) -> ProducerSettings:
        return letters.settings(self.broker.client("service", password), self.dead, self.parked, **changes)


@pytest.fixture
def place(secure_broker: SecureBroker) -> Place:
    made = Place(secure_broker)
    made.withdraw_all()  # other files give rights on this broker too, and one to write gives every producer its id
    return made


@pytest.fixture
def why(caplog: pytest.LogCaptureFixture) -> Callable[[Callable[[], object]], str]:
    """Runs what must end the service, and returns what is said then: never a password, in the log neither."""

    def failure_of(act: Callable[[], object]) -> str:
        with pytest.raises(KafkaFailure) as raised:
            act()
        for text in (str(raised.value), caplog.text):
            assert not [secret for secret in (*USERS.values(), MISTYPED) if secret in text]
        return str(raised.value)

    return failure_of


Why = Callable[[Callable[[], object]], str]


def run(member: members.Member) -> None:
    """Start and poll until it raises."""
    member.consumer.start()
    members.poll_until(lambda: False, member)


# What suffices.


@pytest.mark.parametrize("rebalance", get_args(Rebalance))
def test_a_member_needs_to_read_its_topics_and_its_group(place: Place, rebalance: Rebalance) -> None:
    place.allow(READ, place.source, place.group)
    admin = place.broker.client()
    publish(admin, place.source, [{"value": b"v"}])
    with place.member(rebalance=rebalance) as member:
        assert member.read(1) == [b"v"]
        assert member.commit(Partition(place.source, 0), 1) is None
        members.poll_until(lambda: member.consumer.high_watermarks() == {Partition(place.source, 0): 1}, member)
    assert committed(admin, place.group, place.source) == {0: 1}


def test_the_producer_of_letters_needs_to_write_its_topics(place: Place) -> None:
    place.allow(WRITE, place.dead, place.parked)
    with letters.started(place.storing()) as producer:
        both = [letters.letter(place.dead), letters.letter(place.parked)]
        assert dict(letters.stored(producer, *both)) == dict.fromkeys(both)
    assert len(read_all(place.broker.client(), place.dead)) == 1


# What is said when a password or a certificate is wrong.


def test_a_wrong_password_ends_both_at_once_and_says_so(place: Place, why: Why) -> None:
    consumer = place.member(MISTYPED, connect_seconds=60.0).consumer
    for client in (consumer, LetterProducer(place.storing(MISTYPED, connect_seconds=60.0))):
        began = time.monotonic()
        said = why(client.start)
        assert "invalid credentials" in said
        assert "check security.protocol and the sasl.* properties" in said
        assert time.monotonic() - began < 30.0, "it is not waited out"
        client.close(0.0)


@pytest.mark.parametrize("change", [{"ssl.ca.location": None}, {"security.protocol": "PLAINTEXT"}])
def test_a_wrong_way_to_the_broker_ends_at_the_deadline(place: Place, why: Why, change: dict[str, str | None]) -> None:
    client = {name: value for name, value in {**place.broker.client("service"), **change}.items() if value is not None}
    producer = LetterProducer(letters.settings(client, place.dead, connect_seconds=1.0))
    said = why(producer.start)
    assert f"look for topic {place.dead}: no answer within 1 s" in said
    assert "check bootstrap.servers, security.protocol" in said


# What is said when a right is missing.


def test_a_source_topic_that_may_not_be_seen_is_named(place: Place, why: Why) -> None:
    place.allow(READ, place.group)
    member = place.member()
    said = why(member.consumer.start)
    assert f"topic {place.source}" in said
    assert "READ and DESCRIBE on source topics" in said
    member.consumer.close(0.0)


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_source_topic_that_may_be_seen_and_not_read_ends_the_member(place: Place, why: Why, is_begun: bool) -> None:
    place.allow(READ, place.group)
    place.allow(DESCRIBE, place.source)
    if is_begun:
        place.commit_start()
    member = place.member()
    said = why(lambda: run(member))
    assert "READ and DESCRIBE on source topics" in said
    assert place.source in said or not is_begun, "the refusal of a commit does not say which topic it is"
    member.consumer.close(1.0)


@pytest.mark.parametrize("rebalance", get_args(Rebalance))
@pytest.mark.parametrize("is_seen", [False, True])
def test_a_missing_right_to_the_group_is_named(place: Place, why: Why, is_seen: bool, rebalance: Rebalance) -> None:
    place.allow(READ, place.source)
    if is_seen:
        place.allow(DESCRIBE, place.group)
    member = place.member(rebalance=rebalance)
    said = why(lambda: run(member))
    assert said.startswith(("read the group's committed offsets: ", "read as a member of the group: ")[is_seen])
    assert "give the service's user READ and DESCRIBE on its group.id" in said
    member.consumer.close(1.0)


@pytest.mark.parametrize("missing", ["dead", "parked"])
@pytest.mark.parametrize("is_seen", [False, True])
def test_a_missing_right_to_write_letters_is_found_at_start(
    place: Place, why: Why, missing: str, is_seen: bool
) -> None:
    topics = {"dead": place.dead, "parked": place.parked}
    lacking = topics.pop(missing)
    place.allow(WRITE, *topics.values())
    if is_seen:
        place.allow(DESCRIBE, lacking)
    said = why(LetterProducer(place.storing()).start)
    assert f"topic {lacking}" in said
    assert "WRITE and DESCRIBE on the dead-letter and parked topics" in said


def test_a_right_that_is_withdrawn_later_holds_letters_until_it_is_given_again(place: Place) -> None:
    place.allow(WRITE, place.dead, place.parked)
    with letters.started(place.storing(store_seconds=5.0)) as producer:
        held, other = letters.letter(place.dead), letters.letter(place.parked)
        letters.stored(producer, held)
        place.withdraw(WRITE, place.dead)
        assert dict(letters.stored(producer, held, other)) == {held: "topic_authorization_failed", other: None}
        place.allow(WRITE, place.dead)
        wait_until(lambda: letters.stored(producer, held) == [(held, None)], 30, "the letter is stored")


def test_a_producer_that_the_broker_gives_no_id_ends_the_service(place: Place, why: Why) -> None:
    """Its client is broken for good then, whatever rights come later: it must not go on refusing letters."""
    producer = LetterProducer(place.storing())
    said = why(lambda: wait_until(producer.reports, 20, "the client breaks"))
    assert "store letters: " in said
    assert "IDEMPOTENT_WRITE on the cluster, or WRITE on the dead-letter and parked topics" in said
    producer.close(0.0)
