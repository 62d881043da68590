"""docs/configuration.md, drawn from the tree of keys.

`python -m capi_stream.config.reference > docs/configuration.md`
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from capi_stream.config.fields import Part
from capi_stream.config.properties import OWNED_COMMON
from capi_stream.config.shape import is_map, part_of
from capi_stream.config.tree import Tree

_HEAD = """# Configuration

One YAML file, named with `--config`, and the environment over it. This page is generated from the code; a test holds
the two together. All mistakes are told at once, each with file, line, key and what to write instead; the exit code is 2
then. What only follows from another mistake is not told. `capi-stream config --config FILE` prints the settings in
effect.

**Environment.** `CAPI_STREAM__API__VERSION=v26.0` sets `api.version`. Two underscores part the keys; in maps of Kafka
properties one underscore is a dot: `CAPI_STREAM__KAFKA__COMMON__BOOTSTRAP_SERVERS`. Lists and maps are written as YAML,
in brackets. A variable that begins with `CAPI_STREAM_` and one underscore is a mistake, but for those that the file
names with `{env: NAME}` and those that Kubernetes sets for a Service named capi-stream.

**Secrets.** Any text may be `{file: PATH}` or `{env: NAME}`. Paths are seen from the configuration file's folder.
Secrets are never printed. Files of tokens are watched: a token that is renewed there is used within seconds.

**Deadlines.** What waits on the way down must fit into what waits for it: `api.timeouts_seconds.post` and
`deadlines.store_seconds` < `deadlines.revoke_seconds` - `deadlines.commit_floor_seconds`; `deadlines.revoke_seconds` <
`deadlines.watchdog_seconds` < `max.poll.interval.ms`. In Kubernetes `deadlines.drain_seconds` must be less than the
pod's `terminationGracePeriodSeconds`.

## Keys
| key | default | meaning |
|---|---|---|
"""

_OWNED = """
## Kafka properties that the service owns
Every other property of librdkafka passes through.

| property | why | instead |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    keys = "".join(f"| `{key}` | {default} | {text} |\n" for key, default, text in _rows(Tree, ""))
    owned = "".join(f"| `{name}` | {each.reason} | {each.instead} |\n" for name, each in sorted(OWNED_COMMON.items()))
    return _HEAD + keys + _OWNED + owned


def _rows(model: Any, prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        part = part_of(field.annotation)
        has_names = part is not None and is_map(field.annotation)
        key = f"{prefix}{name}" + (".*" if has_names else "")
        yield key, _default(field), (field.description or "").replace("\n\n", " ").replace("\n", " ")
        if part is not None and not (name == "registry" and prefix):
            yield from _rows(part, f"{key}.")


def _default(field: FieldInfo) -> str:
    default = field.default
    if field.is_required():
        return "required"
    if default is PydanticUndefined or default is None or default == () or isinstance(default, Part):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    sys.stdout.write(page())
