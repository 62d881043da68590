"""What is shipped: the wheel holds its data, production imports no stand-in, the pins name no host."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from capi_stream import __version__
from tests.builders import ROOT


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and sdist, built as `make dist` builds them."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([Path(sys.executable).parent / "hatchling", "build", "-d", folder], cwd=ROOT, check=True)
    return folder


def test_the_wheel_holds_the_contract_the_mapping_and_its_types(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        contract = archive.read("capi_stream/avro/commerce_event.avsc")
    assert {"capi_stream/mappings/commerce_event.yaml", "capi_stream/py.typed"} <= names
    assert contract == (ROOT / "avro/commerce_event.avsc").read_bytes()
    assert not any(name.startswith("tests/") for name in names)


def test_the_sdist_holds_what_its_makefile_runs(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert set(tracked) - held == {"capi_stream/avro"}  # a link here
    assert {"capi_stream/avro/commerce_event.avsc", "avro/commerce_event.avsc"} <= held


@pytest.mark.timeout(300)
@pytest.mark.parametrize("pattern", ["*.whl", "*.tar.gz"])
def test_it_installs_clean_in_an_empty_environment_and_delivers_there(dist: Path, tmp_path: Path, pattern: str) -> None:
    """With the pins, away from this tree: each command answers, and the demo delivers and balances."""
    (file,) = dist.glob(pattern)
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    install = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*install, "--no-compile", "--require-hashes", "-r", ROOT / "requirements" / "run.txt")
    run(*install, "--no-deps", file)
    assert run(python, "-m", "pip", "check").strip() == "No broken requirements found."

    cli = python.with_name("capi-stream")
    assert run(cli, "--version").strip() == f"capi-stream {__version__}"
    for name in commands(run(cli, "--help")):
        assert "Usage: capi-stream" in run(cli, name, "--help")
    assert hashlib.sha256(b"jane@example.com").hexdigest() in run(cli, "hash", "em", " Jane@Example.com ")
    assert "The books balance" in run(cli, "demo", "--records", "100")


def commands(text: str) -> list[str]:
    """The commands that --help lists."""
    found = re.findall(r"^│ ([a-z]+) ", text.partition("Commands")[2], re.MULTILINE)
    assert {"run", "sandbox", "quality", "schema"} <= set(found)
    return found


def test_the_service_imports_no_stand_in_of_anything() -> None:
    seen = "import sys, capi_stream.process; print(*sorted(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", seen], check=True, capture_output=True, text=True).stdout.split()
    assert "capi_stream.process" in modules
    assert [name for name in modules if name.startswith(("capi_stream.sandbox", "capi_stream.cli", "tests"))] == []


@pytest.mark.parametrize("name", ["run.txt", "dev.txt", "bench.txt", "ops.txt", "checkov.txt"])
def test_pins_are_exact_hashed_and_name_no_host(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    pins = text.replace("\\\n", " ").splitlines()  # a pin and its hashes are one line, continued
    assert len(pins) > 15
    assert [pin for pin in pins if not re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==\S+ .*--hash=sha256:", pin)] == []
    assert "://" not in text
    assert "index" not in text
