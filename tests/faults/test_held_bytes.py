"""The budget counts bytes that are really there: what the allocator gave away is no more than what is counted."""

from __future__ import annotations

import time
import tracemalloc

from capi_stream.delivery.engine import Engine
from capi_stream.delivery.settings import Limits, Route
from capi_stream.intake.intake import Intake
from capi_stream.model import Destination, Partition, Record, SchemaRef
from tests.builders import PIXEL, SCHEMA_ID, SCHEMA_TEXT, TOPIC, intake_settings
from tests.faults.publishing import event_id_of, template

NUMBER = 2_000


def test_a_held_record_takes_no_more_memory_than_the_budget_counts() -> None:
    """orjson's bytes keep their buffer (4 kB for 800 bytes): the process held 178 MB under a budget of 64."""
    routes = {Destination(PIXEL): Route("token", "graph")}
    engine = Engine(Limits(routes=routes, dead_letter_topic="dead", parked_topic="parked"))
    intake = Intake(intake_settings())
    intake.learned(SchemaRef("", SCHEMA_ID), SCHEMA_TEXT)
    engine.assigned(Partition(TOPIC, 0), 0, "")
    before, after = template(PIXEL, SCHEMA_ID)

    def read(number: int) -> None:
        value = before + event_id_of(number).encode() + after
        each = Record(Partition(TOPIC, 0), number, 0, None, value)
        engine.received(each, intake(each, time.time()), time.monotonic())

    def counted() -> int:
        return engine.snapshot(time.monotonic(), time.time()).buffered_bytes

    read(0)  # what is compiled at first sight is no record's
    counted_before = counted()
    tracemalloc.start()
    try:
        for number in range(1, NUMBER + 1):
            read(number)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert taken <= counted() - counted_before
