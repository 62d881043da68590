"""What stands beside the events in a post to Graph. A Gateway gets none of it: it would not forward it."""

from __future__ import annotations

from typing import NamedTuple

from capi_stream.intake.parameters.table import Source


class RequestParameter(NamedTuple):
    """What stands beside the events in a post to Graph, and the setting that it is made from."""

    name: str
    setting: str
    meaning: str
    source: Source


_LABEL = "a label of (offline) uploads"
REQUEST: tuple[RequestParameter, ...] = (
    RequestParameter(
        "test_event_code", "pixels.*.test_event_code", "shows the events under Test Events", Source.REQUEST
    ),
    RequestParameter("partner_agent", "api.partner_agent", "the sending platform or agency", Source.BEST_PRACTICES),
    RequestParameter("namespace_id", "pixels.*.namespace_id", _LABEL, Source.SDK),
    RequestParameter("upload_id", "pixels.*.upload_id", _LABEL, Source.SDK),
    RequestParameter("upload_tag", "pixels.*.upload_tag", _LABEL, Source.SDK),
    RequestParameter("upload_source", "pixels.*.upload_source", _LABEL, Source.SDK),
    RequestParameter(
        "appsecret_proof", "pixels.*.app_secret", "HMAC-SHA256 of the token, with the app's secret", Source.SDK
    ),
)
"""The texts beside `data`. `trace`, `platforms` and `progress`, which the SDK's edge knows too, mean nothing known."""
