"""What a look at letters says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from capi_stream.cli.letters.opening import Opened, Passed
from capi_stream.cli.replay.forecast import Forecast
from capi_stream.cli.replay.plan import Plan
from capi_stream.model import Malformed, Mapped, NeedSchema, Reading, Rejection, SchemaRef, Tombstone
from capi_stream.replay.reading import PASSED_OVER
from tests.builders import UNIX_NOW, commerce_event, encoded, record
from tests.config.test_config import loaded
from tests.intake.commerce import INTAKE
from tests.intake.test_parts import letter
from tests.replay.test_letters import head_of
from tests.replay.test_plan import plan

LETTER = letter(record(encoded(commerce_event())), last_failed_at=round((UNIX_NOW - 7_000) * 1_000))


def opened(reading: Reading) -> Opened:
    return Opened(LETTER, head_of(LETTER), reading)


@pytest.fixture
def dead(tmp_path: Path) -> Plan:
    return plan(loaded(tmp_path))


def text(made: Forecast, of: Plan) -> str:
    return "\n".join(made.lines(of))


def test_each_fate_is_counted_and_told(dead: Plan) -> None:
    made = Forecast()
    for reading in (
        INTAKE(LETTER, UNIX_NOW),
        Malformed(Rejection("decode", "not_framed")),
        Mapped(rejections=[Rejection("validate", "purchase_without_value")]),
        Mapped(filtered=["consent_denied"]),
        Tombstone(),
    ):
        made.counts(opened(reading), UNIX_NOW)
    made.counts(Passed(LETTER, "not_chosen"), UNIX_NOW)
    said = text(made, dead)
    in_short = "1 would be sent, 2 refused again, 2 filtered, 1 left where they lie"
    assert said.startswith(f"6 letters in commerce.events.dead-letters: {in_short}")
    for line in (
        "1234567890  Purchase", "decode  not_framed", "validate  purchase_without_value", "consent_denied",
        "invalid_parameter", "within 6 hours", "tombstone", PASSED_OVER["not_chosen"],
    ):  # fmt: skip
        assert line in said, line
    assert made.is_complete
    assert said.endswith("To do it: capi-stream replay -c capi.yaml --id main --yes")


def test_what_is_only_too_old_is_not_among_those_that_are_sent(dead: Plan) -> None:
    made = Forecast()
    made.counts(opened(Mapped(filtered=["too_old"])), UNIX_NOW)
    said = text(made, dead)
    assert said.startswith("1 letters in commerce.events.dead-letters: 1 left where they lie")
    assert "Nothing is to be sent." in said
    assert PASSED_OVER["too_old"] in said


def test_what_no_registry_told_is_told(dead: Plan) -> None:
    made = Forecast()
    made.counts(opened(NeedSchema(SchemaRef("", 7))), UNIX_NOW)
    assert not made.is_complete
    assert "1 wait for a schema" in text(made, dead).splitlines()[0]


def test_a_topic_s_other_readers_are_warned_of(tmp_path: Path) -> None:
    made = Forecast()
    made.counts(opened(Mapped()), UNIX_NOW)
    said = text(made, plan(loaded(tmp_path), to_topic="orders"))
    assert "whoever reads orders sees them again" in said
    assert "by pixel" not in said


def test_an_empty_topic_says_so(dead: Plan) -> None:
    assert text(Forecast(), dead).startswith("0 letters in commerce.events.dead-letters: none is left to do")


def test_filters_that_take_none_say_what_there_is(dead: Plan) -> None:
    made = Forecast(Counter(not_framed=3, too_large=1))
    made.counts(Passed(LETTER, "not_chosen"), UNIX_NOW)
    assert "The reasons that there are: not_framed (3), too_large (1)" in text(made, dead)


def test_what_can_be_mended_is_not_passed_over_without_a_word(dead: Plan) -> None:
    made = Forecast()
    made.counts(Passed(LETTER, "not_decrypted"), UNIX_NOW)
    assert "What to do: mend that first." in text(made, dead)
