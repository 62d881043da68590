"""A group of a member's own, and the log that it reads."""

from __future__ import annotations

import uuid
from typing import get_args

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from capi_stream.kafka.settings import Rebalance
from capi_stream.model import Partition

REBALANCES = get_args(Rebalance)


def numbered(count: int, partition: int = 0, first: int = 0) -> list[dict[str, object]]:
    return [{"value": b"%d" % number, "partition": partition} for number in range(first, first + count)]


def new_group() -> str:
    return f"group-{uuid.uuid4().hex[:8]}"


def delete_below(broker: str, partition: Partition, offset: int) -> None:
    """Let the log of `partition` begin at `offset`."""
    admin = AdminClient({"bootstrap.servers": broker})  # an answer comes only while its client is there
    (done,) = admin.delete_records([TopicPartition(*partition, offset)]).values()
    done.result(10)
