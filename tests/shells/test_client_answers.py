"""What the client makes of an answer, as far as HTTP goes: redirects, compression, length, and our token in it."""

from __future__ import annotations

import gzip

import pytest

from capi_stream.delivery.outcomes import Accepted, Rejected, Unavailable
from tests.shells.one_post import TOKEN, Post, answering, post, reason
from tests.shells.tiny_api import SUCCESS, Connection, TinyApi, head

__all__ = ["post"]  # the fixture: posts one batch


@pytest.mark.parametrize("location", ["/elsewhere", "http://127.0.0.2:1/", "http://[broken", "//", "http://\x7f/"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_outage_and_is_not_followed(post: Post, status: int, location: str) -> None:
    with answering(status, b"", Location=location) as api:
        assert reason(post(api.url)) == ("unreadable_answer", False)
    assert len(api.requests) == 1


def test_a_retry_after_and_the_usage_reach_the_outcome(post: Post) -> None:
    with answering(429, b"", Retry_After="30", X_App_Usage='{"call_count":90}') as api:
        outcome = post(api.url)
    assert isinstance(outcome, Unavailable)
    assert outcome.hold_seconds == 30.0
    assert outcome.usage is not None
    assert outcome.usage.ratio == 0.9


def test_an_answer_that_was_compressed_unasked_is_read(post: Post) -> None:
    with answering(200, gzip.compress(SUCCESS), Content_Encoding="gzip") as api:
        assert isinstance(post(api.url), Accepted)
    assert api.requests[0].headers["accept-encoding"] == "identity"


def test_an_answer_that_says_it_is_compressed_and_is_not_is_an_outage(post: Post) -> None:
    with answering(200, SUCCESS, Content_Encoding="gzip") as api:
        assert reason(post(api.url)) == ("unreadable_answer", True)


def test_an_answer_that_quotes_our_token_is_kept_without_it(post: Post) -> None:
    with answering(502, f"<pre>Authorization: Bearer {TOKEN}</pre>".encode()) as api:
        outcome = post(api.url)
    assert outcome.answer.message == "Authorization: … [token]"


def test_an_answer_without_end_is_cut_off_at_its_cap(post: Post) -> None:
    def behave(connection: Connection) -> None:
        connection.request()
        connection.send(head(200, 10**12))
        while not connection.stopped.is_set():
            connection.send(b" " * 65_536)

    with TinyApi(behave) as api:
        assert reason(post(api.url, answer_bytes=1_000)) == ("answer_too_large", True)


def test_a_413_is_believed_before_its_page_is_read(post: Post) -> None:
    def behave(connection: Connection) -> None:
        connection.request()
        connection.send(head(413, 10**12))
        connection.wait()

    with TinyApi(behave) as api:
        outcome = post(api.url)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "too_large"
