"""What the pages of the admin port say of the settings, and what reasons mean: short texts, and never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from capi_stream.config.settings import Settings
from capi_stream.delivery.meanings import HOLDS, REJECTIONS
from capi_stream.intake.intake import REASONS
from capi_stream.intake.parameters.violations import REASONS as RULES

MEANINGS: Mapping[str, str] = MappingProxyType({**HOLDS, **REJECTIONS, **REASONS, **RULES})
"""Reason -> what it means, for each that a letter can have."""


def facts(settings: Settings) -> dict[str, str]:
    """Name -> value, in the order in which they are shown."""
    consumer, limits, deadlines = settings.consumer, settings.limits, settings.deadlines
    endpoints = dict.fromkeys(host(target.endpoint.url) for target in settings.posters.targets.values())
    registries = dict.fromkeys(host(each.properties["url"]) for each in settings.registries.values())
    pixels = dict.fromkeys(destination.pixel for destination in limits.routes)
    return {
        "Group": consumer.properties["group.id"],
        "Topics": ", ".join(consumer.topics),
        "Dead letters": limits.dead_letter_topic,
        "Parked": limits.parked_topic,
        "Rebalance": consumer.rebalance,
        "Pixels": f"{len(pixels):,}",
        "Posts go to": ", ".join(endpoints),
        "Schema registry": ", ".join(registries) or "none",
        "Batch": f"{limits.batch_events:,} events or {limits.batch_bytes / 1_000:,.0f} kB",
        "Linger": f"{limits.linger_seconds:g} s",
        "Posts in flight": f"{limits.posts_in_flight} at most, {limits.posts_in_flight_per_pixel} of one pixel",
        "Post deadline": f"{settings.posters.timeouts.post:g} s",
        "Commit every": f"{limits.commit_interval_seconds:g} s",
        "Rebalance deadline": f"{deadlines.revoke_seconds:g} s",
        "Drain deadline": f"{deadlines.drain_seconds:g} s",
    }


def host(url: str) -> str:
    """The host of `url`, with its port: neither a password before it nor a key behind it."""
    parts = urlsplit(url.split(",")[0])
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
