"""Letters that are encrypted: what is read is what was written, or nothing at all."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.delivery.batches import LetterKind
from capi_stream.kafka.headers import headers
from capi_stream.kafka.sealing import GROWTH, Seals
from capi_stream.letter_heads import ENCRYPTED, PREFIX, QUOTING, read
from capi_stream.model import Record, Rejection
from tests.builders import record
from tests.conftest import MakeTopic
from tests.real.clients import read_all
from tests.shells.letters import full_letter, letter, settings, started, stored

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))
MAIL = b"ana.silva@example.com"
NAMES = ["h", "detail", PREFIX + "reason", *(PREFIX + name for name in QUOTING)]


def sealed(plain: Record, *keys: str) -> Record:
    """`plain` as it would lie in a topic."""
    value, written = Seals(keys).sealed(plain.value, plain.headers)
    return replace(plain, value=value, headers=written)


def plain_letter(value: bytes | None = b"value of " + MAIL) -> Record:
    pairs = headers(letter("letters", rejection=Rejection("map", "invalid_value", f"quotes {MAIL.decode()}")), 0.0)
    return replace(record(b"", key=b"k", headers=pairs), value=value)


@given(st.none() | st.binary(max_size=200),
       st.lists(st.tuples(st.sampled_from(NAMES), st.none() | st.binary(max_size=40)), max_size=8))  # fmt: skip
def test_what_was_sealed_is_opened_as_it_was(value: bytes | None, pairs: list[tuple[str, bytes | None]]) -> None:
    plain = replace(record(), value=value, headers=pairs)
    assert Seals([OLD]).opened(sealed(plain, OLD)) == plain


def test_neither_value_nor_quoting_headers_are_readable_and_the_others_stay() -> None:
    lies = sealed(plain_letter(), NEW)
    assert MAIL not in (lies.value or b"")
    assert not any(MAIL in (value or b"") for _, value in lies.headers)
    head = read(lies.headers)
    assert head is not None
    assert (head.is_sealed, head.encrypted) == (True, "fernet")
    assert (head.reason, head.source_topic, lies.key) == ("invalid_value", "commerce.events", b"k")


def test_any_tool_that_knows_fernet_opens_a_value_with_the_key_alone() -> None:
    lies = sealed(plain_letter(), NEW)
    assert Fernet(NEW).decrypt(lies.value or b"") == plain_letter().value


def test_the_first_key_seals_and_each_opens() -> None:
    by_old = sealed(plain_letter(), OLD)
    rotated = Seals([NEW, OLD])
    assert rotated.opened(by_old) == plain_letter()
    assert rotated.opened(sealed(plain_letter(), NEW, OLD)) == plain_letter()
    assert Seals([OLD]).opened(sealed(plain_letter(), NEW, OLD)) != plain_letter(), "sealed with the first alone"


def changed(lies: Record, name: str) -> Record:
    """`lies` with the header `name` damaged."""
    pairs = [(each, value[:-5] if each == PREFIX + name and value else value) for each, value in lies.headers]
    return replace(lies, headers=pairs)


LIES = sealed(plain_letter(), NEW)


@pytest.mark.parametrize("lies", [
    sealed(plain_letter(), FOREIGN),
    replace(LIES, value=b"\x00\xff no token"),
    replace(LIES, value=(LIES.value or b"")[:-7]),
    replace(LIES, value=b""),
    changed(LIES, "detail"),
    replace(LIES, headers=[(PREFIX + ENCRYPTED, b"something newer"), *LIES.headers[:-1]]),
    replace(LIES, headers=[(PREFIX + ENCRYPTED, None), *LIES.headers[:-1]]),
])  # fmt: skip
def test_what_cannot_be_opened_stays_as_it_lies_in_all_its_parts(lies: Record) -> None:
    assert Seals([NEW, OLD]).opened(lies) == lies


def test_what_was_never_sealed_stays_as_it_is() -> None:
    assert Seals([NEW]).opened(plain_letter()) == plain_letter()
    assert Seals([NEW]).opened(record()) == record()


def test_a_letter_that_nobody_could_open_is_not_sealed_once_more() -> None:
    """Someone has put it into a topic of events: as a letter again, it opens with the key that it was sealed with."""
    lies = sealed(plain_letter(), FOREIGN)
    again = letter("letters", lies, rejection=Rejection("decode", "not_decrypted"))
    value, written = Seals([NEW]).sealed(lies.value, headers(again, 0.0))
    assert value == lies.value
    opened = Seals([FOREIGN]).opened(replace(lies, value=value, headers=written))
    assert opened.value == plain_letter().value
    head = read(opened.headers)
    assert head is not None
    assert (head.reason, head.first_reason, head.is_sealed) == ("not_decrypted", "invalid_value", False)


def test_a_large_letter_grows_by_no_more_than_is_reckoned_with() -> None:
    value = sealed(plain_letter(b"x" * 100_000), NEW).value
    assert len(value or b"") < 100_000 * GROWTH


def test_who_does_not_encrypt_does_not_load_what_encrypts() -> None:
    """7 MB: everything is imported that a service imports, and a reader without keys is made."""
    code = (
        "import sys, capi_stream.process\nfrom capi_stream.kafka.records import reader\nreader(())\n"
        "sys.exit(any(name.startswith('cryptography') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


# On a real Kafka.


def test_a_letter_is_stored_sealed_and_one_for_a_topic_of_events_is_not(broker: str, topic: MakeTopic) -> None:
    dead, parked, events = topic(), topic(), topic()
    given = settings(broker, dead, parked, letter_keys=(NEW,), replay_topic=events)
    with started(given) as producer:
        stored(
            producer,
            full_letter(dead),
            full_letter(events, kind=LetterKind.REPLAY),
            full_letter(dead, carries_value=False),
        )
    with_value, without = read_all(broker, dead)
    assert Fernet(NEW).decrypt(with_value.value() or b"") == b"\x00\xff\x01"
    assert without.value() is None
    for message in (with_value, without):
        texts = dict(message.headers() or ())
        assert texts[f"{PREFIX}encrypted"] == b"fernet"
        assert Fernet(NEW).decrypt(texts[f"{PREFIX}message"] or b"") == b"Invalid parameter"
    (put,) = read_all(broker, events)
    assert put.value() == b"\x00\xff\x01"
    assert f"{PREFIX}encrypted" not in dict(put.headers() or ())
