"""The pages of the admin port: each one self-contained page of HTML from what the loop last showed. The status page has
ages, not timestamps; that of the dead letters, where it is wanted, has both.

Every text that it shows is escaped, and comes from closed sets, settings and names: no personal data, no secrets.
"""

from __future__ import annotations

from capi_stream.observability.status.dead_letters import dead_letters_page
from capi_stream.observability.status.frame import SECURITY_HEADERS
from capi_stream.observability.status.page import page
from capi_stream.observability.status.shown import About, Shown

__all__ = ["SECURITY_HEADERS", "About", "Shown", "dead_letters_page", "page"]
