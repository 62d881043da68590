"""What the tests of docs/seams.md share: members driven by hand beside processes, and processes that are changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import pytest

from capi_stream.cli.demo.members import Member
from capi_stream.kafka.settings import Rebalance
from tests.builders import ROOT
from tests.real.clients import client, wait_until
from tests.service.shop import Shop, fresh
from tests.shells import members

REBALANCES = get_args(Rebalance)
ANSWER_HAS_COME = 60.0  # generous: nothing here is decided by how long it takes


def publish_orders(shop: Shop, number: int, first: int = 0) -> set[str]:
    ids = [f"order-{at}" for at in range(first, first + number)]
    shop.publish(fresh(event_id) for event_id in ids)
    return set(ids)


def by_hand(shop: Shop, rebalance: Rebalance = "cooperative") -> members.Member:
    """A member of the shop's group that the test drives; it commits only what the test says."""
    given = members.settings(client(shop.broker), shop.topic, group=shop.group, rebalance=rebalance)
    return members.Member(given)


def held_by(member: Member) -> set[str]:
    """The partitions that a process has, by its log."""
    held: set[str] = set()
    for line in member.log.read_text().splitlines():
        for event, change in (("assigned", held.update), ("revoked", held.difference_update)):
            if f'"partitions_{event}"' in line:
                change(json.loads(line)["partitions"])
    return held


def ended(member: Member) -> int | None:
    wait_until(lambda: member.exit_code is not None, ANSWER_HAS_COME, f"member {member.number} ends by itself")
    return member.exit_code


@contextmanager
def changed_program(folder: Path, code: str) -> Iterator[None]:
    """Processes that start meanwhile run `code` first: Python looks for a module of this name."""
    (folder / "sitecustomize.py").write_text(code)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", os.pathsep.join((str(folder), str(ROOT))))
        yield
