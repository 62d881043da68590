"""From the tree of keys to the settings that each room declares. What only shows across keys is found here."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pydantic import SecretStr

from capi_stream.config.document import Document, KeyPath
from capi_stream.config.mistakes import Mistake, WrongValueError
from capi_stream.config.references import References, read_text, read_text_line
from capi_stream.config.settings import Deadlines, Settings
from capi_stream.config.tree import Pixel, Registry, TopicPart, Tree
from capi_stream.delivery.settings import FuseSettings, Limits, Route
from capi_stream.endpoints.network import trusted_authorities
from capi_stream.endpoints.settings import Credential, Endpoint, PosterSettings, Target, Timeouts
from capi_stream.intake.intake import Intake
from capi_stream.intake.settings import (
    BUILT_IN_MAPPING,
    BUILT_IN_SCHEMA,
    IntakeSettings,
    Routing,
    Rules,
    TopicSettings,
)
from capi_stream.intake.topics import IntakeError
from capi_stream.kafka.settings import ConsumerSettings, ProducerSettings, RegistrySettings
from capi_stream.model import Destination, PixelId
from capi_stream.observability.settings import AdminSettings, LogSettings

GRAPH = "graph"
GATEWAY = "gateway"
SHARED_REGISTRY = ""


class Builder:
    """Builds one configuration's settings; what is wrong goes to the document's mistakes."""

    def __init__(self, tree: Tree, document: Document, references: References) -> None:
        self._tree = tree
        self._document = document
        self._references = references

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
            posters=self._posters(),
            admin=AdminSettings(admin.host, admin.port, tree.deadlines.watchdog_seconds, admin.pixels),
            logs=LogSettings(tree.logs.format, tree.logs.level),
            deadlines=Deadlines(
                tree.deadlines.drain_seconds, tree.deadlines.revoke_seconds, tree.deadlines.commit_floor_seconds
            ),
            api_version=tree.api.version,
        )

    def wrong(self, path: KeyPath, what: str, write_instead: str) -> None:
        """Note a mistake at `path`."""
        self._document.mistakes.append(Mistake(self._document.place(path), ".".join(path), what, write_instead))

    # Delivery.

    def _limits(self) -> Limits:
        tree, delivery = self._tree, self._tree.delivery
        fuse = delivery.fuse
        return Limits(
            routes={
                destination: Route(self._credential_name(destination), self._endpoint(destination).name)
                for pixel, part in tree.pixels.items()
                for destination in _destinations(pixel, part)
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
                destinations={PixelId(pixel): _destinations(pixel, part) for pixel, part in tree.pixels.items()},
                stores={store: PixelId(pixel) for pixel, part in tree.pixels.items() for store in part.stores},
                default_pixel=PixelId(tree.default_pixel) if tree.default_pixel else None,
            ),
            rules=Rules(tree.rules.strict_website, tree.rules.future_seconds),
            max_event_bytes=tree.delivery.batch_bytes,
        )
        if not self._document.mistakes:
            try:
                Intake(made)
            except IntakeError as error:
                for mistake in error.mistakes:
                    self.wrong(("topics",), mistake, "Mend the mapping or the schema")
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
            self.wrong(path, error.what, error.write_instead)
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
        )

    def _producer(self) -> ProducerSettings:
        tree = self._tree
        return ProducerSettings(
            properties={**tree.kafka.common, **tree.kafka.producer},
            dead_letter_topic=tree.dead_letters.topic,
            parked_topic=tree.parked.topic,
            store_seconds=tree.deadlines.store_seconds,
            connect_seconds=tree.kafka.connect_seconds,
        )

    def _registries(self) -> dict[str, RegistrySettings]:
        parts = {SHARED_REGISTRY: self._tree.registry}
        parts.update({name: topic.registry for name, topic in self._tree.topics.items()})
        return {name: _registry(part) for name, part in parts.items() if part is not None}

    # Endpoints.

    def _posters(self) -> PosterSettings:
        tree = self._tree
        timeouts = tree.api.timeouts_seconds
        ca_file = self._references.directory / tree.api.ca_file if tree.api.ca_file else None
        if ca_file is not None:
            try:
                trusted_authorities(ca_file)
            except ValueError as error:
                self.wrong(("api", "ca_file"), str(error), "Name a PEM file of certificates")
        credentials = dict(
            each
            for pixel, part in tree.pixels.items()
            for each in self._credentials(pixel, part)
            if each[1] is not None
        )
        return PosterSettings(
            credentials={name: credential for name, credential in credentials.items() if credential is not None},
            targets={
                destination: self._target(destination, part, credentials.keys())
                for pixel, part in tree.pixels.items()
                for destination in _destinations(pixel, part)
            },
            timeouts=Timeouts(timeouts.connect, timeouts.write, timeouts.read, timeouts.post),
            workers=tree.delivery.posts_in_flight,
            ca_file=ca_file,
            proxy=_shown(tree.api.proxy),
        )

    def _target(self, destination: Destination, part: Pixel, credentials: object) -> Target:
        name = self._credential_name(destination)
        return Target(
            destination=destination,
            endpoint=self._endpoint(destination),
            credential=name if name in credentials else None,  # type: ignore[operator]
            test_event_code=part.test_event_code,
            partner_agent=self._tree.api.partner_agent,
        )

    def _endpoint(self, destination: Destination) -> Endpoint:
        if destination.endpoint == GRAPH:
            return Endpoint(GRAPH, "graph", self._tree.api.url, self._tree.api.version)
        gateway = self._tree.pixels[destination.pixel].gateway
        assert gateway is not None
        return Endpoint(gateway.url, "gateway", gateway.url)

    def _credential_name(self, destination: Destination) -> str:
        return destination.pixel if destination.endpoint == GRAPH else f"{destination.pixel}@gateway"

    def _credentials(self, pixel: str, part: Pixel) -> list[tuple[str, Credential | None]]:
        path = ("pixels", pixel)
        graph = self._credential(pixel, (*path, "token"), part.token, part.token_file, part.app_secret)
        if part.gateway is None:
            return [(pixel, graph)]
        key = part.gateway.access_key
        name = f"{pixel}@gateway"
        gateway = self._credential(name, (*path, "gateway", "access_key"), key, part.gateway.access_key_file)
        return [(pixel, graph), (name, gateway)]

    def _credential(
        self, name: str, path: KeyPath, secret: SecretStr | None, file: str | None, app_secret: SecretStr | None = None
    ) -> Credential | None:
        """A token from the setting, which may itself have come from a file, or from the file that is named beside."""
        if file is not None:
            try:
                text = read_text_line(self._references.directory, file)
            except WrongValueError as error:
                self.wrong((*path[:-1], f"{path[-1]}_file"), error.what, error.write_instead)
                text = ""
            return Credential(name, text.strip(), self._references.directory / file, _shown(app_secret))
        if secret is None:
            return None
        return Credential(name, secret.get_secret_value().strip(), self._file_of(path), _shown(app_secret))

    def _file_of(self, path: KeyPath) -> Path | None:
        return self._references.file_of(path)


def _registry(part: Registry) -> RegistrySettings:
    return RegistrySettings(
        properties={**part.properties, "url": part.url},
        unknown_after_seconds=part.unknown_after_seconds,
        answer_seconds=part.answer_seconds,
    )


def _destinations(pixel: str, part: Pixel) -> tuple[Destination, ...]:
    graph = Destination(PixelId(pixel), GRAPH)
    if part.gateway is None:
        return (graph,)
    gateway = Destination(PixelId(pixel), GATEWAY)
    return (gateway,) if part.gateway.only else (graph, gateway)


def _shown(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None
