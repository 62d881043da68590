"""Writes the operator's form of rules.yaml: `python -m k8s.alerts`. A test keeps the two equal."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

RULES = Path(__file__).with_name("rules.yaml")
PATH = Path(__file__).with_name("prometheusrule.yaml")

HEAD = """\
# Written by `python -m k8s.alerts` from rules.yaml: change that one.
# An operator whose ruleSelector asks for a label (kube-prometheus-stack: `release`) needs it among the labels here.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: capi-stream
  labels: {app.kubernetes.io/name: capi-stream}
spec:
"""


def text() -> str:
    """The file's whole text. The rules keep their comments: whoever is woken reads them in the cluster too."""
    return HEAD + indent(RULES.read_text(), "  ")


if __name__ == "__main__":
    PATH.write_text(text())
