"""Our own path in core, whole and by stage: a record's value to a batch's body, its answer, its offset."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from bench.events import SCHEMA_ID, SCHEMA_TEXT
from bench.measuring import Work
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.outcomes import Accepted
from capi_stream.delivery.settings import Limits, Route
from capi_stream.intake.avro.decoding import Decoder, Undecodable
from capi_stream.intake.avro.framing import unframe
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.encoding import encode
from capi_stream.intake.intake import Intake
from capi_stream.intake.mapping.compiled import compile_mapping
from capi_stream.intake.parameters import rules
from capi_stream.intake.parameters.identifiers import Identifiers
from capi_stream.intake.parameters.settings import IdentifierSettings, Rules
from capi_stream.intake.settings import BUILT_IN_MAPPING, IntakeSettings, Routing, TopicSettings
from capi_stream.model import Destination, Mapped, Partition, PixelId, Record, SchemaRef

TOPIC = "bench"
PARTITION = Partition(TOPIC, 0)
POLLED = 1_000  # records that one poll brings


def mapping_text() -> str:
    """The contract's own mapping."""
    return files("capi_stream").joinpath(BUILT_IN_MAPPING).read_text(encoding="utf-8")


def intake_of(pixels: Sequence[str]) -> Intake:
    """Intake as the service has it, that knows the contract."""
    destinations = {PixelId(pixel): (Destination(PixelId(pixel)),) for pixel in pixels}
    made = Intake(IntakeSettings((TopicSettings(TOPIC, SCHEMA_TEXT, mapping_text()),), Routing(destinations)))
    made.learned(SchemaRef("", SCHEMA_ID), SCHEMA_TEXT)
    return made


def records_of(values: Sequence[bytes]) -> list[Record]:
    """Kafka records with these values."""
    now_ms = int(time.time() * 1000)
    return [Record(PARTITION, offset, now_ms, None, value) for offset, value in enumerate(values)]


class WholePath:
    """What the loop does with each poll's records, but for Kafka and HTTP: everything is on."""

    def __init__(self, values: Sequence[bytes], pixels: Sequence[str]) -> None:
        self._records = records_of(values)
        self._pixels = pixels
        self._intake = intake_of(pixels)

    def __call__(self) -> int:
        """Deliver all of them; how many bytes were posted."""
        engine = engine_of(self._pixels)
        posted = 0
        for first in range(0, len(self._records), POLLED):
            now, unix_now = time.monotonic(), time.time()  # of all records of a poll
            for record, reading in self._intake.readings(self._records[first : first + POLLED], unix_now):
                engine.received(record, reading, now)
            posted += posted_by(engine)
            assert not engine.paused()
        engine.stopping()
        posted += posted_by(engine)
        commit = engine.commit(time.monotonic() + 3600.0)
        assert commit is not None
        assert commit.positions[0].offset == len(self._records)
        return posted


def engine_of(pixels: Sequence[str]) -> Engine:
    """An engine to which one partition is assigned."""
    routes = {Destination(PixelId(pixel)): Route("credential", "graph") for pixel in pixels}
    engine = Engine(Limits(routes, "dead", "parked", posts_in_flight=1_000_000, posts_in_flight_per_pixel=1_000_000))
    engine.assigned(PARTITION, 0)
    return engine


def posted_by(engine: Engine) -> int:
    """Take what is ready and let it be accepted; how many bytes that was."""
    size = 0
    for batch in engine.ready(time.monotonic(), time.time()):
        size += len(b"".join((b'{"data":[', b",".join([entry.event.body for entry in batch.entries]), b"]}")))
        engine.answered(batch, Accepted(), time.monotonic(), 0.5)
    return size


def stages(values: Sequence[bytes], pixel: str) -> Mapping[str, Work]:
    """Each stage alone, on what the one before it made; `rules` are those that a mapping does not settle."""
    schema = read_schema(SCHEMA_TEXT)
    mapping = compile_mapping(mapping_text(), "contract", schema, "contract")
    decode, run = Decoder(schema, schema, mapping.layout), mapping.run_laid_out
    identifiers, unix_now, records = Identifiers(IdentifierSettings()), time.time(), records_of(values)
    year, plain = time.gmtime().tm_year, Rules()
    decoded = [found for value in values if not isinstance(found := decode(value, 5), Undecodable)]
    drafts = [run(one, record, {}, []) for one, record in zip(decoded, records, strict=True)]
    raw = [made[0].event for made in drafts if isinstance(made, list)]
    ready = [{**event, "user_data": identifiers.identified(event, year, Mapped())} for event in raw]
    intake = intake_of([pixel])
    readings = [intake(record, unix_now) for record in records]

    def engine() -> None:
        made = engine_of([pixel])
        for first in range(0, len(records), POLLED):
            for record, reading in zip(records[first : first + POLLED], readings[first : first + POLLED], strict=True):
                made.received(record, reading, 1.0)
            for batch in made.ready(1.0, unix_now):
                made.answered(batch, Accepted(), 1.0, 0.5)

    bodies = [encode(event) for event in ready]
    return {
        "frame": each(lambda value: unframe(value, (), "auto"), values),
        "decode": each(lambda value: decode(value, 5), values),
        "map": each(lambda record: run(record, records[0], {}, []), decoded),
        "normalise and hash": each(lambda event: identifiers.identified(event, year, Mapped()), raw),
        "rules": each(lambda event: rules.check_made(event, unix_now, plain), ready),
        "encode": each(encode, ready),
        "engine": engine,
        "join": each(lambda at: b",".join(bodies[at : at + POLLED]), range(0, len(bodies), POLLED)),
    }


def each(work: Callable[[Any], object], inputs: Iterable[Any]) -> Work:
    """`work` on one input after another, whose outcomes are let go at once, as in the whole path."""

    def through() -> None:
        for one in inputs:
            work(one)

    return through
