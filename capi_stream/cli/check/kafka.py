"""Brokers, topics, the group and what we may do with them: what a start of the service asks, without starting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from capi_stream.cli.check.verdicts import Verdict, failed, numbered, ok, skipped, warning
from capi_stream.config.settings import Settings
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.onlooker import Onlooker
from capi_stream.kafka.producer import LetterProducer, room_bytes
from capi_stream.kafka.settings import ConsumerSettings, ProducerSettings
from capi_stream.model import Partition

CONNECT_SECONDS = 10.0  # a person waits: no longer than this for each answer, whatever kafka.connect_seconds says


def of_kafka(settings: Settings) -> Iterator[Verdict]:
    """Each line asks once. Where no broker can be reached, the others are not asked."""
    seconds = min(CONNECT_SECONDS, settings.consumer.connect_seconds)
    consumer = replace(settings.consumer, connect_seconds=seconds)
    producer = replace(settings.producer, connect_seconds=seconds)
    try:
        onlooker = Onlooker(consumer)
    except KafkaFailure as refused:
        yield failed("brokers", str(refused))
        return
    with onlooker:
        try:
            yield ok("brokers", f"{onlooker.brokers()} reached")
        except KafkaFailure as unreached:
            yield failed("brokers", str(unreached))
            yield skipped("topics", "nobody can say without a broker: topics, rights and the group")
            return
        yield from _reading(onlooker, consumer)
    for topic in dict.fromkeys((producer.dead_letter_topic, producer.parked_topic)):
        yield _letters(producer, topic)


def _reading(onlooker: Onlooker, settings: ConsumerSettings) -> Iterator[Verdict]:
    existing: list[Partition] = []
    for topic in settings.topics:
        try:
            found = onlooker.partitions(topic)
        except KafkaFailure as failure:
            yield failed("topic", f"{topic}: {failure}")
            continue
        existing += found
        yield _source(topic, found)
    yield _group(onlooker, settings, existing)


def _source(topic: str, found: Sequence[Partition]) -> Verdict:
    topics = {each.topic for each in found}
    if not topics:
        return warning("topic", f"{topic}: no topic matches it yet. What to do: nothing if one will; else mend it.")
    which = f" in {numbered(len(topics), 'topic')}" if topic.startswith("^") else ""
    return ok("topic", f"{topic}: {numbered(len(found), 'partition')}{which}, may be read")


def _group(onlooker: Onlooker, settings: ConsumerSettings, existing: Sequence[Partition]) -> Verdict:
    group = settings.properties["group.id"]
    try:
        begun = onlooker.begun(existing)
    except KafkaFailure as failure:
        return failed("group", f"{group}: {failure}")
    text = f"{group}: may be used, has committed {begun.committed} of {numbered(begun.partitions, 'partition')}"
    if begun.committed < begun.partitions:
        text += f"; the others begin at kafka.no_committed_offset, {settings.no_committed_offset}"
    return ok("group", text)


def _letters(settings: ProducerSettings, topic: str) -> Verdict:
    producer = None
    try:
        producer = LetterProducer(replace(settings, dead_letter_topic=topic, parked_topic=topic))
        small = producer.look()
    except KafkaFailure as failure:
        return failed("letters", f"{topic}: {failure}")
    finally:
        if producer is not None:
            producer.close(0.0)
    if topic in small:
        return warning(
            "letters",
            f"{topic}: its max.message.bytes is {small[topic]}, and larger letters lose their value. What to do: raise "
            f"it to {room_bytes(settings, topic)} or more.",
        )
    return ok("letters", f"{topic}: may be written")
