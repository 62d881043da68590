"""`fbc` from the click id in a page's address, for events whose browser had no cookie. Off unless settings ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from capi_stream.intake.parameters.raw_values import APPENDIX

SUBDOMAIN_INDEX = 1  # "use 1 when made on a server" (fbp and fbc)
_URL_APPENDIX = re.compile(rf"\.{APPENDIX}$")  # the parameter builder's, at the end of event_source_url
_CLICK_ID = re.compile(r"[!-\-/-~]+")  # printable ASCII but the dot, which parts the segments of fbc


def fbc_of(event: Mapping[str, Any]) -> str | None:
    """`fb.1.<milliseconds>.<fbclid>` from the event's own time and the first fbclid of its event_source_url, or None.

    The time should be that of the click, which nobody knows here: the event's is the latest that it can have been,
    and stays the same when the record is read again. The click id is case sensitive and kept so.
    """
    url, time = event.get("event_source_url"), event.get("event_time")
    if not isinstance(url, str) or not isinstance(time, int) or isinstance(time, bool) or time < 0:
        return None
    click_id = _fbclid(url)
    return f"fb.{SUBDOMAIN_INDEX}.{time * 1000}.{click_id}" if click_id else None


def _fbclid(url: str) -> str | None:
    """The first `fbclid` in the query of `url`, percent-decoded; None where it is missing or can be no click id."""
    query = _URL_APPENDIX.sub("", url).partition("#")[0].partition("?")[2]
    for member in query.split("&"):
        name, _, value = member.partition("=")
        if name == "fbclid":
            click_id = unquote_plus(value)
            return click_id if _CLICK_ID.fullmatch(click_id) else None
    return None
