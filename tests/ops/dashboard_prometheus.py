"""The real Prometheus as one in a cluster is: its targets are pods, and it is asked over a stretch of time."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from capi_stream.cli.demo.members import Member
from tests.ops.prometheus import Prometheus

NAMESPACE = "shop"
STEP_SECONDS = 1


class PodPrometheus(Prometheus):
    """A Prometheus that gives each series the labels of its pod."""

    def scrape_pods(self, members: Mapping[str, Member]) -> None:
        """Scrape these and no others, each by the name of its pod; seen within a second."""
        listed = [
            {"targets": [member.admin.removeprefix("http://")], "labels": {"namespace": NAMESPACE, "pod": pod}}
            for pod, member in members.items()
        ]
        new = self._targets.with_suffix(".new")
        new.write_text(json.dumps(listed))
        new.replace(self._targets)

    def in_range(self, expr: str, since: float, until: float) -> list[dict[str, Any]]:
        """The series of `expr` that have a number between two moments, in Unix seconds."""
        asked = {"query": expr, "start": str(since), "end": str(until), "step": str(STEP_SECONDS)}
        found: list[dict[str, Any]] = self._get("/api/v1/query_range", **asked)["result"]
        return [each for each in found if any(math.isfinite(float(value)) for _, value in each["values"])]
