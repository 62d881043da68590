"""A phone number gets the code of the customer's country only where it surely lacks one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.parameters import normalize
from capi_stream.intake.parameters.phone_codes import PhoneCodes

CODES = PhoneCodes()


@pytest.mark.parametrize(
    ("text", "country", "completed"),
    [
        ("(650) 555-0112", "us", "+16505550112"),
        ("(650) 555-0112", "US", "+16505550112"),
        ("6505550112", "ca", "+16505550112"),  # one numbering plan: the code is the same
        ("0151 23456789", "de", "+4915123456789"),  # the trunk zero goes
        ("030/901820", "de", "+4930901820"),
        ("15123456789", "de", "+4915123456789"),
        ("06 6982 4930", "it", "+390669824930"),  # the zero is part of the number
        ("07911 123456", "gb", "+447911123456"),
        ("8 912 345-67-89", "ru", "+79123456789"),
        ("030 901820 ext. 12", "de", "+4930901820"),
        ("4795551234", "us", "+14795551234"),  # of Norway if it had a code: in the US it is of Arkansas
    ],
)
def test_a_valid_number_of_the_country_gets_its_code(text: str, country: str, completed: str) -> None:
    assert CODES.completed(text, country) == completed


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("+1 (650) 555-0112", "de"),
        ("(+49) 151 23456789", "us"),
        ("\uff0b49 151 23456789", "us"),
        ("0049 151 23456789", "de"),
        ("0049 151 23456789", "us"),
        ("(00) 49 151 23456789", "de"),
        ("011 49 151 23456789", "us"),
        ("16505550112", "us"),
        ("4915123456789", "de"),  # the library alone would add a second 49
        ("44 (0)7911 123456", "gb"),
        ("16505550112", "de"),  # valid with its code, and no number of Germany
        ("555-0112", "us"),  # no area code
        ("123", "us"),
        ("000000000000", "de"),
        ("no number", "us"),
        ("", "us"),
        ("6505550112" * 100, "us"),
        ("6505550112", "aq"),  # no numbering plan
        ("6505550112", "zz"),
    ],
)
def test_any_other_number_stays_as_it_is(text: str, country: str) -> None:
    assert CODES.completed(text, country) is None


@given(st.text(max_size=300) | st.from_regex(r"[+0-9 ()x./-]{0,40}"), st.sampled_from(["us", "de", "it", "br", "xx"]))
def test_whatever_is_completed_is_a_number_that_can_be_sent(text: str, country: str) -> None:
    completed = CODES.completed(text, country)

    assert completed is None or normalize.phone(completed) == completed.removeprefix("+")


def test_the_library_is_not_read_in_where_nobody_asked_for_it() -> None:
    program = (
        "import sys; from tests.builders import intake_settings; from capi_stream.intake.intake import Intake;"
        "import capi_stream.service; Intake(intake_settings()); assert 'phonenumbers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
