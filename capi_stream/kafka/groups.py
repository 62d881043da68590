"""Which consumer groups a cluster knows."""

from __future__ import annotations

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from capi_stream.kafka.clients import bystander_properties, connected
from capi_stream.kafka.settings import ConsumerSettings

ASKING_SECONDS = 5.0


def groups(settings: ConsumerSettings, prefix: str) -> list[str]:
    """The groups whose names begin with `prefix`, as far as they may be seen; none where nobody answers."""
    admin = connected(AdminClient, bystander_properties(settings), lambda _: None)
    try:
        answer = admin.list_consumer_groups(request_timeout=ASKING_SECONDS).result(ASKING_SECONDS + 1)
    except (KafkaException, TimeoutError):
        return []
    return sorted(each.group_id for each in answer.valid if each.group_id.startswith(prefix))
