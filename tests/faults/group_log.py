"""The broker's own record of every commit of a group: its topic `__consumer_offsets`, read as it stands on disk."""

from __future__ import annotations

from io import BytesIO
from typing import NamedTuple

from tests.real.clients import Client, read_all

TOPIC = "__consumer_offsets"
COMMITS = (0, 1)  # versions of a key; the others are of members and assignments
CLIENTS_OWN = "\0"  # confluent-kafka sends a text with the byte that ends it in C (seen)
FLEXIBLE = 4  # the first version of a value whose texts are "compact"


class Commit(NamedTuple):
    """One commit as the broker took it, at `at_ms` of its clock."""

    partition: int
    offset: int
    text: str
    at_ms: int


def commits(broker: str | Client, group: str, topic: str) -> list[Commit]:
    """All commits of `group` for `topic`, oldest first. A commit that was taken back (a tombstone) is left out."""
    found: list[Commit] = []
    for message in read_all(broker, TOPIC):
        key, value = message.key(), message.value()
        assert isinstance(key, bytes)
        partition = _partition(BytesIO(key), group, topic)
        if partition is not None and isinstance(value, bytes):
            found.append(_commit(partition, BytesIO(value)))
    return found


def _partition(key: BytesIO, group: str, topic: str) -> int | None:
    if _number(key, 2) not in COMMITS:
        return None
    return _number(key, 4) if (_text(key), _text(key)) == (group, topic) else None


def _commit(partition: int, value: BytesIO) -> Commit:
    """Form: version, offset, leader epoch (from version 3), metadata, time; see OffsetCommitValue.json of Kafka."""
    version = _number(value, 2)
    assert version in (1, 3, 4), f"a commit of version {version}, which this cannot read"
    offset = _number(value, 8)
    if version >= 3:
        _number(value, 4)
    text = _compact_text(value) if version >= FLEXIBLE else _text(value)
    return Commit(partition, offset, text.rstrip(CLIENTS_OWN), _number(value, 8))


def _number(source: BytesIO, size: int) -> int:
    return int.from_bytes(source.read(size), "big", signed=True)


def _text(source: BytesIO) -> str:
    return source.read(_number(source, 2)).decode()


def _compact_text(source: BytesIO) -> str:
    length = shift = 0
    while (byte := source.read(1)[0]) > 127:
        length |= (byte & 127) << shift
        shift += 7
    return source.read((length | byte << shift) - 1).decode()
