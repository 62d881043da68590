"""`python -m capi_stream` is `capi-stream`."""

from __future__ import annotations

from capi_stream.cli import main

main()
