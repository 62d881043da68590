"""What the service is made of: the settings of each room, built from the tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from capi_stream.delivery.settings import Limits
from capi_stream.endpoints.settings import PosterSettings, QualitySettings
from capi_stream.intake.settings import IntakeSettings
from capi_stream.kafka.settings import ConsumerSettings, ProducerSettings, RegistrySettings
from capi_stream.observability.settings import AdminSettings, LogSettings, TracingSettings


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. Each leaves room for the one before: post and store < revoke - commit < watchdog < max.poll.interval."""

    drain_seconds: float
    revoke_seconds: float
    commit_seconds: float


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them. `registries` are by name: the topic whose own one is, empty for the one that all others share."""

    limits: Limits
    intake: IntakeSettings
    consumer: ConsumerSettings
    producer: ProducerSettings
    registries: Mapping[str, RegistrySettings]
    posters: PosterSettings
    admin: AdminSettings
    logs: LogSettings
    deadlines: Deadlines
    api_version: str
    quality: QualitySettings | None = None  # None: Meta is not asked
    tracing: TracingSettings | None = None  # None: no spans are made
