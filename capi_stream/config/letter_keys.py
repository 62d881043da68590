"""The keys with which letters are encrypted, from the file that holds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from capi_stream.config.mistakes import WrongValueError
from capi_stream.config.references import read_text

HOW_TO_MAKE_ONE = "openssl rand -base64 32 | tr '+/' '-_' makes a key"

# 32 bytes in URL-safe base64; the last of 43 letters has only four bits. (Fernet's own spec; cryptography also takes
# what it would read otherwise than others do, such as a key with a blank in it.)
_KEY = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]=")


def letter_keys(directory: Path, name: str) -> tuple[str, ...]:
    """The keys in the file `name`, seen from `directory`. Raises WrongValueError, which shows none of them.

    Blank lines and those that begin with # are for people, such as to note since when a key is in use.
    """
    try:
        lines = read_text(directory, name).splitlines()
    except WrongValueError as error:
        raise WrongValueError(error.what, f"{error.write_instead}; {HOW_TO_MAKE_ONE}") from None
    keys = tuple(_keys(lines, name))
    if not keys:
        raise WrongValueError(f"there is no key in the file {name}", f"Write one into it; {HOW_TO_MAKE_ONE}")
    return keys


def _keys(lines: list[str], name: str) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        key = line.strip()
        if not key or key.startswith("#"):
            continue
        if not _KEY.fullmatch(key):
            what = (
                f"line {number} of the file {name} is no Fernet key, which is 32 bytes in URL-safe base64, 44 letters"
            )
            raise WrongValueError(what, f"Write one key a line; {HOW_TO_MAKE_ONE}")
        yield key
