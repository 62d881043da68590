"""What Meta says, for a program: an object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from capi_stream.cli.quality.refusals import sentence
from capi_stream.endpoints.dataset_quality import Quality, Said


def of(pixel: str, url: str, said: Said) -> Iterator[str]:
    """An object for each event name, shares from 0 to 1; or one with `error`."""
    if isinstance(said, Quality):
        for event in said.events:
            yield json.dumps({"pixel": pixel, **asdict(event)})
    else:
        yield json.dumps({"pixel": pixel, "error": sentence(said, url)})
