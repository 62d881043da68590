"""Our image, built from our Dockerfile and run as a manifest says, without a Docker engine: buildah, podman and runc.

The official base cannot be had everywhere: a stand-in is made from the machine's own Debian mirror, with its Python.
Storage and settings are a folder of their own, which `close` removes with all containers and images in it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from capi_stream import __version__
from tests.builders import ROOT
from tests.ops.tools import lacking, program
from tests.real.java import cache, locked

BASE, IMAGE = (
    "localhost/python:3.11-slim",
    "localhost/capi-stream:test",
)  # the first is what FROM python:3.11-slim finds
MEBIBYTE = 1024 * 1024

# runc, since crun refuses cgroups of both versions at once; the limits, since raising them is refused where root is not
# quite root; the host's network, since the default one leaves a bridge and rules of a firewall behind.
CONTAINERS_CONF = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
netns = "host"
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{0}/tmp"
static_dir = "{0}/static"
volume_path = "{0}/volumes"
"""
STORAGE_CONF = """
[storage]
driver = "overlay"
graphroot = "{0}/graph"
runroot = "{0}/run"
"""


class Containers:
    """The base, our image, and what runs of it."""

    def __init__(self, folder: Path) -> None:
        if os.geteuid() != 0:
            lacking("images are built and run by root")
        self._podman, self._buildah = program("podman"), program("buildah")
        program("runc")
        self._folder = folder
        (folder / "containers.conf").write_text(CONTAINERS_CONF.format(folder))
        (folder / "storage.conf").write_text(STORAGE_CONF.format(folder))
        self._environ = {
            **os.environ,
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        }

    def build(self) -> None:
        """Make the base and our image."""
        self.podman("import", "--quiet", "--change", 'CMD ["python3"]', str(_base()), BASE)
        certificates = os.environ.get("SSL_CERT_DIR", "/etc/ssl/certs")  # pip's, and not in the image afterwards
        options = [
            *("--quiet", "--isolation=chroot", "--pull-never", "--layers=false"),
            f"--volume={certificates}:/etc/ssl/certs:ro",
            f"--build-arg=VERSION={__version__}",
            f"--tag={IMAGE}",
        ]
        self._run([self._buildah, "bud", *options, str(ROOT)])

    def podman(self, *arguments: str, both: bool = False) -> str:
        """What podman says, on stderr too with `both`. Raises AssertionError, with its own words."""
        done = self._run([self._podman, *arguments])
        return done.stdout + done.stderr if both else done.stdout

    def inspected(self, image: str = IMAGE) -> dict[str, Any]:
        """What podman knows of an image."""
        found: list[dict[str, Any]] = json.loads(self.podman("image", "inspect", image))
        return found[0]

    def shell(self, script: str) -> str:
        """What a shell prints in a fresh container of the image."""
        return self.podman("run", "--rm", "--pull=never", "--entrypoint", "sh", IMAGE, "-c", script)

    @contextmanager
    def running(self, name: str, flags: Sequence[str], arguments: Sequence[str]) -> Iterator[Running]:
        """A container that ends with the block."""
        self.podman("run", "--detach", "--pull=never", "--name", name, *flags, IMAGE, *arguments)
        container = Running(self, name)
        try:
            yield container
        except BaseException:
            sys.stdout.write(f"--- log of container {name}\n{container.log()}\n")
            raise
        finally:
            self.podman("rm", "--force", "--time", "0", name)

    def close(self) -> None:
        """Remove every container and image that was made here."""
        self.podman("system", "reset", "--force")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, env=self._environ, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done


class Running:
    """A container that runs."""

    def __init__(self, containers: Containers, name: str) -> None:
        self._containers, self._name = containers, name

    def execute(self, *command: str) -> str:
        """What a command prints in it."""
        return self._containers.podman("exec", self._name, *command)

    def stop(self, grace_seconds: int) -> int:
        """SIGTERM, and SIGKILL after the grace period, as the kubelet does; the exit code."""
        self._containers.podman("stop", "--time", str(grace_seconds), self._name)
        return int(self._containers.podman("wait", self._name))

    def log(self) -> str:
        """What it wrote to stderr and stdout."""
        return self._containers.podman("logs", self._name, both=True)


def flags(pod: Mapping[str, Any], container: Mapping[str, Any]) -> list[str]:
    """Podman's flags for the securityContext of a pod and of its container, and for its memory limit. Raises KeyError
    for a key that is not understood here: nothing of the manifest is left out unnoticed."""
    known = {
        ("runAsNonRoot", "True"): [],  # the image's own user is tested
        ("seccompProfile", "{'type': 'RuntimeDefault'}"): [],  # podman's default
        ("allowPrivilegeEscalation", "False"): ["--security-opt=no-new-privileges"],
        ("readOnlyRootFilesystem", "True"): ["--read-only", "--read-only-tmpfs=false"],
        ("capabilities", "{'drop': ['ALL']}"): ["--cap-drop=all"],
    }
    context = {**pod["securityContext"], **container["securityContext"]}
    user, group, files = (context.pop(name) for name in ("runAsUser", "runAsGroup", "fsGroup"))
    limit = container["resources"]["limits"]["memory"].replace("Mi", "m")
    found = [f"--user={user}:{group}", f"--group-add={files}", f"--memory={limit}"]
    for name, value in context.items():
        found += known[name, str(value)]
    return found


def _base() -> Path:
    """The stand-in of the official base, as a tar: made once, and kept beside the other things that take their time."""
    mmdebstrap = program("mmdebstrap")
    suite, mirror = _mirror()
    made = cache() / f"python-slim-{suite}.tar"
    with locked("python-slim"):
        if not made.exists():
            half = made.with_suffix(".part.tar")
            options = [
                *("--quiet", "--variant=essential", "--include=python3-venv", "--dpkgopt=force-unsafe-io"),
                *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "locale", "man")),
                '--customize-hook=ln -s python3 "$1/usr/bin/python"',
            ]
            command = [mmdebstrap, *options, suite, str(half), mirror]
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 0, f"mmdebstrap: {done.stderr[-2000:]}"
            half.rename(made)
    return made


def _mirror() -> tuple[str, str]:
    """The suite and the mirror of the Debian that this machine is."""
    listed = subprocess.run(
        [
            program("apt-get"),
            "indextargets",
            "--format",
            "$(CODENAME) $(COMPONENT) $(REPO_URI)",
            "Created-By: Packages",
        ],
        capture_output=True,
        text=True,
    ).stdout
    for suite, component, address in (line.split() for line in listed.splitlines()):
        if component == "main" and address.rstrip("/").endswith("/debian") and "-" not in suite:
            return suite, address
    lacking("this is no Debian whose package lists are there, so a base cannot be made")
    raise AssertionError
