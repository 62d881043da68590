"""The version, and the files that bear it: `capi_stream/__init__.py` has it, the others are written from there.

A version ends in `.dev0` while it is worked on. Its changes then stand in the changelog under [Unreleased], from its
release on under the version and a day. Texts in, texts out: nothing here reads a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SOURCE = "capi_stream/__init__.py"
CHANGELOG = "CHANGELOG.md"

PLACES: Mapping[str, re.Pattern[str]] = {
    SOURCE: re.compile(r'(?<=^__version__ = ")[^"]+', re.MULTILINE),
    "k8s/overlays/dev/kustomization.yaml": re.compile(r"(?<=^    newTag: )\S+", re.MULTILINE),
    "k8s/overlays/prod/kustomization.yaml": re.compile(r"(?<=^    newTag: )\S+", re.MULTILINE),
    "docs/kubernetes.md": re.compile(r"(?<=--build-arg VERSION=)\S+|(?<=-t REPOSITORY:)\S+"),
}
"""File -> where in it the version stands."""

_NUMBER = "(0|[1-9][0-9]*)"
VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(\.dev0)?")
UNRELEASED = "[Unreleased]"
SECTION = re.compile(r"^## (.+)\n((?:(?!## ).*\n?)*)", re.MULTILINE)


class ReleaseError(Exception):
    """The release cannot be made so; says why and what to do."""


def sections(changelog: str) -> list[tuple[str, str]]:
    """Heading and text of each section of the changelog, the newest first."""
    return [(heading, text.strip()) for heading, text in SECTION.findall(changelog)]


def heading_of(version: str, day: str) -> str:
    """How the changelog names `version`, released on `day` (YYYY-MM-DD)."""
    return UNRELEASED if version.endswith(".dev0") else f"[{version}] - {day}"


def disagreements(texts: Mapping[str, str]) -> list[str]:
    """What in the project's `texts` (file -> text) does not bear the version of SOURCE, a line each."""
    (version,) = PLACES[SOURCE].findall(texts[SOURCE])
    told = [
        f"{name} says {found or 'no version'}, {SOURCE} says {version}. What to do: make release VERSION={version}"
        for name, place in PLACES.items()
        if (found := ", ".join(sorted(set(place.findall(texts[name]))))) != version
    ]
    newest = sections(texts[CHANGELOG])[0][0]
    if not newest.startswith(heading_of(version, "")):
        told.append(f"{CHANGELOG} begins with {newest}, and {SOURCE} says {version}")
    return told


def changed(texts: Mapping[str, str], version: str, day: str) -> dict[str, str]:
    """The `texts` (file -> text) with `version` in them, released on `day`. Raises ReleaseError."""
    if not VERSION.fullmatch(version):
        raise ReleaseError(
            f"{version} is no version. What to do: 1.2.3 for a release, 1.3.0.dev0 for the work after it"
        )
    newest = next(iter(_released(texts[CHANGELOG])), None)
    is_there = PLACES[SOURCE].findall(texts[SOURCE]) == [version]  # written once more, where a file has lost it
    if newest is not None and not is_there and _rank(version) <= _rank(newest):
        raise ReleaseError(f"{newest} is released already. What to do: a version after it")
    written = {name: place.sub(version, texts[name]) for name, place in PLACES.items()}
    return {**written, CHANGELOG: _with_heading(texts[CHANGELOG], heading_of(version, day))}


def _released(changelog: str) -> list[str]:
    """The versions that have a section, the newest first."""
    return [heading[1:].partition("]")[0] for heading, _ in sections(changelog) if heading != UNRELEASED]


def _rank(version: str) -> tuple[tuple[int, ...], bool]:
    """What versions are sorted by: 1.2.0.dev0 comes before 1.2.0."""
    numbers, _, work = version.partition(".dev")
    return tuple(map(int, numbers.split("."))), not work


def _with_heading(changelog: str, heading: str) -> str:
    newest, text = sections(changelog)[0]
    if newest.split(" - ")[0] == heading.split(" - ")[0]:
        return changelog
    if heading == UNRELEASED:
        return changelog.replace(f"## {newest}\n", f"## {UNRELEASED}\n\n## {newest}\n", 1)
    if newest != UNRELEASED or not text:
        raise ReleaseError(
            f"{CHANGELOG} has nothing under {UNRELEASED}. What to do: write what those who run the service will see"
        )
    return changelog.replace(f"## {UNRELEASED}\n", f"## {heading}\n", 1)
