"""From the tree of keys to the settings that each room declares. What only shows across keys is found here."""

from __future__ import annotations

from importlib.resources import files

from capi_stream.config.document import Document
from capi_stream.config.keys import KeyPath
from capi_stream.config.letter_keys import letter_keys
from capi_stream.config.mistakes import Finding, WrongValueError
from capi_stream.config.posting import PosterBuilder, conditions, credential_name, destinations, endpoint
from capi_stream.config.references import References, read_text
from capi_stream.config.settings import Deadlines, Settings
from capi_stream.config.topic_files import wrong_in
from capi_stream.config.tree import Registry, TopicPart, Tree
from capi_stream.delivery.settings import FuseSettings, Limits, Route
from capi_stream.endpoints.settings import QualitySettings
from capi_stream.intake.parameters.settings import IdentifierSettings, Rules
from capi_stream.intake.settings import BUILT_IN_MAPPING, BUILT_IN_SCHEMA, IntakeSettings, Routing, TopicSettings
from capi_stream.kafka.settings import ConsumerSettings, ProducerSettings, RegistrySettings
from capi_stream.model import PixelId
from capi_stream.observability.settings import AdminSettings, LogSettings, TracingSettings

SHARED_REGISTRY = ""


class Builder:
    """Builds one configuration's settings; what is wrong goes to the document's mistakes."""

    def __init__(self, tree: Tree, document: Document, references: References) -> None:
        self._tree = tree
        self._document = document
        self._references = references
        self._letter_keys = self._keys_of_letters()

    def settings(self) -> Settings:
        """The settings. Of use only while the document has no mistakes."""
        tree = self._tree
        admin = tree.admin
        return Settings(
            limits=self._limits(),
            intake=self._intake(),
            consumer=self._consumer(),
            producer=self._producer(),
            registries=self._registries(),
            posters=PosterBuilder(tree, self._document, self._references).posters(),
            admin=AdminSettings(
                admin.host, admin.port, tree.deadlines.watchdog_seconds, admin.pixels, admin.dead_letters
            ),
            logs=LogSettings(tree.logs.format, tree.logs.level),
            deadlines=Deadlines(
                tree.deadlines.drain_seconds, tree.deadlines.revoke_seconds, tree.deadlines.commit_floor_seconds
            ),
            api_version=tree.api.version,
            quality=QualitySettings(minutes * 60) if (minutes := tree.quality.every_minutes) is not None else None,
            tracing=self._tracing(),
        )

    def _tracing(self) -> TracingSettings | None:
        part = self._tree.tracing
        return None if part is None else TracingSettings(part.endpoint, part.sample_ratio, part.service_name)

    # Delivery.

    def _limits(self) -> Limits:
        tree, delivery = self._tree, self._tree.delivery
        fuse = delivery.fuse
        return Limits(
            routes={
                destination: Route(credential_name(destination), endpoint(tree, destination).name)
                for pixel, part in tree.pixels.items()
                for destination in destinations(pixel, part)
            },
            dead_letter_topic=tree.dead_letters.topic,
            parked_topic=tree.parked.topic,
            batch_events=delivery.batch_events,
            batch_bytes=delivery.batch_bytes,
            linger_seconds=delivery.linger_seconds,
            posts_in_flight=delivery.posts_in_flight,
            posts_in_flight_per_pixel=delivery.posts_in_flight_per_pixel,
            buffer_bytes=delivery.buffer_bytes,
            partition_span=delivery.partition_span,
            fuse=FuseSettings(fuse.minimum, fuse.share, fuse.window_seconds) if fuse.enabled else None,
            park_after_seconds=delivery.park_after_seconds,
            commit_interval_seconds=delivery.commit_interval_seconds,
            commit_metadata=delivery.commit_metadata,
            pixel_limits={pixel: part.posts_in_flight for pixel, part in tree.pixels.items() if part.posts_in_flight},
        )

    # Intake.

    def _intake(self) -> IntakeSettings:
        tree = self._tree
        made = IntakeSettings(
            topics=tuple(self._topic(name, part) for name, part in tree.topics.items()),
            routing=Routing(
                destinations={PixelId(pixel): destinations(pixel, part) for pixel, part in tree.pixels.items()},
                stores={store: PixelId(pixel) for pixel, part in tree.pixels.items() for store in part.stores},
                default_pixel=PixelId(tree.default_pixel) if tree.default_pixel else None,
                conditions=conditions(tree),
            ),
            rules=Rules(tree.rules.strict_website, tree.rules.future_seconds, tree.rules.future),
            identifiers=IdentifierSettings(
                tree.identifiers.external_id_hashing,
                tree.identifiers.phone_code_from_country,
                tree.identifiers.fbc_from_url,
            ),
            max_event_bytes=tree.delivery.batch_bytes,
        )
        for topic in made.topics:
            for finding in wrong_in(topic):
                self._document.tell(finding)
        return made

    def _topic(self, name: str, part: TopicPart) -> TopicSettings:
        path = ("topics", name)
        return TopicSettings(
            name=name,
            schema=self._text((*path, "schema_file"), part.schema_file, BUILT_IN_SCHEMA),
            mapping=self._text((*path, "mapping_file"), part.mapping_file, BUILT_IN_MAPPING),
            framing=part.framing,
            registry=SHARED_REGISTRY if part.registry is None else name,
            writer_schemas=tuple(
                self._text((*path, "writer_schema_files", str(at)), file, "")
                for at, file in enumerate(part.writer_schema_files)
            ),
            schema_name=part.schema_file or BUILT_IN_SCHEMA,
            mapping_name=part.mapping_file or BUILT_IN_MAPPING,
        )

    def _text(self, path: KeyPath, name: str | None, built_in: str) -> str:
        if name is None:
            return files("capi_stream").joinpath(built_in).read_text(encoding="utf-8")
        try:
            return read_text(self._references.directory, name)
        except WrongValueError as error:
            self._document.spoil(Finding(path, error.what, error.write_instead))
            return ""

    # Kafka.

    def _consumer(self) -> ConsumerSettings:
        kafka = self._tree.kafka
        return ConsumerSettings(
            properties={**kafka.common, **kafka.consumer},
            topics=tuple(self._tree.topics),
            rebalance=kafka.rebalance,
            no_committed_offset=kafka.no_committed_offset,
            committed_offset_gone=kafka.committed_offset_gone,
            group_instance_id=kafka.static_membership,
            connect_seconds=kafka.connect_seconds,
            letter_keys=self._letter_keys,
        )

    def _producer(self) -> ProducerSettings:
        tree = self._tree
        return ProducerSettings(
            properties={**tree.kafka.common, **tree.kafka.producer},
            dead_letter_topic=tree.dead_letters.topic,
            parked_topic=tree.parked.topic,
            content=tree.letters.content,
            store_seconds=tree.deadlines.store_seconds,
            connect_seconds=tree.kafka.connect_seconds,
            letter_keys=self._letter_keys,
        )

    def _keys_of_letters(self) -> tuple[str, ...]:
        """Read once, since the file may be a pipe."""
        name = self._tree.letters.encryption_key_file
        if name is None:
            return ()
        try:
            return letter_keys(self._references.directory, name)
        except WrongValueError as error:
            self._document.tell(Finding(("letters", "encryption_key_file"), error.what, error.write_instead))
            return ()

    def _registries(self) -> dict[str, RegistrySettings]:
        parts = {SHARED_REGISTRY: self._tree.registry}
        parts.update({name: topic.registry for name, topic in self._tree.topics.items()})
        return {name: _registry(part) for name, part in parts.items() if part is not None}


def _registry(part: Registry) -> RegistrySettings:
    return RegistrySettings(
        properties={**part.properties, "url": part.url},
        unknown_after_seconds=part.unknown_after_seconds,
        answer_seconds=part.answer_seconds,
    )
