"""Writes the dashboard beside its code: `python -m k8s.grafana`."""

from __future__ import annotations

import json
from pathlib import Path

from k8s.grafana.dashboard import dashboard

PATH = Path(__file__).with_name("capi-stream.json")


def text() -> str:
    """The file's whole text."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text())
