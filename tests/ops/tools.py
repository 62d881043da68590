"""The real tools that check what is for operators, and where each comes from. `make ops` installs what is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

DEBIAN = {
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "amtool": "prometheus-alertmanager",
    "chromium": "chromium",
    "docker-compose": "docker-compose",
    "buildah": "buildah",
    "podman": "podman",
    "runc": "runc",
    "mmdebstrap": "mmdebstrap",
    "iptables": "iptables",
}
"""Program -> Debian package."""

WHEELS = ("cloudcoil", "kubernetes_validate", "playwright", "promql_parser")
"""Modules of requirements/ops.txt."""

PROGRAMS = ("hadolint", "kubectl", "zizmor")
"""Programs of requirements/ops.txt."""

ROOT = Path(__file__).parents[2]
OPS_TXT, CHECKOV_TXT = (ROOT / "requirements" / name for name in ("ops.txt", "checkov.txt"))
CHECKOV = ROOT / ".venv" / "checkov"
"""An environment of its own: checkov pins what we use in other versions."""

OURS = f"{Path(sys.executable).parent}{os.pathsep}{CHECKOV / 'bin'}"


def program(name: str) -> str:
    """The path of a program. Skips the test without it; in CI that is a failure."""
    found = shutil.which(name, path=OURS) or shutil.which(name)  # the pinned one, where there are two
    if found is None:
        lacking(f"{name} is not installed")
    return str(found)


def wheels() -> None:
    """Skip the test, or fail it in CI, unless the modules of requirements/ops.txt are there."""
    if missing := _missing_wheels():
        lacking(f"{', '.join(missing)} of requirements/ops.txt are not installed")


def lacking(what: str) -> None:
    """Skip a test for which `what` is said; in CI fail it, since nothing is skipped there."""
    message = f"{what}: make ops"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def _missing_wheels() -> list[str]:
    missing = [name for name in WHEELS if importlib.util.find_spec(name) is None]
    return missing + [name for name in PROGRAMS if not shutil.which(name, path=OURS)]


def _has_checkov() -> bool:
    return (CHECKOV / "bin" / "checkov").exists()


def install() -> list[str]:
    """Install what is missing where this may be done; what still cannot be checked, a line each."""
    if missing := sorted({DEBIAN[name] for name in DEBIAN if not shutil.which(name)}):
        _apt(missing)
    if _missing_wheels():
        _run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
              "--require-hashes", "-r", str(OPS_TXT)])  # fmt: skip
    if not _has_checkov():
        _run([sys.executable, "-m", "venv", "--without-pip", str(CHECKOV)])
        _run([sys.executable, "-m", "pip", "--python", str(CHECKOV), "install", "--quiet", "--no-compile",
              "--disable-pip-version-check", "--require-hashes", "-r", str(CHECKOV_TXT)])  # fmt: skip
    importlib.invalidate_caches()
    told = [f"{name} (Debian package {package})" for name, package in DEBIAN.items() if not shutil.which(name)]
    told += [f"{name} (requirements/ops.txt)" for name in _missing_wheels()]
    return told + ([] if _has_checkov() else ["checkov (requirements/checkov.txt)"])


def _apt(packages: Iterable[str]) -> None:
    apt = shutil.which("apt-get")
    if os.geteuid() == 0 and apt:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _run([apt, "update", "-qq"], quiet)
        _run([apt, "install", "-qq", "-y", "--no-install-recommends", *packages, "fonts-dejavu-core"], quiet)


def _run(command: list[str], environ: dict[str, str] | None = None) -> None:
    subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, check=False)  # what is missing is told at the end


if __name__ == "__main__":
    not_checked = install()
    for each in not_checked:
        print(f"not checked, since it cannot be had here: what {each} checks")
    sys.exit(1 if not_checked and os.environ.get("CI") else 0)
