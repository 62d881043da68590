"""The settings of a shadow run: the same, in a consumer group of its own."""

from __future__ import annotations

from dataclasses import replace

from capi_stream.config.settings import Settings


def shadowed(settings: Settings, group: str) -> Settings:
    """`settings` with `group` as the consumer group. Raises ValueError where that is no other group than theirs."""
    live = settings.consumer.properties["group.id"]
    if not group.strip():
        raise ValueError("the shadow's group has no name; give one, such as --group capi-stream-shadow")
    if group.strip() == live.strip():
        raise ValueError(
            f"{group} is the live service's own group: a shadow that commits in it would cost the live service those "
            f"records. Give another, such as --group {live}-shadow"
        )
    properties = {**settings.consumer.properties, "group.id": group}
    return replace(settings, consumer=replace(settings.consumer, properties=properties))
