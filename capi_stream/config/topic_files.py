"""The schemas and the mapping of a topic, tried as intake will: what is wrong goes to the key that names the file."""

from __future__ import annotations

import json
from collections.abc import Iterator

from capi_stream.config.keys import KeyPath
from capi_stream.config.mistakes import Finding
from capi_stream.intake.avro.decoding import Decoder
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import RecordType, SchemaError, Type
from capi_stream.intake.mapping.compiled import compile_mapping
from capi_stream.intake.mapping.completeness import lacking
from capi_stream.intake.mapping.spec import MappingError
from capi_stream.intake.mapping.spec_text import read_spec
from capi_stream.intake.settings import BUILT_IN_MAPPING, BUILT_IN_SCHEMA, TopicSettings


def wrong_in(topic: TopicSettings) -> Iterator[Finding]:
    """What intake could not work with. An empty text is a file that could not be read, which was told."""
    path = ("topics", topic.name)
    rests_on = ((*path, "schema_file"),)
    reader = _schema(topic.schema)
    if isinstance(reader, str):
        yield Finding(rests_on[0], f"schema {topic.schema_name}{reader}", "Mend the schema, or name another file")
    elif not isinstance(reader, RecordType):
        yield Finding(rests_on[0], f"schema {topic.schema_name} is no record", "Name a schema with fields")
    else:
        yield from _mapping(topic, reader, (*path, "mapping_file"), rests_on)
        for at, text in enumerate(topic.writer_schemas):
            writer = _schema(text, reader)
            if isinstance(writer, str):
                key = (*path, "writer_schema_files", str(at))
                yield Finding(key, f"the schema{writer}", "Mend the schema, or name another file", rests_on)


def _mapping(
    topic: TopicSettings, reader: RecordType, path: KeyPath, rests_on: tuple[KeyPath, ...]
) -> Iterator[Finding]:
    spec, _ = read_spec(topic.mapping, topic.mapping_name)
    mistakes = lacking(spec)
    try:
        compile_mapping(topic.mapping, topic.mapping_name, reader, reader.name)
    except MappingError as error:
        mistakes = iter(error.mistakes)
    told = list(mistakes)
    if told and topic.mapping_name == BUILT_IN_MAPPING and topic.schema_name != BUILT_IN_SCHEMA:
        what = f"schema {topic.schema_name} needs a mapping of its own: the built-in one reads the built-in schema"
        advice = "Write mapping_file: PATH (capi-stream mapping init --schema FILE writes a first one)"
        yield Finding(rests_on[0], what, advice, (path,))
        return
    for each in told:
        what = f"mapping {topic.mapping_name}, line {each.line}: {each.text.rstrip('.')}"
        yield Finding(path, what, "Mend that line of the mapping, or name another schema_file", rests_on)


def _schema(text: str, reader: Type | None = None) -> Type | str:
    """The schema in `text`, if records of it can be read as `reader` (itself without); else where and what is wrong."""
    try:
        schema = read_schema(text)
        Decoder(schema, reader or schema)
    except SchemaError as error:
        return _not_json(text) or f": {str(error).rstrip('.')}"
    return schema


def _not_json(text: str) -> str | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f", line {error.lineno}: this is no JSON: {error.msg}"
    except (ValueError, RecursionError):
        pass
    return None
