"""Texts that stand elsewhere: `{file: PATH}` and `{env: NAME}`, for any text of the configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from capi_stream.config.document import Document
from capi_stream.config.keys import KeyPath
from capi_stream.config.mistakes import Finding, WrongValueError


class Reference(NamedTuple):
    """Where a text stands: `kind` is file or env, `name` the path as it was written, or the variable."""

    kind: str
    name: str


@dataclass(slots=True)
class References:
    """Which settings were read from elsewhere. Their texts may be secrets."""

    directory: Path
    environ: Mapping[str, str]
    found: dict[KeyPath, Reference] = field(default_factory=dict)

    def resolve(self, document: Document) -> None:
        """Put the texts in place of the references in `document`."""
        document.values = self._resolved(document, document.values, ())

    def file_of(self, path: KeyPath) -> Path | None:
        """The file that the text at `path` was read from, if it was one."""
        reference = self.found.get(path)
        return self.directory / reference.name if reference and reference.kind == "file" else None

    def _resolved(self, document: Document, value: Any, path: KeyPath) -> Any:
        match value:
            case {"file": str(name), **others} if not others:
                return self._text(document, Reference("file", name), path)
            case {"env": str(name), **others} if not others:
                return self._text(document, Reference("env", name), path)
            case dict():
                return {key: self._resolved(document, inner, (*path, key)) for key, inner in value.items()}
            case list():
                return [self._resolved(document, inner, (*path, str(at))) for at, inner in enumerate(value)]
            case _:
                return value

    def _text(self, document: Document, reference: Reference, path: KeyPath) -> str:
        self.found[path] = reference
        try:
            if reference.kind == "env":
                return self._variable(reference.name)
            return read_text_line(self.directory, reference.name)
        except WrongValueError as error:
            document.spoil(Finding(path, error.what, error.write_instead))
            return ""

    def _variable(self, name: str) -> str:
        if text := self.environ.get(name):
            return text
        shown = f" {name}" if re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) else ""
        raise WrongValueError(f"the environment variable{shown} is not set, or empty", "Set it, or name another")


def read_text(directory: Path, name: str) -> str:
    """What the file `name`, seen from `directory`, holds. Raises WrongValueError.

    Only what looks like a path is quoted: somebody may have written the secret itself, which may be dotted (JWT).
    """
    shown = f" {name}" if ("/" in name or "." in name) and not name.startswith("eyJ") else ""
    try:
        text = (directory / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise WrongValueError(f"the file{shown} is no UTF-8 text", "Save it as UTF-8, or name another") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or "this is no path"
        raise WrongValueError(f"the file{shown} cannot be read: {reason}", "Name a file that can be read") from None
    if not text.strip():
        raise WrongValueError(f"the file{shown} is empty", "Write into it what it should hold, or name another")
    return text


def read_text_line(directory: Path, name: str) -> str:
    """As `read_text`, less the end of the line."""
    return read_text(directory, name).rstrip("\r\n")
