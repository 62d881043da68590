"""What is shipped: the wheel holds its data, production imports no stand-in, the pins name no host."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.builders import ROOT


def test_the_wheel_holds_the_contract_the_mapping_and_its_types(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        contract = archive.read("capi_stream/avro/commerce_event.avsc")
    assert {"capi_stream/mappings/commerce_event.yaml", "capi_stream/py.typed"} <= names
    assert contract == (ROOT / "avro/commerce_event.avsc").read_bytes()
    assert not any(name.startswith("tests/") for name in names)


def test_the_service_imports_no_stand_in_of_anything() -> None:
    seen = "import sys, capi_stream.service; print(*sorted(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", seen], check=True, capture_output=True, text=True).stdout.split()
    assert "capi_stream.service" in modules
    assert [name for name in modules if name.startswith(("capi_stream.sandbox", "capi_stream.cli", "tests"))] == []


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_pins_are_exact_hashed_and_name_no_host(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    pins = text.replace("\\\n", " ").splitlines()  # a pin and its hashes are one line, continued
    assert len(pins) > 30
    assert [pin for pin in pins if not re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==\S+ .*--hash=sha256:", pin)] == []
    assert "://" not in text
    assert "index" not in text
