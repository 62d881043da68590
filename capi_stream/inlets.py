"""What comes into the service: records of a consumer group, and what they are; or, in a replay, letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from capi_stream.intake.intake import Intake
from capi_stream.intake.settings import IntakeSettings
from capi_stream.kafka.consumer import GroupConsumer, RebalanceListener
from capi_stream.kafka.settings import ConsumerSettings
from capi_stream.model import Forwarded, Reading, Record, SchemaRef
from capi_stream.observability.board import Sight


class Reads(Protocol):
    """Says what records are. It never talks to a registry: it answers NeedSchema, and is told what that said."""

    def readings(self, records: Sequence[Record], unix_now: float) -> Iterator[tuple[Record, Reading | Forwarded]]:
        """Read `records` as of Unix second `unix_now`, in their order."""

    def __call__(self, record: Record, unix_now: float) -> Reading:
        """Read one."""

    def learned(self, schema: SchemaRef, schema_text: str, references: Sequence[str] = ()) -> None:
        """The registry's text of `schema`."""

    def unknown(self, schema: SchemaRef) -> None:
        """The registry knows no `schema`."""

    def lapsed(self, schema: SchemaRef) -> None:
        """What the registry said of `schema` counts no more."""


class Inlets(NamedTuple):
    """How to join the group, how to read its records, and who else looks at what the loop shows, once a second."""

    member: Callable[[ConsumerSettings, RebalanceListener], GroupConsumer] = GroupConsumer
    reads: Callable[[IntakeSettings], Reads] = Intake
    looks: Callable[[Sight], None] = lambda _: None


LIVE = Inlets()
"""A topic's records, as fast as they come."""
