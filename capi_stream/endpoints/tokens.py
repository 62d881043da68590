"""The tokens in use. Those that come from files are read again when the files change.

Files are compared by content, not by time or inode: that holds for a file rewritten in place, for one renamed over, and
for the symbolic links that Kubernetes swaps under a mounted secret. Reading one takes some 20 microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from capi_stream.endpoints.settings import Credential

_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")  # what a header can carry; a longer text is some other file


@dataclass(frozen=True, slots=True)
class Renewed:
    """A file held a new token, which is in use now."""

    credential: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file cannot be used; the token before it stays in use. `problem` is safe to show."""

    credential: str
    file: Path
    problem: str


TokenChange = Renewed | Unreadable


def is_usable(token: str) -> bool:
    """Whether a header can carry `token`: visible ASCII, no blanks, at most 4,096 letters."""
    return _TOKEN.fullmatch(token) is not None


class Tokens:
    """The token of each credential. One thread polls; any thread may ask, since a dict's item is swapped whole."""

    def __init__(self, credentials: Mapping[str, Credential], check_seconds: float = 5.0) -> None:
        self._credentials = credentials
        self._check_seconds = check_seconds
        self._tokens = {name: credential.token.strip() for name, credential in credentials.items()}
        self._problems: dict[str, str] = {}
        self._checked_at = float("-inf")

    def token(self, credential: str) -> str | None:
        """The token of `credential`; None where it has none that a post could carry."""
        token = self._tokens[credential]
        return token if is_usable(token) else None

    def poll(self, now: float) -> list[TokenChange]:
        """Look at the files, if `check_seconds` have passed, and tell what has changed: each problem once."""
        if now - self._checked_at < self._check_seconds:
            return []
        self._checked_at = now
        changes = (self._check(name, each.file) for name, each in self._credentials.items() if each.file is not None)
        return [change for change in changes if change is not None]

    def _check(self, name: str, file: Path) -> TokenChange | None:
        token, problem = _read(file)
        if problem is not None:
            is_new = self._problems.get(name) != problem
            self._problems[name] = problem
            return Unreadable(name, file, problem) if is_new else None
        self._problems.pop(name, None)
        if token == self._tokens[name]:
            return None
        self._tokens[name] = token
        return Renewed(name)


def _read(file: Path) -> tuple[str, str | None]:
    """The token in `file`, and what is wrong with it: one of them is of use."""
    try:
        with file.open("rb") as stream:
            text = stream.read(8192).decode("ascii").strip()
    except OSError as error:
        return "", f"cannot be read: {error.strerror or type(error).__name__}"
    except UnicodeDecodeError:
        return "", "holds bytes that are not ASCII"
    if not text:
        return "", "is empty"
    return (text, None) if is_usable(text) else ("", "holds blanks inside, or more than a token has")
