"""A release: one version in every file, a heading of the changelog, and what must not be released."""

from __future__ import annotations

import subprocess
import sys

import pytest

from capi_stream import __version__
from release.__main__ import checked
from release.version import CHANGELOG, PLACES, SOURCE, ReleaseError, changed, disagreements, sections
from tests.builders import ROOT

CHANGES = "# Changelog\n\n## [Unreleased]\n\n### Added\n- A thing.\n\n## [1.0.0] - 2026-01-01\n\n- The first.\n"
DAY = "2026-12-24"


def project(version: str = "1.1.0.dev0", changelog: str = CHANGES) -> dict[str, str]:
    """The texts of a project of `version`."""
    return {
        SOURCE: f'__version__ = "{version}"\n',
        "k8s/overlays/dev/kustomization.yaml": f"images:\n  - name: capi-stream\n    newTag: {version}\n",
        "k8s/overlays/prod/kustomization.yaml": f"images:\n  - name: capi-stream\n    newTag: {version}  # ours\n",
        "docs/kubernetes.md": f"`docker build --build-arg VERSION={version} -t REPOSITORY:{version} .`\n",
        CHANGELOG: changelog,
    }


def headings(texts: dict[str, str]) -> list[str]:
    return [heading for heading, _ in sections(texts[CHANGELOG])]


def test_this_project_bears_one_version() -> None:
    told = disagreements({name: (ROOT / name).read_text() for name in (*PLACES, CHANGELOG)})
    assert told == []


def test_a_release_is_in_every_file_and_heads_the_changelog() -> None:
    released = changed(project(), "1.1.0", DAY)
    assert released == project("1.1.0", CHANGES.replace("[Unreleased]", f"[1.1.0] - {DAY}"))
    assert disagreements(released) == []


def test_the_work_after_a_release_begins_with_an_empty_section() -> None:
    opened = changed(changed(project(), "1.1.0", DAY), "1.2.0.dev0", "2026-12-25")
    assert headings(opened) == ["[Unreleased]", f"[1.1.0] - {DAY}", "[1.0.0] - 2026-01-01"]
    assert sections(opened[CHANGELOG])[0][1] == ""
    assert disagreements(opened) == []


def test_a_release_without_a_word_in_the_changelog_is_refused() -> None:
    opened = changed(changed(project(), "1.1.0", DAY), "1.2.0.dev0", DAY)
    with pytest.raises(ReleaseError, match=r"nothing under \[Unreleased\]. What to do: write what those"):
        changed(opened, "1.2.0", DAY)


@pytest.mark.parametrize("version", ["1.1", "v1.1.0", "1.1.0rc1", "", "1.1.0.dev1", "01.1.0", "\uff11.1.0"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(ReleaseError, match=r"is no version\. What to do: "):
        changed(project(), version, DAY)


@pytest.mark.parametrize("version", ["1.1.0", "1.0.0", "1.1.0.dev0"])
def test_what_is_not_after_the_last_release_is_refused(version: str) -> None:
    with pytest.raises(ReleaseError, match=r"1\.1\.0 is released already\. What to do: a version after it"):
        changed(changed(changed(project(), "1.1.0", DAY), "1.2.0.dev0", DAY), version, DAY)


def test_writing_the_same_version_again_changes_nothing() -> None:
    assert changed(project(), "1.1.0.dev0", DAY) == project()


@pytest.mark.parametrize("name", [name for name in PLACES if name != SOURCE])
def test_a_file_that_bears_another_version_is_told(name: str) -> None:
    (told,) = disagreements({**project(), name: project("9.9.9")[name]})
    assert told == f"{name} says 9.9.9, {SOURCE} says 1.1.0.dev0. What to do: make release VERSION=1.1.0.dev0"


def test_a_changelog_that_begins_with_another_version_is_told() -> None:
    (told,) = disagreements(project("1.1.0"))
    assert told == f"{CHANGELOG} begins with [Unreleased], and {SOURCE} says 1.1.0"


def asked(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "release", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_what_is_built_is_told() -> None:
    assert (asked("check").returncode, asked("check").stdout) == (0, f"{__version__}\n")


@pytest.mark.parametrize("tag", ["v9.9.9", "v1.1.0.dev0", "1.1.0"])
def test_only_the_tag_of_a_release_is_built(tag: str) -> None:
    with pytest.raises(ReleaseError, match=r"is of no release; this is 1\.1\.0\.dev0\. What to do: "):
        checked(project(), tag)
    with pytest.raises(ReleaseError, match=r"is of no release"):
        checked(changed(project(), "1.1.0", DAY), tag)
    assert checked(changed(project(), "1.1.0", DAY), "v1.1.0") == "1.1.0"


def test_the_notes_of_a_release_are_the_newest_section() -> None:
    assert asked("notes").stdout.strip() == sections((ROOT / CHANGELOG).read_text())[0][1]
