"""What a registry's answers mean for a candidate: which versions refuse it and why, and whether it is there already."""

from __future__ import annotations

import json

from capi_stream.cli.schema.understanding import Change, compared
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import SchemaError
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.subjects import Registered, Subjects


def refusing(there: Subjects, subject: str, text: str, level: str) -> dict[int, list[str]]:
    """The versions that the registry finds `text` incompatible with, and what parts them, where that is seen here.

    Empty if it is compatible. Raises SchemaRefusedError where the registry cannot read it, else KafkaFailure.
    """
    if there.takes(subject, text):
        return {}
    versions = there.versions(subject)
    counting = versions if level.endswith("_TRANSITIVE") else versions[-1:]
    found = [each for each in counting if not there.takes_beside(subject, text, each.version)]
    return {each.version: _reasons(text, each) for each in found or counting}


def found(there: Subjects, subject: str, text: str) -> Registered | None:
    """The newest version of the subject that is `text` but for its layout."""
    wanted = json.loads(text)
    return next((each for each in reversed(there.versions(subject)) if _json(each.schema_text) == wanted), None)


def registered(there: Subjects, subject: str, text: str) -> Registered:
    """Register `text`. Raises SchemaRefusedError where the registry does not take it, else KafkaFailure."""
    number = there.register(subject, text)
    made = found(there, subject, text)
    if made is None:
        raise KafkaFailure(
            f"the schema registry gave id {number}, and does not list the schema under {subject}. What to do: see its "
            "log."
        )
    return made


def _json(text: str) -> object:
    """None for a text in another language than Avro's: a subject can change its own."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _reasons(candidate: str, there: Registered) -> list[str]:
    """What parts a candidate from a version that is there, in both directions; empty where it is not seen here."""
    try:
        new, old = read_schema(candidate), read_schema(there.schema_text, there.references)
    except SchemaError:
        return []
    pairs = (("it cannot read what this one wrote", old, new), ("this one cannot read what it writes", new, old))
    return [
        f"{what}: {each.text}"
        for what, writer, reader in pairs
        for each in compared(writer, reader)
        if not isinstance(each, Change)
    ]
