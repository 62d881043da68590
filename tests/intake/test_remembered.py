"""What is sent for values that come again: the same as if it were worked out each time, in bounded memory."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.parameters.forms import Form, form_of, sender
from capi_stream.intake.parameters.identifiers import Identifiers
from capi_stream.intake.parameters.normalize import ip_address
from capi_stream.intake.parameters.raw_values import LeftOut
from capi_stream.intake.parameters.remembered import LONGEST, MOST, REPEATING, Remembered
from capi_stream.intake.parameters.settings import IdentifierSettings
from capi_stream.intake.parameters.table import USER_DATA
from capi_stream.model import Dropped, Mapped

YEAR = 2026
RAW: st.SearchStrategy[Any] = st.text(max_size=8) | st.integers() | st.none() | st.booleans() | st.dates().map(str)
RAW |= st.sampled_from(["A" * 64, "0" * 32 + ".AQ", "a@b.co", "+1 650 555 0112", "fb.1.1.1", " fb.1.1.1", "10.0.0.1"])


@given(st.sampled_from(sorted(USER_DATA)), RAW)
def test_a_sender_gives_what_is_told_of_the_form(name: str, raw: Any) -> None:
    form = form_of(USER_DATA[name], raw, YEAR)
    assert sender(USER_DATA[name], YEAR)(raw) == (form.sent if isinstance(form, Form) else form)


@given(st.sampled_from(sorted(REPEATING)), st.text(max_size=8))
def test_it_is_what_would_be_worked_out_the_first_time_and_the_second(name: str, raw: str) -> None:
    send = sender(USER_DATA[name], YEAR)
    memory = Remembered(send)
    assert (memory[raw], memory[raw]) == (send(raw), send(raw))
    assert raw in memory


def test_what_repeats_is_worked_out_once_and_counted_each_time_it_is_left_out() -> None:
    identifiers, mapped = Identifiers(IdentifierSettings()), Mapped()
    for _ in range(3):
        assert identifiers.identified({"user_data": {"country": "Atlantis", "fn": "Ana"}}, 2026, mapped).keys() == {
            "fn"
        }
    assert mapped.dropped == [Dropped("country", "unknown")] * 3


def test_what_comes_again_outlives_the_others() -> None:
    asked: list[object] = []

    def send(raw: object) -> str:
        asked.append(raw)
        return "sent"

    memory = Remembered(send)
    for number in range(3 * MOST):
        assert memory["often"] == memory[f"once {number}"] == "sent"
    assert asked.count("often") == 1


def test_it_forgets_rather_than_grow() -> None:
    send = sender(USER_DATA["ct"], YEAR)
    memory = Remembered(send)
    lengths = []
    for number in range(2 * MOST + 10):
        assert memory[f"town {number}"] == memory["town 0"]
        lengths.append(len(memory))
    assert max(lengths) == MOST
    assert len(memory._before) == MOST
    assert memory["a" * (LONGEST + 1)] == send("a" * (LONGEST + 1))
    assert all(len(raw) <= LONGEST for raw in memory)


def test_a_parameter_that_depends_on_the_year_is_never_remembered() -> None:
    assert not [name for name in REPEATING if USER_DATA[name].needs_year or not USER_DATA[name].is_list]


OCTETS = st.integers(0, 300).map(str) | st.sampled_from(
    ["10", "127", "169", "172", "192", "168", "254", "16", "31", "01", ""]
)


@given(st.lists(OCTETS, min_size=3, max_size=5).map(".".join))
def test_the_short_way_for_an_address_leads_where_the_long_one_does(text: str) -> None:
    """The long one is Python's own reading of addresses."""
    try:
        address = ipaddress.IPv4Address(text)
        private = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16")
        is_sent = not any(address in ipaddress.ip_network(each) for each in private)
    except ValueError:
        is_sent = False
    assert (ip_address(text) == text) == is_sent
    assert is_sent or isinstance(ip_address(text), LeftOut)
