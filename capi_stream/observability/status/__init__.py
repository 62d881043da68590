"""The status page: one self-contained page of HTML from what the loop last showed. Ages, not timestamps.

Every text that it shows is escaped, and comes from closed sets, settings and names: no personal data, no secrets.
"""

from __future__ import annotations

from capi_stream.observability.status.page import SECURITY_HEADERS, page
from capi_stream.observability.status.shown import About, Shown

__all__ = ["SECURITY_HEADERS", "About", "Shown", "page"]
