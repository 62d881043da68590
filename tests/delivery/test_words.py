"""What the API says is shown in words of a closed list: whatever it quotes of an event is not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.delivery.words import LEFT_OUT, MOST_CHARACTERS, WORDS, without_quotes
from capi_stream.sandbox.errors import ERRORS


@pytest.mark.parametrize("name", ERRORS)
def test_a_documented_error_is_shown_as_it_is(name: str) -> None:
    error = ERRORS[name]
    for text in (error.message, error.title):
        assert without_quotes(text, (error.code, error.subcode)) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The parameter $['data'][12]['user_data']['client_user_agent'] is invalid: Mozilla/5.0 (Ana Silva)",
         "The parameter $['data'][12]['user_data']['client_user_agent'] is invalid: …)"),
        ("ana.silva@example.org is no valid email, +1 (650) 555-0112 no phone", "… is no valid email, +… no phone"),
        ("Session has expired on Tuesday, 24-Nov-26 10:00:00 PST.", "Session has expired on …."),
        ("<html><title>502 Bad Gateway</title><body>nginx</body></html>", "… Bad Gateway nginx"),
        ("[Errno 111] Connection refused", "[Errno …] Connection refused"),
        ("Müller und Söhne", "…"), ("[1984]", "[…]"), ("", ""),
    ],
)  # fmt: skip
def test_what_is_not_of_the_list_is_left_out(text: str, shown: str) -> None:
    assert without_quotes(text) == shown


@given(
    st.text() | st.lists(st.sampled_from([*sorted(WORDS)[:40], "Ana", "SILVA", "12", "[", "]", "<", "é"])).map(" ".join)
)
def test_nothing_passes_but_listed_words_and_the_index_of_an_event(text: str) -> None:
    shown = without_quotes(text)
    left = re.sub(r"\[[0-9]{1,3}\]", "", shown).replace(LEFT_OUT, " ")
    assert {run.lower() for run in re.findall(r"[^ -/:-@\[-`{-~]+", left)} <= WORDS
    assert len(shown) <= MOST_CHARACTERS
