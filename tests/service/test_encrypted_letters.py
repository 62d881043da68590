"""Letters that are encrypted, on a real Kafka: nobody reads them without a key, and with one they come back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message
from cryptography.fernet import Fernet

from capi_stream.sandbox.poison import Poison
from tests.builders import PIXEL
from tests.service.replays import once, published_and_settled, renewed, replay
from tests.service.shop import OTHER_PIXEL, Shop, fresh, header
from tests.service.test_no_personal_data import MARK, assert_unmarked, marked, publish
from tests.service.tools import configuration, tool

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))


def keys(shop: Shop, *lines: str) -> dict[str, Any]:
    """The settings under which letters are encrypted with the first of `lines`."""
    file: Path = shop.folder / "letters.keys"
    file.write_text("\n".join(lines))
    file.chmod(0o600)
    return {"letters": {"encryption_key_file": str(file)}}


def refused(shop: Shop, *ids: str, **changes: Any) -> None:
    """Dead letters of these events, which the API would take now."""
    shop.sandbox.poison(Poison(event_ids=frozenset(ids)))
    published_and_settled(shop, (fresh(each) for each in ids), **changes)
    shop.sandbox.clear_poison()


def in_the_topic(letters: list[Message]) -> bytes:
    """All bytes of `letters` that a reader of their topic gets, but those of the records' keys and own headers."""
    parts: list[bytes] = []
    for letter in letters:
        headers: list[Any] = list(letter.headers() or ())
        parts += [letter.value() or b"", *(value or b"" for name, value in headers if name.startswith("capi-stream."))]
    return b"\n".join(parts)


def test_nothing_personal_can_be_read_in_the_topic(shop: Shop) -> None:
    """Of what decoding, mapping, rules and the API refuse; their details quote it, for a person, where it is opened."""
    shop.sandbox.poison("bad-")
    member = shop.run(**keys(shop, NEW))
    publish(shop)
    shop.wait_until_committed(40)
    member.kill()
    letters = shop.letters()
    assert len(letters) > 8
    assert {header(letter, "encrypted") for letter in letters} == {"fernet"}
    assert_unmarked([("topic", in_the_topic(letters))])
    mark = re.compile(MARK, re.IGNORECASE | re.DOTALL)
    assert all(mark.search(Fernet(NEW).decrypt(letter.value() or b"")) for letter in letters), "opened, it is there"


def test_with_the_key_they_are_sent_and_fail_again_encrypted(shop: Shop) -> None:
    own = keys(shop, NEW)
    refused(shop, "order-1", "order-2", **own)
    shop.sandbox.poison(Poison(event_ids=frozenset(["order-2"])))
    done = replay(shop, "--yes", **own)
    assert done.returncode == 0, done.stderr
    assert shop.accepted() == once(["order-1"])
    again = shop.letters()[2:]
    assert [header(letter, "replay_count") for letter in again] == ["1"]
    assert Fernet(NEW).decrypt(again[0].value() or b"").startswith(b"\x00")
    shop.sandbox.clear_poison()
    assert replay(shop, "--yes", **own).returncode == 0
    assert shop.accepted() == once(["order-1", "order-2"])


def test_after_a_rotation_old_letters_come_back_and_new_ones_have_the_new_key(shop: Shop) -> None:
    refused(shop, "order-1", **keys(shop, OLD))
    refused(shop, "order-2", **keys(shop, NEW, OLD))
    assert replay(shop, "--yes", **keys(shop, NEW, OLD)).returncode == 0
    assert shop.accepted() == once(["order-1", "order-2"])
    first, second = shop.letters()
    assert (header(first, "event_id"), header(second, "event_id")) == ("order-1", "order-2")
    assert Fernet(OLD).decrypt(first.value() or b"")
    assert Fernet(NEW).decrypt(second.value() or b"")


@pytest.mark.parametrize("lines", [(FOREIGN,), ()], ids=["another key", "no key"])
def test_without_their_key_they_are_passed_over(shop: Shop, lines: tuple[str, ...]) -> None:
    """As after the key was thrown away. Plain letters beside them go."""
    refused(shop, "order-1", **keys(shop, NEW))
    refused(shop, "order-2")
    other = keys(shop, *lines) if lines else {}
    looked = replay(shop, **other)
    assert "1 would be sent, 1 left where they lie" in looked.stdout
    assert "not_decrypted" in looked.stdout
    hindered = replay(shop, "--yes", **other)
    assert (hindered.returncode, shop.accepted()) == (1, {})
    assert "1 letters would be passed over for good, not_decrypted" in hindered.stderr
    done = replay(shop, "--yes", "--leave", "not_decrypted", **other)
    assert done.returncode == 0, done.stderr
    assert "1  left where they lie, not_decrypted" in done.stdout
    assert shop.accepted() == once(["order-2"])
    assert len(shop.letters()) == 2, "it is no new letter"


def test_the_tools_that_look_open_them_and_say_where_they_cannot(shop: Shop) -> None:
    own = keys(shop, NEW)
    published_and_settled(shop, [marked("old") | {"occurred_at": 1_600_000_000_000}], **own)
    place = f"{shop.letters()[0].partition()}/0"
    shown = tool("dead-letters", "show", place, "-c", configuration(shop, **own), "--raw")
    assert (shown.returncode, "zqmark" in shown.stdout) == (0, True), shown.stderr
    for options in (("show", place, "--raw"), ("list",)):
        blind = tool("dead-letters", *options, "-c", configuration(shop))
        assert blind.returncode == 0, blind.stderr
        assert "encrypted" in blind.stdout
        assert "zqmark" not in blind.stdout


def test_parked_records_are_encrypted_and_come_back(shop: Shop) -> None:
    own = keys(shop, NEW)
    shop.sandbox.expire_token(str(PIXEL))
    events = [fresh("held-1"), fresh("free-1", pixel_id=OTHER_PIXEL)]
    published_and_settled(shop, events, delivery={"park_after_seconds": 1}, **own)
    (letter,) = shop.letters(shop.parked)
    assert b"example.com" not in in_the_topic([letter])
    assert Fernet(NEW).decrypt(letter.value() or b"")
    renewed(shop)
    assert replay(shop, "--parked", "--yes", **own).returncode == 0
    assert shop.accepted(str(PIXEL)) == once(["held-1"])


def test_what_goes_to_a_topic_of_events_is_plain_there(shop: Shop) -> None:
    own = keys(shop, NEW)
    refused(shop, "order-1", **own)
    assert replay(shop, "--yes", "--to-topic", shop.topic, **own).returncode == 0
    shop.run()
    shop.wait_until_committed()
    assert shop.accepted() == once(["order-1"])


def test_an_encrypted_letter_that_somebody_copied_to_the_source_is_refused_and_kept(shop: Shop) -> None:
    refused(shop, "order-1", **keys(shop, NEW))
    (letter,) = shop.letters()
    shop.publish_values([letter.value()], headers=list(letter.headers() or ()))
    member = shop.run()
    shop.wait_until_committed()
    member.kill()
    again = shop.letters()[1]
    assert (header(again, "reason"), header(again, "encrypted")) == ("not_decrypted", "fernet")
    assert again.value() == letter.value()
    assert replay(shop, "--yes", **keys(shop, NEW)).returncode == 0
    assert set(shop.accepted()) == {"order-1"}


def test_check_says_that_letters_are_encrypted_and_who_may_read_the_keys(shop: Shop) -> None:
    own = keys(shop, NEW, OLD)
    checked = tool("check", "-c", configuration(shop, **own)).stdout
    assert "encrypted with the first of 2 keys" in checked
    assert "chmod 0600" not in checked
    assert "its max.message.bytes is 1048588" in checked, "a letter is larger than its record"
    (shop.folder / "letters.keys").chmod(0o644)
    assert "chmod 0600" in tool("check", "--offline", "-c", configuration(shop, **own)).stdout
