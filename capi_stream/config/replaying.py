"""The settings of a replay: the same, but letters are read, in a consumer group of their own."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from capi_stream.config.settings import Settings

_GOOD_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,60}")


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay reads and where it stops. `choice` is the fingerprint of its choice, empty where it takes all.

    `parked` letters are read, or else dead ones; `follow`: also what comes later, until told to stop.
    """

    replay_id: str
    choice: str
    parked: bool = False
    follow: bool = False
    to_topic: str = ""


def replayed(settings: Settings, replay: Replay) -> Settings:
    """`settings` with a replay's own. Raises ValueError where they cannot be.

    Its group has the choice in its name: under other filters the same id would else pass over, unread, what the first
    ones did not take. Nothing is parked for its pixel's sake: that would pour Kafka into Kafka.
    """
    _check(settings, replay)
    live = settings.consumer.properties["group.id"]
    topic = settings.producer.parked_topic if replay.parked else settings.producer.dead_letter_topic
    consumer = replace(
        settings.consumer,
        properties={**settings.consumer.properties, "group.id": group_of(live, replay)},
        topics=(topic,),
        no_committed_offset="earliest",
        committed_offset_gone="earliest",  # retention is what ends letters
        group_instance_id=None,
        stops_at_ends=not replay.follow,
    )
    limits = replace(
        settings.limits,
        park_after_seconds=math.inf,
        park_in_the_way_seconds=math.inf,
        commit_interval_seconds=min(settings.limits.commit_interval_seconds, 1.0),  # it ends when all is committed
        replays="parked" if replay.parked else "dead_letter",
    )
    admin = settings.admin if replay.follow else replace(settings.admin, host="127.0.0.1", port=0)
    producer = replace(settings.producer, replay_id=replay.replay_id, replay_topic=replay.to_topic)
    return replace(settings, consumer=consumer, limits=limits, producer=producer, admin=admin, quality=None)


def group_of(live: str, replay: Replay) -> str:
    """The consumer group of `replay`, beside the group `live`."""
    what = "parked" if replay.parked else "dead-letters"
    return "-".join(each for each in (live, "replay", what, replay.replay_id, replay.choice) if each)


def _check(settings: Settings, replay: Replay) -> None:
    if not _GOOD_ID.fullmatch(replay.replay_id):
        raise ValueError("a replay's id is 1 to 60 letters, digits, dots, dashes and underscores, such as --id friday")
    if replay.to_topic and not _GOOD_TOPIC.fullmatch(replay.to_topic):
        raise ValueError("--to-topic: a topic's name is 1 to 249 letters, digits, dots, dashes and underscores")
    letters = {settings.producer.dead_letter_topic, settings.producer.parked_topic}
    if replay.to_topic in letters:
        raise ValueError(f"{replay.to_topic} is a topic of letters: they would be letters again, and never sent")
