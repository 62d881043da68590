"""How the service shows itself. Built by config, read here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class AdminSettings:
    """The admin port: metrics, health and the status page. It has no passwords and shows no personal data.

    `host` is every interface by default, since a probe and a scrape come from outside the pod. Port 0 takes a free one.
    `dead_letters`: whether there is a page of the newest dead letters too.
    """

    host: str = "0.0.0.0"  # noqa: S104  see above
    port: int = 9400
    stalled_after_seconds: float = 60.0  # a turn of the loop takes milliseconds, a revocation up to its own deadline
    pixels: int = 100  # those with series of their own: at 1,000 a scrape was 31 MB and took 0.8 s
    dead_letters: bool = False  # it says of single records why they failed, to everybody who reaches the port


Level = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged, and in which shape. `auto` is console where stderr is a terminal, else json."""

    format: Literal["json", "console", "auto"] = "auto"
    level: Level = "info"


@dataclass(frozen=True, slots=True)
class TracingSettings:
    """Where spans of posts go: `endpoint` is a collector's address for OTLP over HTTP, with its path."""

    endpoint: str
    sample_ratio: float = 1.0  # of posts: a span is small beside the up to 1,000 events that it stands for
    service_name: str = "capi-stream"
