"""The real Prometheus as one in a cluster is: its targets are pods, and it is asked over a stretch of time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from capi_stream.cli.demo.members import Member
from tests.ops.prometheus import SCRAPE, Prometheus

NAMESPACE = "shop"
REPLAY_POD = "capi-stream-replay-parked-0"
STEP_SECONDS = 1


class PodPrometheus(Prometheus):
    """A Prometheus that gives each series the labels of its pod; what is `beside` the pods, as it comes."""

    def __init__(self, folder: Path, scrape: str = SCRAPE, beside: Iterable[str] = ()) -> None:
        super().__init__(folder, scrape=scrape)
        self._beside: list[dict[str, Any]] = [{"targets": [address]} for address in beside]

    def scrape_pods(self, members: Mapping[str, Member]) -> None:
        """Scrape these pods and no others, each by its name; seen within a second."""
        listed = [
            {"targets": [member.admin.removeprefix("http://")], "labels": {"namespace": NAMESPACE, "pod": pod}}
            for pod, member in members.items()
        ]
        new = self._targets.with_suffix(".new")
        new.write_text(json.dumps([*listed, *self._beside]))
        new.replace(self._targets)

    def scrape_replay(self, address: str) -> None:
        """From the next `scrape_pods` on also a replay, with the `job` that it has in a cluster."""
        labels = {"namespace": NAMESPACE, "pod": REPLAY_POD, "job": "capi-stream-replay"}
        self._beside.append({"targets": [address], "labels": labels})

    def in_range(self, expr: str, since: float, until: float) -> list[dict[str, Any]]:
        """The series of `expr` that have a number between two moments, in Unix seconds."""
        asked = {"query": expr, "start": str(since), "end": str(until), "step": str(STEP_SECONDS)}
        found: list[dict[str, Any]] = self._get("/api/v1/query_range", **asked)["result"]
        return [each for each in found if any(math.isfinite(float(value)) for _, value in each["values"])]
