"""What lies in the topics of letters: letters of ours, and whatever else somebody has put there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from capi_stream.cli.dead_letters.options import Kind
from capi_stream.config.settings import Settings
from capi_stream.kafka.browser import Browser
from capi_stream.letter_heads import Head, read
from capi_stream.model import Record
from capi_stream.replay.choosing import Choice


class Lying(NamedTuple):
    """A record that lies in a topic of letters. `head` is None where it is foreign: no letter of ours."""

    record: Record
    head: Head | None

    def is_chosen(self, choice: Choice) -> bool:
        """Whether it is meant. What is foreign says nothing that a filter could ask for: it is, where there is none."""
        return choice == Choice() if self.head is None else choice.takes(self.head)


def topics(settings: Settings, kind: Kind | None = None) -> dict[Kind, str]:
    """The topics that are meant; both where `kind` is None."""
    found = {Kind.DEAD: settings.producer.dead_letter_topic, Kind.PARKED: settings.producer.parked_topic}
    return {each: topic for each, topic in found.items() if kind in (None, each)}


def browser(settings: Settings, topic: str) -> Browser:
    """What reads `topic`, one of the two. Raises KafkaFailure."""
    is_parked = topic == settings.producer.parked_topic
    return Browser(settings.consumer, topic, named="parked.topic" if is_parked else "dead_letters.topic")


def lying(settings: Settings, topic: str) -> Iterator[Lying]:
    """All that lies in `topic` now, each partition's in their order. Raises KafkaFailure."""
    with browser(settings, topic) as browsing:
        for record in browsing.every():
            yield Lying(record, read(record.headers))
