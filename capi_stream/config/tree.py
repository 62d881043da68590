"""Every key that the configuration may hold. The reference in docs/configuration.md is made from this file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from capi_stream.config.fields import (
    Count,
    EventCondition,
    Host,
    OrEmpty,
    Part,
    PixelKey,
    Port,
    Proxy,
    Seconds,
    Secret,
    Text,
    Token,
    Topic,
    TopicOrPattern,
    Url,
    Urls,
    Version,
    default_of,
)
from capi_stream.config.properties import CommonProperties, ConsumerProperties, ProducerProperties, RegistryProperties
from capi_stream.delivery.settings import FuseSettings, Limits
from capi_stream.endpoints.settings import Timeouts
from capi_stream.intake.avro.framing import Framing
from capi_stream.intake.parameters.settings import ExternalIdHashing, Future, IdentifierSettings, Rules
from capi_stream.kafka.settings import ConsumerSettings, Content, ProducerSettings, Rebalance, RegistrySettings
from capi_stream.observability.settings import AdminSettings, LogSettings, TracingSettings


class Kafka(Part):
    """The brokers, and how the consumer group behaves."""

    common: CommonProperties = Field(default_factory=dict)
    """Properties of librdkafka for every client: `bootstrap.servers`, `security.protocol`, `sasl.*`, `ssl.*`, ..."""
    consumer: ConsumerProperties = Field(default_factory=dict)
    """Properties of librdkafka for the consumer; `group.id` must be one of them. They stand over `common`."""
    producer: ProducerProperties = Field(default_factory=dict)
    """Properties of librdkafka for the producer of dead letters. They stand over `common`."""
    rebalance: Rebalance = default_of(ConsumerSettings, "rebalance")
    """How partitions change hands: `consumer` is the protocol of KIP-848, which the brokers must know (4.0)."""
    no_committed_offset: Literal["earliest", "latest", "error"] = default_of(ConsumerSettings, "no_committed_offset")
    """Where a partition that the group never committed begins. `latest` holds for topics that are wholly new to it."""
    committed_offset_gone: Literal["error", "earliest", "latest"] = default_of(
        ConsumerSettings, "committed_offset_gone"
    )
    """What to do where the records at the committed offset were deleted: stop and say so, or jump."""
    static_membership: Text | None = None
    """A name that is this member's own in the group and outlives it, such as `{env: HOSTNAME}` in a StatefulSet.

    A member that comes back in time keeps its partitions without a rebalance; those of one that does not come back
    wait until its session times out.
    """
    connect_seconds: Seconds = default_of(ConsumerSettings, "connect_seconds")
    """How long the brokers may take to answer at start."""


class Registry(Part):
    """A schema registry that speaks the Confluent API."""

    url: Urls = Field(examples=["http://registry:8081"])
    """Its address, or several with commas between."""
    properties: RegistryProperties = Field(default_factory=dict)
    """Properties of confluent-kafka's SchemaRegistryClient: `basic.auth.user.info`, `ssl.ca.location`, ..."""
    answer_seconds: Seconds = default_of(RegistrySettings, "answer_seconds")
    """How long one answer may take."""
    unknown_after_seconds: Seconds = default_of(RegistrySettings, "unknown_after_seconds")
    """How long it must go on calling an id unknown before records of that id are dead-lettered: replicas lag."""


class TopicPart(Part):
    """How the records of one topic are read."""

    framing: Framing = "auto"
    """How a record names its schema: `confluent`, `single_object`, `bare` (not at all), or `auto`: the first two."""
    schema_file: Text | None = None
    """The Avro schema that the mapping reads; the built-in contract without. Paths are seen from this file's folder."""
    mapping_file: Text | None = None
    """The mapping (docs/mapping.md); the built-in one, for the contract, without."""
    writer_schema_files: tuple[Text, ...] = ()
    """Schemas that single-object records may be written with, and bare ones (the first)."""
    registry: Registry | None = None
    """This topic's own registry, with the keys of `registry`, which it replaces."""


class LetterTopic(Part):
    """A topic that the service writes to. It must exist."""

    topic: Topic = Field(examples=["commerce.events.letters"])
    """Its name. None of the topics that are read may be it."""


class Letters(Part):
    """What dead letters and parked records hold (docs/privacy.md)."""

    encryption_key_file: Text | None = None
    """A file with Fernet keys, one a line: the first encrypts letters, each decrypts them. Without it they are plain.

    It is read at the start, and should have permission 0600. How to make a key, and how to change it: docs/privacy.md.
    """
    content: Content = default_of(ProducerSettings, "content")
    """`record`: the record, byte for byte. `hashed_event`: the event as it would be posted, and where there is none yet
    (`decode`, `map`, `validate`) no value at all. A mapping that is mended later then changes no letter."""


class TimeoutsPart(Part):
    """How long a post may wait."""

    connect: Seconds = default_of(Timeouts, "connect")
    """For a connection."""
    write: Seconds = default_of(Timeouts, "write")
    """Each time that bytes are written."""
    read: Seconds = default_of(Timeouts, "read")
    """Each time that bytes are read."""
    post: Seconds = default_of(Timeouts, "post")
    """For all of it together."""


class Api(Part):
    """The Graph API."""

    url: Url = "https://graph.facebook.com"
    """Where it is; the sandbox's address in tests."""
    version: Version = "v25.0"
    """Stands in each post's path. Meta ends a version about two years after its release."""
    timeouts_seconds: Annotated[TimeoutsPart, OrEmpty] = TimeoutsPart()
    """Bounds of one post."""
    partner_agent: Text | None = None
    """The name of your platform or agency, sent with each post."""
    allow_test_events: bool = False
    """Whether pixels may have a `test_event_code`. Never in production: such events count, and are shown to testers."""
    ca_file: Text | None = None
    """Certificates (PEM) that are trusted beside the public ones."""
    proxy: Proxy | None = None
    """http://[user:password@]host:port. The environment's proxies are not looked at."""


class Gateway(Part):
    """A Conversions API Gateway that gets a pixel's events."""

    url: Url = Field(examples=["https://gateway.example.com"])
    """Its address, without `/capi`."""
    access_key: Token | None = None
    """From the Gateway's admin page; none for a Gateway that asks for none."""
    access_key_file: Text | None = None
    """The same, in a file that is watched."""
    only: bool = False
    """Whether the Gateway gets the events instead of the Graph API; else both get them."""
    when: EventCondition | None = None
    """Which of the pixel's events the Gateway gets: as `pixels.*.when`."""


class Pixel(Part):
    """A pixel, or dataset. One of `token` and `token_file` must be there, but for one with `gateway.only`."""

    token: Token | None = None
    """The access token."""
    token_file: Text | None = None
    """A file that holds it. It is watched: a token that is renewed there is used within seconds."""
    app_secret: Secret | None = None
    """The app's secret, where its settings demand an `appsecret_proof`."""
    stores: tuple[Text, ...] = ()
    """Ids of the stores whose events are this pixel's, where a record names none. A store has one pixel."""
    posts_in_flight: Count | None = None
    """This pixel's own `delivery.posts_in_flight_per_pixel`."""
    when: EventCondition | None = None
    """Which of its events the Graph API gets: a condition (docs/mapping.md) on the event as it is sent.

    Such as `{action_source: website}` or `{event_name: [Purchase, Lead]}`; without it, all. An event that nobody wants
    is filtered, with the reason `no_destination`.
    """
    gateway: Gateway | None = None
    """A Conversions API Gateway for its events."""
    test_event_code: Text | None = None
    """Shows the events under Test Events in the Events Manager; needs `api.allow_test_events`."""
    namespace_id: Text | None = None
    """A label of (offline) uploads, sent with each post to the Graph API; a Gateway would not forward it."""
    upload_id: Text | None = None
    """Likewise."""
    upload_tag: Text | None = None
    """Likewise."""
    upload_source: Text | None = None
    """Likewise."""


class RulesPart(Part):
    """Which of the API's softer demands are refused instead of sent."""

    strict_website: bool = default_of(Rules, "strict_website")
    """Whether website events without client_user_agent or event_source_url are dead-lettered. If not, they are counted
    (`fields_noted_total`)."""
    future_seconds: Annotated[int, Field(ge=0, le=86_400)] = default_of(Rules, "future_seconds")
    """How far ahead of the clock an event's time may be, in seconds. Events further ahead are dead-lettered."""
    future: Future = default_of(Rules, "future")
    """What becomes of an event that is ahead, but no further than that: `send` as it is, or `clamp`: its time becomes
    the clock's. Counted."""


class IdentifiersPart(Part):
    """Customer information beyond what Meta's page asks for: all off by default. What is added is counted."""

    external_id_hashing: ExternalIdHashing = default_of(IdentifierSettings, "external_id_hashing")
    """Whether external_id is hashed: `by_shape`, all but what looks hashed already; `always`, for ids that only look
    so, such as a UUID without dashes; `never`. Every channel that tells Meta of the same people must do the same."""
    phone_code_from_country: bool = default_of(IdentifierSettings, "phone_code_from_country")
    """Whether a phone number without a country code gets that of the customer's country (`user_data.country`, not
    hashed), if it is a valid number as one dials it there. All others stay as they are. Takes 3 to 5 MB of memory."""
    fbc_from_url: bool = default_of(IdentifierSettings, "fbc_from_url")
    """Whether an event without fbc gets one from the `fbclid` in its event_source_url, with the event's own time: that
    of the click is not known."""


class FusePart(Part):
    """When so many events are invalid that they wait for a person, instead of all becoming dead letters."""

    enabled: bool = True
    """Whether there is one."""
    minimum: Count = default_of(FuseSettings, "minimum")
    """How many invalid events it takes, of one pixel or of all; a restart into bad data dead-letters as many."""
    share: Annotated[float, Field(gt=0, lt=1)] = default_of(FuseSettings, "share")
    """Which share of the events judged within the window it takes."""
    window_seconds: Seconds = default_of(FuseSettings, "window_seconds")
    """The window."""


class Delivery(Part):
    """What is gathered, held and handed out."""

    batch_events: Annotated[int, Field(ge=1, le=1_000)] = default_of(Limits, "batch_events")
    """The most events of one post. 1,000 is the API's own bound."""
    batch_bytes: Annotated[int, Field(ge=10_000)] = default_of(Limits, "batch_bytes")
    """The most bytes of one post. A larger event is dead-lettered."""
    linger_seconds: Annotated[float, Field(ge=0, le=3_600)] = default_of(Limits, "linger_seconds")
    """How long the first event of a batch waits for company."""
    posts_in_flight: Annotated[int, Field(ge=1, le=256)] = default_of(Limits, "posts_in_flight")
    """The most posts at a time, and the number of threads that post."""
    posts_in_flight_per_pixel: Count = default_of(Limits, "posts_in_flight_per_pixel")
    """The most posts at a time for one pixel."""
    buffer_bytes: Annotated[int, Field(ge=1_000_000)] = default_of(Limits, "buffer_bytes")
    """What records and events may hold in memory before partitions are paused; must hold two batches."""
    partition_span: Count = default_of(Limits, "partition_span")
    """How many offsets a partition may be read ahead of what is committed."""
    fuse: Annotated[FusePart, OrEmpty] = FusePart()
    """When so many events are invalid that they wait for a person, instead of all becoming dead letters."""
    park_after_seconds: Seconds | None = default_of(Limits, "park_after_seconds")
    """How long a pixel that is held for a fault of its own keeps its records before they are parked; 5 minutes for a
    refused token or a missing right, 15 for a throttle, if it is left out."""
    commit_interval_seconds: Seconds = default_of(Limits, "commit_interval_seconds")
    """How often offsets are committed."""
    commit_metadata: bool = default_of(Limits, "commit_metadata")
    """Whether what is settled above a committed offset is noted beside it, so that a crash sends less twice."""


class DeadlinesPart(Part):
    """What may take how long. Each must leave room for the one before: see Deadlines in docs/configuration.md."""

    drain_seconds: Seconds = 30.0
    """How long a stopping service still posts what it holds. Less than the pod's grace period."""
    revoke_seconds: Seconds = 25.0
    """How long partitions that are taken away wait for what is in flight, the commit included."""
    commit_floor_seconds: Seconds = 5.0
    """What of that is kept for the commit."""
    store_seconds: Seconds = default_of(ProducerSettings, "store_seconds")
    """How long a dead letter may take until it is tried again (librdkafka's `message.timeout.ms`)."""
    watchdog_seconds: Seconds = default_of(AdminSettings, "stalled_after_seconds")
    """After how long without a turn of the loop /healthz says that the service is stuck."""


class Admin(Part):
    """The port of metrics, health and the status page. It has no password and shows no personal data."""

    host: Host = default_of(AdminSettings, "host")
    """The address to listen at."""
    port: Port = default_of(AdminSettings, "port")
    """Its port; 0 takes a free one."""
    pixels: Count = default_of(AdminSettings, "pixels")
    """How many pixels have metrics of their own; the others share one series."""
    dead_letters: bool = default_of(AdminSettings, "dead_letters")
    """Whether `/dead-letters` shows the process's newest dead and parked letters (docs/dead-letters.md). Off, since it
    shows what customers' records failed on, record by record, to everybody who reaches the port."""


class Quality(Part):
    """What Meta says of the events that arrived: its Dataset Quality API."""

    every_minutes: Annotated[float, Field(ge=15, le=60)] | None = None
    """How often it is asked of each pixel at Graph, give or take a tenth; never, if it is left out. What it says is
    beside our own metrics then (`dataset_*` in docs/metrics.md), and changes over hours. `capi-stream quality` asks
    without this setting."""


class Logs(Part):
    """What is logged to stderr."""

    format: Literal["auto", "json", "console"] = default_of(LogSettings, "format")
    """`auto` is console on a terminal, else json."""
    level: Literal["debug", "info", "warning", "error"] = default_of(LogSettings, "level")
    """The least that is logged."""


class Tracing(Part):
    """Spans of the posts, for OpenTelemetry (docs/tracing.md)."""

    endpoint: Url = Field(examples=["http://collector:4318/v1/traces"])
    """Where a collector takes OTLP over HTTP, with the path."""
    sample_ratio: Annotated[float, Field(ge=0, le=1)] = default_of(TracingSettings, "sample_ratio")
    """The share of posts that have a span."""
    service_name: Text = default_of(TracingSettings, "service_name")
    """OpenTelemetry's `service.name`."""


class Tree(Part):
    """The configuration."""

    kafka: Annotated[Kafka, OrEmpty] = Field(
        examples=[{"common": {"bootstrap.servers": "kafka:9092"}, "consumer": {"group.id": "capi-stream"}}]
    )
    """The brokers, and how the consumer group behaves."""
    registry: Registry | None = None
    """The schema registry. Topics whose framing is `confluent` or `auto` need one."""
    topics: Annotated[Mapping[TopicOrPattern, Annotated[TopicPart, OrEmpty]], Field(min_length=1), OrEmpty] = Field(
        examples=[{"commerce.events": {}}]
    )
    """What is read: a topic's name, or with ^ a regular expression for several. A name counts before a pattern."""
    dead_letters: Annotated[LetterTopic, OrEmpty] = Field(examples=[{"topic": "commerce.events.dead-letters"}])
    """Where records go that can never be sent."""
    parked: Annotated[LetterTopic, OrEmpty] = Field(examples=[{"topic": "commerce.events.parked"}])
    """Where good records go whose pixel cannot take them now."""
    letters: Annotated[Letters, OrEmpty] = Letters()
    """What dead letters and parked records hold, which is personal data (docs/privacy.md)."""
    api: Annotated[Api, OrEmpty] = Api()
    """The Graph API."""
    pixels: Annotated[Mapping[PixelKey, Annotated[Pixel, OrEmpty]], Field(min_length=1), OrEmpty] = Field(
        examples=[{"1234567890": {"token_file": "/run/secrets/1234567890"}}]
    )
    """By id: where events go. Records for any other pixel are dead-lettered."""
    default_pixel: PixelKey | None = None
    """The pixel of records that name none and whose store has none."""
    rules: Annotated[RulesPart, OrEmpty] = RulesPart()
    """Which of the API's softer demands are refused instead of sent."""
    identifiers: Annotated[IdentifiersPart, OrEmpty] = IdentifiersPart()
    """Customer information beyond what Meta's page asks for: all off by default."""
    delivery: Annotated[Delivery, OrEmpty] = Delivery()
    """What is gathered, held and handed out."""
    deadlines: Annotated[DeadlinesPart, OrEmpty] = DeadlinesPart()
    """What may take how long."""
    admin: Annotated[Admin, OrEmpty] = Admin()
    """The port of metrics, health and the status page."""
    quality: Annotated[Quality, OrEmpty] = Quality()
    """What Meta says of the events that arrived, off by default. Never in the way of delivery."""
    logs: Annotated[Logs, OrEmpty] = Logs()
    """What is logged to stderr."""
    tracing: Tracing | None = None
    """Spans of the posts, for OpenTelemetry (docs/tracing.md): off without.

    Needs `pip install capi-stream[tracing]`.
    """
