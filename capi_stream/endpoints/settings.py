"""Where posts go, with which secrets, and how long they may take. Built by config, read here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from capi_stream.model import Destination


@dataclass(frozen=True, slots=True)
class Credential:
    """One secret of the API: an access token of Graph, or the access key of a Gateway.

    `token` is what config read at start; where there is a `file`, it is watched, and what it holds later replaces
    `token`. With `app_secret` each post carries an `appsecret_proof`, which some apps demand.
    """

    name: str  # stands in logs and metrics, and names the credential's gate: never a part of the secret
    token: str = field(repr=False)
    file: Path | None = None
    app_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that takes events: Graph, or one Gateway. `url` is its scheme, host and path prefix.

    `version` is Graph's, e.g. `v25.0`; a Gateway has none in its path.
    """

    name: str  # "graph" or the Gateway's own; names the endpoint's gate
    kind: Literal["graph", "gateway"]
    url: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """How to post to one destination. `credential` is a name; None for a Gateway that asks for no key.

    The texts go into the body of a post to Graph. A Gateway would not forward them, so it does not get them.
    """

    destination: Destination
    endpoint: Endpoint
    credential: str | None
    test_event_code: str | None = None  # the events still count: never in production
    partner_agent: str | None = None  # the name of the sending platform or agency
    namespace_id: str | None = None  # this and the next three: labels of (offline) uploads
    upload_id: str | None = None
    upload_tag: str | None = None
    upload_source: str | None = None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `connect`, `write` and `read` each bound one wait on the network; `post` bounds them all together.

    Meta advises 1.5 s and answers mostly under 0.6 s, but a batch of 1,000 may take longer, and giving up too early
    costs twice: what was accepted is sent again.
    """

    connect: float = 3.0  # a live host answers in a fraction; each of its addresses gets this long
    write: float = 5.0
    read: float = 10.0
    post: float = 15.0  # must be less than a revocation may take, or its batch is posted by two members


@dataclass(frozen=True, slots=True)
class QualitySettings:
    """How often Meta is asked what it says of the events that arrived (its Dataset Quality API)."""

    every_seconds: float


@dataclass(frozen=True, slots=True)
class PosterSettings:
    """All that the posters need.

    `targets` holds every configured destination, `credentials` every credential that they name. `workers` should be
    no fewer than delivery's `posts_in_flight`: a batch that waits for a worker is already counted as out.
    """

    credentials: Mapping[str, Credential]
    targets: Mapping[Destination, Target]
    timeouts: Timeouts = Timeouts()
    workers: int = 8
    answer_bytes: int = 256 * 1024  # an answer has less than 2 KB; a proxy's error page is of tens
    ca_file: Path | None = None  # PEM; trusted beside the public authorities
    proxy: str | None = None  # http://[user:password@]host:port; the environment's proxies are not looked at
    token_check_seconds: float = 5.0  # how often the files of tokens are read again
