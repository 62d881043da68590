"""Storms on a real broker: whatever is killed, frozen, cut or refused, nothing is lost and no commit is early."""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path

import pytest

from tests.faults.running import KINDS, run
from tests.faults.weather import WEATHERS, Weather

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]


def some(number: int) -> list[Weather]:
    """Six weathers for the storm of this `number`: over all kinds, each has its turn."""
    return list(islice(cycle(WEATHERS), 4 * number, 4 * number + 6))


@pytest.mark.parametrize("kind", KINDS)
def test_a_storm_loses_nothing_and_commits_nothing_early(kind: str, tmp_path: Path) -> None:
    number = KINDS.index(kind)
    report = run(kind, tmp_path, seed=number, weathers=some(number), rate=150)
    assert not report.violations
    assert not report.crashes
