"""Python that we wrote while the service runs: compiled, and kept where a traceback finds its lines."""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from typing import Any


def executed(source: str, called: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The names that `source` defines, beside those that it was `given`. Tracebacks call it `<called>`.

    Whoever wrote it has seen to it that nothing of a record or a schema is in it but checked names and literals.
    """
    file_name = f"<{called}>"
    linecache.cache[file_name] = len(source), None, source.splitlines(keepends=True), file_name  # None: it never ages
    names = dict(given)
    exec(compile(source, file_name, "exec"), names)  # noqa: S102
    return names
