"""`python -m release set VERSION`, `check [TAG]`, `notes`: see docs/releasing.md."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from release.version import CHANGELOG, PLACES, SOURCE, ReleaseError, changed, disagreements, sections

ROOT = Path(__file__).parents[1]


def main(arguments: list[str]) -> str:
    """What is to be printed. Raises ReleaseError."""
    texts = {name: (ROOT / name).read_text() for name in (*PLACES, CHANGELOG)}
    match arguments:
        case ["set", version]:
            for name, text in changed(texts, version, f"{datetime.now(UTC):%Y-%m-%d}").items():
                (ROOT / name).write_text(text)
            return f"{version}, in {', '.join((*PLACES, CHANGELOG))}"
        case ["check", *tag] if len(tag) < 2:
            return checked(texts, *tag)
        case ["notes"]:
            return sections(texts[CHANGELOG])[0][1]
    raise ReleaseError("what is asked? set VERSION, check [TAG], or notes")


def checked(texts: dict[str, str], tag: str | None = None) -> str:
    """The version, if all files bear it and `tag`, if there is one, is its own. Raises ReleaseError."""
    version: str = PLACES[SOURCE].findall(texts[SOURCE])[0]
    told = disagreements(texts)
    if tag is not None and (tag != f"v{version}" or version.endswith(".dev0")):
        told.append(f"the tag {tag} is of no release; this is {version}. What to do: tag what `make release` wrote")
    if told:
        raise ReleaseError("\n".join(told))
    return version


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except ReleaseError as error:
        sys.exit(str(error))
