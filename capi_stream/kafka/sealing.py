"""Letters are sealed where they are written and opened where they are read: in between everything is plain.

Sealed are the value and the headers that may quote the record; the key and the record's own headers are not. What is
sealed is a Fernet token, which any implementation of Fernet opens with the key alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from capi_stream.letter_heads import ENCRYPTED, PREFIX, QUOTING
from capi_stream.model import Headers, Record

SCHEME = b"fernet"
GROWTH = 1.34  # a token is base64, with 57 bytes of its own

_MARK = (PREFIX + ENCRYPTED, SCHEME)
_is_token = re.compile(rb"gAAAA[A-Za-z0-9_-]+={0,2}").fullmatch
_QUOTING = frozenset(PREFIX + name for name in QUOTING)


def is_token(value: bytes) -> bool:
    """Whether `value` has the form of what is sealed: base64 of version 0x80 and a time (Fernet's spec)."""
    return _is_token(value) is not None


class Seals:
    """Seals with the first of `keys` (Fernet's, 44 letters each), and opens with each of them.

    cryptography is imported here: it takes 7 MB, which those who do not encrypt need not pay.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet

        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._not_ours = InvalidToken

    def sealed(self, value: bytes | None, headers: Headers) -> tuple[bytes | None, Headers]:
        """A letter's value and headers as they are stored. One that could not be opened is sealed already."""
        if any(name == _MARK[0] for name, _ in headers):
            return value, headers
        kept = [(name, self._seal(text) if name in _QUOTING else text) for name, text in headers]
        return self._seal(value), [*kept, _MARK]

    def _seal(self, plain: bytes | None) -> bytes | None:
        return None if plain is None else self._fernet.encrypt(plain)

    def opened(self, record: Record) -> Record:
        """`record`, plain and without its mark where it was sealed; as it is where it was not, or no key opens it."""
        if _MARK not in record.headers:
            return record
        try:
            headers = [
                (name, self._open(text) if name in _QUOTING else text)
                for name, text in record.headers
                if name != _MARK[0]
            ]
            return replace(record, value=self._open(record.value), headers=headers)
        except self._not_ours:
            return record

    def _open(self, token: bytes | None) -> bytes | None:
        return None if token is None else self._fernet.decrypt(token)
