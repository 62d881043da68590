"""The schema registries: whether they answer, know the topics' schemas, and whether those can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from capi_stream.cli.check.verdicts import Verdict, failed, ok, warning
from capi_stream.config.settings import Settings
from capi_stream.intake.avro.decoding import Decoder
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import SchemaError
from capi_stream.intake.settings import TopicSettings
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.settings import RegistrySettings
from capi_stream.kafka.subjects import Registered, Subjects

BY_REGISTRY = ("auto", "confluent")
"""The framings by which a record names a registry's schema."""

_ADVICE = (
    "What to do: nothing if producers name subjects otherwise, or have not begun; else see topics and registry.url."
)


def of_registries(settings: Settings) -> Iterator[Verdict]:
    """For each topic whose records name a registry's schemas."""
    for topic in settings.intake.topics:
        if topic.framing in BY_REGISTRY:
            try:
                yield from _of_topic(topic, settings.registries)
            except KafkaFailure as failure:
                yield failed("registry", f"{topic.name}: {failure}")


def _of_topic(topic: TopicSettings, registries: Mapping[str, RegistrySettings]) -> Iterator[Verdict]:
    with Subjects(registries[topic.registry]) as there:
        found = there.of(topic.name)
        if not found:
            what = f"{topic.name}: reached, and no subject there is of a topic that matches"
            yield warning("registry", f"{what}. {_ADVICE}")
        for subject in found:
            newest = there.newest(subject)
            if newest is None:
                yield warning("registry", f"{subject}: the registry is reached, and knows no such subject. {_ADVICE}")
            else:
                yield fit(subject, newest, topic)


def fit(subject: str, newest: Registered, topic: TopicSettings) -> Verdict:
    """Whether records of the `newest` schema can be read as the schema that the topic's mapping reads."""
    which = f"{subject}: its newest schema (version {newest.version}, id {newest.schema_id})"
    try:
        Decoder(read_schema(newest.schema_text, newest.references), read_schema(topic.schema))
    except SchemaError as error:
        return failed(
            "registry",
            f"{which} cannot be read as {topic.schema_name}, so that its records become dead letters: {error}. What to "
            "do: mend that schema, or the schema that is registered.",
        )
    return ok("registry", f"{which} can be read")
