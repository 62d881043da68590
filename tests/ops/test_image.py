"""The image: built from the Dockerfile, linted, and run against a real Kafka as the manifest in k8s/base runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from capi_stream import __version__
from tests.builders import ROOT
from tests.ops.containers import BASE, IMAGE, MEBIBYTE, Containers, flags
from tests.ops.tools import program
from tests.real.broker import free_port
from tests.real.clients import wait_until
from tests.service.shop import Shop, fresh

pytestmark = [pytest.mark.ops, pytest.mark.timeout(400)]  # the base alone takes half a minute, on a busy machine more

MOST_BYTES_ABOVE_BASE = 120 * MEBIBYTE
"""104 MB in November 2026, half of it compiled Python; the official base has about 125 MB."""

NOT_THERE = ("pip", "pip3", "gcc", "cc", "g++", "make", "ld", "git", "curl", "wget")


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """The image, built."""
    in_memory = Path("/dev/shm")  # half the time of a disk
    folder = Path(tempfile.mkdtemp(dir=in_memory)) if in_memory.is_dir() else tmp_path_factory.mktemp("containers")
    made = Containers(folder)
    try:
        made.build()
        yield made
    finally:
        made.close()


def pod_of(manifest: str, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pod's spec, and its only container, of a workload in a file of k8s/."""
    documents = yaml.safe_load_all((ROOT / "k8s" / manifest).read_text())
    pod: dict[str, Any] = next(each for each in documents if each["kind"] == kind)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    return pod, container


def asked(port: int, path: str) -> bytes | None:
    """What is answered with status 200."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            body: bytes = answer.read()
            return body
    except OSError:
        return None


def settings_for_the_pod(shop: Shop, folder: Path) -> Path:
    """The folder that is mounted for the ConfigMap; its files and the tokens can be read by the pod's group alone."""
    config = shop.settings()
    for pixel, part in config["pixels"].items():
        part["token_file"] = f"/run/secrets/capi-stream/{pixel}.token"
    config["kafka"]["static_membership"] = {"env": "HOSTNAME"}
    (folder / "config").mkdir()
    (folder / "tokens").mkdir()
    (folder / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    for token in folder.glob("*.token"):
        shutil.copy(token, folder / "tokens")
    for path in [*folder.glob("*/*"), folder / "config", folder / "tokens"]:
        os.chown(path, 0, 10001)
        path.chmod(0o550 if path.is_dir() else 0o440)
    return folder


def test_the_dockerfile_has_no_findings_of_hadolint() -> None:
    done = subprocess.run([program("hadolint"), str(ROOT / "Dockerfile")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_service_delivers_in_the_image_as_the_manifest_runs_it(
    containers: Containers, shop: Shop, tmp_path: Path
) -> None:
    """With the manifest's securityContext, arguments, probes and grace period; SIGTERM ends it with 0."""
    pod, container = pod_of("base/statefulset.yaml", "StatefulSet")
    port, folder = free_port(), settings_for_the_pod(shop, tmp_path)
    shop.publish(fresh(f"order-{number}") for number in range(100))
    mounted = [
        f"--volume={folder}/config:/etc/capi-stream:ro",
        f"--volume={folder}/tokens:/run/secrets/capi-stream:ro",
        f"--env=CAPI_STREAM__ADMIN__PORT={port}",
        "--env=HOSTNAME=capi-stream-0",
    ]
    with containers.running("service", [*flags(pod, container), *mounted], container["args"]) as service:
        shop.wait_until_committed()
        assert set(shop.accepted()) == {f"order-{number}" for number in range(100)}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert asked(port, container[probe]["httpGet"]["path"]) is not None, probe
        assert service.execute("id", "-u").strip() == "10001"
        assert (
            service.execute("sh", "-c", "touch /tmp/a /var/a /opt/a 2>/dev/null || echo refused").strip() == "refused"
        )
        service.execute("capi-stream", "fuse", "reset")
        wait_until(lambda: '"event": "fuses_reset"' in service.log(), 10.0, "the signal has reached the service")

        code = service.stop(pod["terminationGracePeriodSeconds"])

        assert code == 0
        assert '"event": "stopped"' in service.log().splitlines()[-1]


def test_the_sandbox_of_the_dev_overlay_serves_from_the_image(containers: Containers) -> None:
    _, container = pod_of("overlays/dev/sandbox.yaml", "Deployment")
    ports = {"--port": free_port(), "--registry-port": free_port()}
    names = [argument.partition("=")[0] for argument in container["args"]]
    arguments = [
        f"{name}={ports[name]}" if name in ports else a for name, a in zip(names, container["args"], strict=True)
    ]
    path = container["readinessProbe"]["httpGet"]["path"]
    with containers.running("sandbox", ["--read-only", "--read-only-tmpfs=false"], arguments) as sandbox:
        wait_until(lambda: asked(ports["--port"], path), 20.0, "the sandbox is ready")
        assert json.loads(asked(ports["--registry-port"], "/subjects") or b"[]") == ["commerce.events-value"]
        assert sandbox.stop(10) == 0


def test_nothing_in_the_image_builds_or_installs(containers: Containers) -> None:
    script = (
        f"for name in {' '.join(NOT_THERE)}; do command -v $name; done; python -m pip 2>&1; python -m ensurepip 2>&1; :"
    )
    lines = containers.shell(script).splitlines()
    assert [line.partition(": ")[2] for line in lines] == ["No module named pip", "No module named ensurepip"]


def test_the_image_is_small(containers: Containers) -> None:
    above = containers.inspected(IMAGE)["Size"] - containers.inspected(BASE)["Size"]
    assert above < MOST_BYTES_ABOVE_BASE


def test_the_image_says_what_it_is_and_runs_as_a_number_that_is_not_root(containers: Containers) -> None:
    config = containers.inspected()["Config"]
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}
    assert labels.keys() >= {"title", "description", "licenses", "version", "revision"}
    assert (labels["title"], labels["version"]) == ("capi-stream", __version__)
    context = pod_of("base/statefulset.yaml", "StatefulSet")[0]["securityContext"]
    assert config["User"] == f"{context['runAsUser']}:{context['runAsGroup']}"
    assert config["Entrypoint"] == ["python", "-m", "capi_stream"]  # exec form: no shell stands before the service
