"""What `kubectl kustomize` makes of k8s/overlays."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.builders import ROOT
from tests.ops.tools import program

K8S = ROOT / "k8s"
OVERLAYS = ("dev", "prod")
REPLAYING = ("dev+replay", "prod+replay")
"""The same with what their comments about `replay` say, which most do not need."""


@cache
def rendered(overlay: str) -> str:
    """The overlay's documents as they are applied. Raises AssertionError with kustomize's words."""
    name, _, component = overlay.partition("+")
    return with_comments(name, component) if component else kustomized(K8S / "overlays" / name)


def with_comments(overlay: str, component: str) -> str:
    """What the overlay makes once its comments about a component, and that component's settings, are none any more."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(K8S, Path(folder) / "k8s", ignore=shutil.ignore_patterns("pictures"))
        copy = Path(folder) / "k8s/overlays" / overlay
        about = rf"^( *)# (?=components:| *- \.\./.*/{component}|{component}: )"
        uncommented = 0
        for file in (copy / "kustomization.yaml", copy / "config.yaml"):
            text, number = re.subn(about, r"\1", file.read_text(), flags=re.MULTILINE)
            file.write_text(text)
            uncommented += number
        assert uncommented, f"{overlay} says nothing of {component}"
        return kustomized(copy)


def kustomized(folder: Path) -> str:
    """What the kustomization in `folder` makes. Raises as `rendered` does."""
    done = subprocess.run([program("kubectl"), "kustomize", str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def documents(overlay: str, kind: str | None = None) -> list[dict[str, Any]]:
    """Its documents, those of one kind if a kind is given."""
    return [each for each in yaml.safe_load_all(rendered(overlay)) if kind in (None, each["kind"])]


def document(overlay: str, kind: str, name: str = "capi-stream") -> dict[str, Any]:
    """The only one of its kind that is called so; a generated name may end in its hash."""
    (found,) = [each for each in documents(overlay, kind) if each["metadata"]["name"] == name]
    return found


def workloads(overlay: str) -> list[dict[str, Any]]:
    """What makes pods."""
    return [each for each in documents(overlay) if "template" in each.get("spec", {})]


def replays(overlay: str) -> list[dict[str, Any]]:
    """Those of them that send letters again."""
    return [each for each in workloads(overlay) if each["metadata"]["name"].startswith("capi-stream-replay")]


def pod(overlay: str) -> dict[str, Any]:
    """The spec of the service's pods."""
    spec: dict[str, Any] = document(overlay, "StatefulSet")["spec"]["template"]["spec"]
    return spec


def configuration(overlay: str) -> str:
    """The text of the configuration that is mounted into them."""
    volumes = {each["name"]: each for each in pod(overlay)["volumes"]}
    text: str = document(overlay, "ConfigMap", volumes["config"]["configMap"]["name"])["data"]["config.yaml"]
    return text
