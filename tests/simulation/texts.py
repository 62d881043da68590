"""A second opinion on the text beside a committed offset, and texts that nobody should believe."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from random import Random

from capi_stream.delivery.runs import LIMIT_CHARACTERS

LONGEST_RUN_CHARACTERS = 28  # two numbers of 64 bits, at 7 bits a byte and 6 bits a character


def said(text: str) -> tuple[int, frozenset[int]]:
    """The offset that `text` belongs to, and every offset that it says is settled."""
    numbers = _numbers(urlsafe_b64decode(text[4:] + "==")[:-4])
    at = numbers[0]
    settled: set[int] = set()
    for gap, length in zip(numbers[1::2], numbers[2::2], strict=True):
        settled.update(range(at + gap, at + gap + length))
        at += gap + length
    return numbers[0], frozenset(settled)


def is_cut(text: str) -> bool:
    """Whether `text` has no room for another run, however long: only then it may leave some out."""
    return len(text) > LIMIT_CHARACTERS - LONGEST_RUN_CHARACTERS


def _numbers(payload: bytes) -> list[int]:
    numbers, groups = [], 0
    value = 0
    for byte in payload:
        value |= (byte & 127) << 7 * groups
        groups += 1
        if byte < 128:
            numbers.append(value)
            value = groups = 0
    return numbers


def not_ours(text: str, offset: int, former: list[str], random: Random) -> str:
    """A text that says nothing about `offset`: damaged, cut, foreign, newer, or of another offset of the partition."""
    at = random.randrange(max(1, len(text) - 2))  # the last characters may hold bits that say nothing
    others = [each for each in former if each and said(each)[0] != offset]
    if others and random.random() < 0.5:
        return random.choice(others[-8:])
    return random.choice((
        text[:at] + ("A" if text[at : at + 1] != "A" else "B") + text[at + 1 :],
        text[: at // 2],
        "written by another tool",
        text.replace("cs1:", "cs2:") or "cs2:AAAA",
    ))  # fmt: skip
