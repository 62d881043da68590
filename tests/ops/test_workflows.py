"""The forge's workflows: sound by zizmor, and they run what a person runs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders import ROOT
from tests.ops.tools import program

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yaml"))

pytestmark = pytest.mark.ops


def steps(name: str, job: str) -> list[dict[str, Any]]:
    """The steps of a workflow's job."""
    found: list[dict[str, Any]] = yaml.safe_load((FOLDER / name).read_text())["jobs"][job]["steps"]
    return found


def test_zizmor_finds_nothing() -> None:
    """It knows the workflows' schema, and what lets a stranger's text or a moved tag in."""
    audited = [
        program("zizmor"),
        "--offline",
        "--no-progress",
        "--color=never",
        "--strict-collection",
        *map(str, WORKFLOWS),
    ]
    done = subprocess.run(audited, capture_output=True, text=True)
    assert (done.returncode, done.stdout.partition(".")[0]) == (0, "No findings to report")


def test_zizmor_refuses_a_misspelt_workflow(tmp_path: Path) -> None:
    misspelt = tmp_path / "ci.yaml"
    misspelt.write_text((FOLDER / "ci.yaml").read_text().replace("runs-on", "runs_on"))
    done = subprocess.run([program("zizmor"), "--offline", "--strict-collection", str(misspelt)], capture_output=True)
    assert done.returncode != 0


def test_the_tests_of_the_forge_are_those_of_ci_run() -> None:
    last = steps("ci.yaml", "test")[-1]
    assert last["run"] == "bash .ci/run"
    assert (ROOT / ".ci/run").read_text().splitlines()[-1] == "make test"
    assert "test" in yaml.safe_load((FOLDER / "release.yaml").read_text())["jobs"]["publish"]["needs"]


def test_each_make_target_and_each_argument_of_the_image_is_there() -> None:
    text = "\n".join(step["run"] for step in steps("release.yaml", "publish") if "run" in step)
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"\bmake (\w+)", text)) <= set(targets)
    arguments = re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert sorted(re.findall(r"--build-arg (\w+)", text)) == sorted(set(arguments))


@pytest.mark.parametrize("script", [step["run"] for step in steps("release.yaml", "publish") if "run" in step])
def test_its_scripts_are_read_by_bash(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
