"""What all members of one world share."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from capi_stream.delivery.settings import Limits
from tests.simulation.api import Api
from tests.simulation.broker import Broker
from tests.simulation.features import Feature
from tests.simulation.log import Log
from tests.simulation.topics import Topics


@dataclass(frozen=True, slots=True)
class Around:
    """The cluster, the API, the limits and chance. `exercised` is what has happened in this world."""

    log: Log
    broker: Broker
    api: Api
    topics: Topics
    random: Random
    limits: Limits
    poll_records: int  # of each partition
    exercised: set[Feature] = field(default_factory=set)
