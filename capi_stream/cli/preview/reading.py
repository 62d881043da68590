"""Records as the service would read them, schemas from the registries included."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from capi_stream.intake.intake import Intake
from capi_stream.kafka.registries import Registries
from capi_stream.kafka.registry import Fetched
from capi_stream.kafka.settings import RegistrySettings
from capi_stream.model import NeedSchema, Reading, Record, SchemaRef

WAIT_SECONDS = 10.0  # for a registry that does not answer, once a schema
LOOK_SECONDS = 0.02


class Reader:
    """Reads records. One whose schema no registry has told in time stays a `NeedSchema`."""

    def __init__(self, intake: Intake, registries: Mapping[str, RegistrySettings]) -> None:
        self._intake = intake
        # What a registry does not know is believed at once: a person waits.
        hasty = {name: replace(each, unknown_after_seconds=0.0) for name, each in registries.items()}
        self._registries = Registries(hasty)
        self._given_up: set[SchemaRef] = set()

    def read(self, records: Iterable[Record], unix_now: float) -> Iterator[tuple[Record, Reading]]:
        """Each of `records` with what it is as of `unix_now`."""
        for record in records:
            reading = self._intake(record, unix_now)
            if isinstance(reading, NeedSchema) and self._learns(reading.schema):
                reading = self._intake(record, unix_now)
            yield record, reading

    def _learns(self, schema: SchemaRef) -> bool:
        """Ask for `schema` and wait; whether the registry said something of it."""
        if schema in self._given_up:
            return False
        self._registries.want({schema})
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            for found, answer in self._registries.fetched():
                if isinstance(answer, Fetched):
                    self._intake.learned(found, answer.schema_text, answer.references)
                else:
                    self._intake.unknown(found)
                if found == schema:
                    return True
            time.sleep(LOOK_SECONDS)
        self._given_up.add(schema)
        return False
