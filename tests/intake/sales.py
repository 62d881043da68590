"""A second schema, as a shop has it of its own, and mappings of it: whatever the contract has no example of."""

from __future__ import annotations

import json
from typing import Any

from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.mapping.compiled import CompiledMapping, compile_mapping
from tests.builders import ROOT

SALE = (ROOT / "tests/schemas/sale.avsc").read_text()


def sale(**changes: Any) -> dict[str, Any]:
    """A decoded sale, with nothing in it that can be left out."""
    empty = dict.fromkeys(field["name"] for field in json.loads(SALE)["fields"])
    return empty | {"number": 7, "kind": "WEB", "at": 5_000_000, "is_test": False, "tags": []} | changes


def compiled(event: str, before: str = "") -> CompiledMapping:
    """The mapping of sales with the members of `event` in flow YAML, below what stands `before`."""
    return compile_mapping(f"{before}\nevent: {event}", "sale.yaml", read_schema(SALE), "shop.v1.Sale")
