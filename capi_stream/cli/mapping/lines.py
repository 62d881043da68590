"""The lines of a mapping that is being guessed, and which of them must be comments for it to compile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

UNSURE, DECIDE = "unsure: ", "DECIDE: "
"""How a remark begins where a person should look, and where there is nothing to send before a person has written it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a mapping, at its depth; a remark stands behind it. One that is off is a comment."""

    depth: int
    text: str
    remark: str = ""
    is_off: bool = False

    def __str__(self) -> str:
        written = f"{'  ' * self.depth}{'# ' if self.is_off else ''}{self.text}"
        return f"{written}  # {self.remark}" if self.remark else written

    @property
    def name(self) -> str:
        """The key that it gives a value."""
        return self.text.partition(":")[0]


def unsure(doubt: str) -> str:
    """The remark for a doubt; none where there is none."""
    return f"{UNSURE}{doubt}" if doubt else ""


def without(lines: Sequence[Line], wrong: Mapping[int, str]) -> list[Line]:
    """The lines, with the `wrong` ones made comments that say why, and whatever stands below them."""
    made: list[Line] = []
    depth = None
    for at, line in enumerate(lines):
        depth = None if depth is not None and line.depth <= depth else depth
        if at in wrong and not line.is_off and depth is None:
            depth = line.depth
        remark = unsure(wrong[at]) if at in wrong else line.remark
        made.append(replace(line, remark=remark, is_off=line.is_off or depth is not None))
    return made


def with_members(lines: Sequence[Line]) -> list[Line]:
    """The lines; objects that have no member left are comments too."""
    made = list(lines)
    for at in reversed(range(len(made))):
        line = made[at]
        if line.text.endswith(":") and not line.is_off and line.depth and not _has_member(made, at):
            made[at] = replace(line, is_off=True)
    return made


def _has_member(lines: Sequence[Line], at: int) -> bool:
    for below in lines[at + 1 :]:
        if below.depth <= lines[at].depth:
            return False
        if not below.is_off:
            return True
    return False


def with_stand_ins(lines: Sequence[Line], stand_ins: Mapping[str, Sequence[Line]]) -> list[Line]:
    """The lines, with the stand-in of each parameter of the event whose own lines are comments in their place."""
    made = list(lines)
    for name, instead in stand_ins.items():
        at = next(at for at, line in enumerate(made) if line.depth == 1 and line.name == name)
        if made[at].is_off:
            made[at : at + 1] = instead
    return made
