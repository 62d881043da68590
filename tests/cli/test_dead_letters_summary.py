"""What `capi-stream dead-letters summary` counts, its charts, and what the words of a letter mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from capi_stream.cli.dead_letters.lying import Lying
from capi_stream.cli.dead_letters.options import Kind
from capi_stream.cli.dead_letters.tally import AGES_IN_ORDER, OLDER, UNKNOWN, Tally, age
from capi_stream.cli.dead_letters.there import MOST, There
from capi_stream.cli.dead_letters.words import MEANINGS, code, meaning, when
from capi_stream.cli.json_text import short
from capi_stream.cli.letters.chart import MOST_BARS, chart
from capi_stream.cli.masking import MASK
from capi_stream.delivery.error_table import REJECTIONS
from capi_stream.letter_heads import Head, read
from capi_stream.replay.choosing import Choice
from tests.builders import UNIX_NOW, record, tombstone

HEAD = Head("dead_letter", "event_time_too_old", "validate", "commerce.events", 0, 41, -1, pixel="1234567890")


def letter(value: bytes | None = b"v", **said: Any) -> Lying:
    """A dead letter whose headers say what HEAD says, and `said`."""
    source = tombstone(topic="letters") if value is None else record(value, topic="letters")
    return Lying(source, replace(HEAD, **said))


def foreign(value: bytes | None = b"v") -> Lying:
    return letter(value)._replace(head=None)


def tallied(*letters: Lying, choice: Choice | None = None) -> Tally:
    tally = Tally(Kind.DEAD, "letters", choice or Choice(), UNIX_NOW)
    for each in letters:
        tally.counts(each)
    return tally


def test_everything_is_counted_by_what_its_headers_say() -> None:
    failed_at = int((UNIX_NOW - 7_200) * 1_000)
    found = tallied(
        letter(last_failed_at=failed_at, replay_count=1),
        letter(None, last_failed_at=failed_at, value_omitted="true", source_topic="other"),
        letter(reason="invalid_parameter", stage="post", code=100, subcode=2804019, pixel=None),
        letter(reason="too_many_parameters", stage="post", code=105),
        foreign(),
        foreign(None),
    ).values()
    assert {name: found[name] for name in ("letters", "foreign", "without_value", "replayed", "left_out")} == {
        "letters": 4, "foreign": 2, "without_value": 2, "replayed": 1, "left_out": 0,
    }  # fmt: skip
    assert found["by_reason"] == {"event_time_too_old": 2, "invalid_parameter": 1, "too_many_parameters": 1}
    assert found["by_pixel"] == {"1234567890": 3, "none": 1}
    assert found["by_code"] == {"none": 2, "100/2804019": 1, "105": 1}
    assert found["by_age"] == dict.fromkeys(AGES_IN_ORDER, 0) | {"<6 h": 2, UNKNOWN: 2}
    assert found["by_source_topic"] == {"commerce.events": 3, "other": 1}


def test_what_nobody_can_open_is_counted() -> None:
    found = tallied(letter(), letter(encrypted="fernet"))
    assert (found.values()["encrypted"], tallied(letter()).values()["encrypted"]) == (1, 0)
    assert "  encrypted, and no key of letters.encryption_key_file opens them: 1" in list(found.lines())


def test_what_is_no_pixel_is_counted_behind_a_mask() -> None:
    found = tallied(letter(pixel="ana@example.com"), letter(pixel="Ana"), letter(pixel=""))
    assert found.values()["by_pixel"] == {MASK: 2, "none": 1}
    assert "ana" not in "\n".join(found.lines()).lower()


# What there is where filters take nothing.


def there(choice: Choice, *letters: Lying) -> list[str]:
    made = There(choice)
    for each in letters:
        made.counts(each.head)
    return list(made.lines("the topic"))


def test_the_values_of_the_filters_that_were_given_are_told() -> None:
    choice = Choice(reasons=frozenset({"mistyped"}), codes=frozenset({5}), pixels=frozenset({"1"}))
    letters = (letter(), letter(), letter(reason="other", code=100, pixel="ana@example.com"), foreign())
    assert there(choice, *letters) == [
        "The filters take none of 3 in the topic, which have:",
        "  --reason: event_time_too_old (2), other (1)",
        f"  --pixel: 1234567890 (2), {MASK} (1)",
        "  --code: 100 (1)",
    ]
    others = Choice(stages=frozenset({"x"}), topics=frozenset({"x"}), event_names=frozenset({"x"}))
    assert there(others, letter(event_name="a@b.de"))[1:] == [
        "  --stage: validate (1)",
        "  --topic: commerce.events (1)",
        f"  --event-name: {MASK} (1)",
    ]


def test_of_very_many_values_ten_are_told() -> None:
    _, line = there(Choice(codes=frozenset({5})), *(letter(code=number) for number in range(100, 113)))
    assert (line.count("(1)"), line.endswith(", and 3 more")) == (MOST, True)


def test_a_filter_that_no_letter_has_a_value_for_and_one_of_time_alone() -> None:
    assert there(Choice(codes=frozenset({5})), letter())[1:] == ["  --code: none"]
    assert there(Choice(since=5.0), letter()) == ["The filters take none of 1 in the topic."]
    assert there(Choice(since=5.0), foreign()) == ["There is none in the topic."]


def test_filters_leave_letters_out_and_say_so() -> None:
    found = tallied(letter(), letter(stage="post"), foreign(), choice=Choice(stages=frozenset({"post"})))
    assert (found.letters, found.left_out, found.foreign) == (1, 1, 1)
    assert "  left out by the filters: 1" in list(found.lines())


def test_where_there_is_none_it_says_so() -> None:
    assert list(tallied().lines()) == ["dead letters, topic letters: there is none"]
    assert list(tallied(foreign()).lines())[1:] == ["  no letters of ours, beside them: 1"]


def test_the_source_topics_are_shown_where_there_are_several() -> None:
    title = "by the topic where they were first read"
    assert title not in list(tallied(letter()).lines())
    assert title in list(tallied(letter(), letter(source_topic="other")).lines())


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (-5, "<1 h"),
        (0.9, "<1 h"),
        (1, "<6 h"),
        (6, "<1 d"),
        (24, "<3 d"),
        (72, "<7 d"),
        (168, OLDER),
        (10**14, OLDER),
        (-24, "<1 h"),
        (-25, UNKNOWN),
        (-(10**14), UNKNOWN),
    ],
)
def test_ages_are_told_in_buckets(hours: float, expected: str) -> None:
    assert age(int((UNIX_NOW - hours * 3_600) * 1_000), UNIX_NOW) == expected


def test_a_chart_is_aligned_and_the_largest_comes_first() -> None:
    assert list(chart("by reason", {"a": 1, "bbb": 1_500, "cc": 750})) == [
        "",
        "by reason",
        "  bbb  1,500  ##############################",
        "  cc     750  ###############",
        "  a        1  #",
    ]


def test_a_chart_in_a_given_order_leaves_out_what_is_not_there() -> None:
    lines = list(chart("by age", {"old": 9, "new": 1, "none": 0}, ("new", "none", "old")))
    assert [line.split()[0] for line in lines[2:]] == ["new", "old"]
    assert list(chart("by age", {"old": 0}, ("old",))) == list(chart("by age", {})) == []


def test_a_chart_of_very_many_is_cut_and_says_so() -> None:
    lines = list(chart("by pixel", {str(number): 1 for number in range(MOST_BARS + 5)}))
    assert (len(lines), lines[-1]) == (MOST_BARS + 3, "  and 5 more, which --json has")


def test_what_a_header_holds_does_not_move_a_terminals_cursor() -> None:
    lines = "\n".join(tallied(letter(reason="a\x1b[2J\nb", pixel="p" * 9_000)).lines())
    assert "\x1b" not in lines
    assert max(map(len, lines.split("\n"))) < 120


def test_every_reason_for_a_dead_letter_has_its_words() -> None:
    assert MEANINGS.keys() >= REJECTIONS


def test_a_parked_letter_says_what_its_pixel_lacks() -> None:
    assert "Put a new access token" in meaning(replace(HEAD, kind="parked", reason="token_invalid"))
    assert meaning(replace(HEAD, kind="parked")) == MEANINGS["event_time_too_old"]  # a fuse held it
    assert meaning(replace(HEAD, reason="new")) == "a reason that this version does not give"


def test_values_become_short_words() -> None:
    codes = (HEAD, replace(HEAD, code=0), replace(HEAD, code=1, subcode=0))
    assert [code(each) for each in codes] == ["none", "0", "1/0"]
    assert [when(each) for each in (None, 0, 10**19)] == ["-", "1970-01-01T00:00:00Z", "1" + "0" * 16]
    assert [short("abc", 3), short("abcd", 3)] == ["abc", "ab…"]


def test_damaged_headers_make_a_letter_foreign_and_nothing_raises() -> None:
    damaged = [
        ("capi-stream.kind", b"dead_letter"),
        ("capi-stream.source_offset", b"\xff"),
        ("capi-stream.reason", None),
    ]
    each = record(headers=damaged)
    assert tallied(Lying(each, read(each.headers))).foreign == 1
