"""docs/sandbox.md names everything that the sandbox has."""

from __future__ import annotations

from pathlib import Path

import pytest

from capi_stream.sandbox.admin import ACTIONS
from capi_stream.sandbox.faults import FAULTS, REGISTRY_FAULTS
from tests.sandbox.test_sandbox_rules import DEGRADED

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("fault", sorted(FAULTS | REGISTRY_FAULTS))
def test_every_fault_is_documented(fault: str) -> None:
    assert f"`{fault}`" in PAGE


@pytest.mark.parametrize(("method", "path"), ACTIONS)
def test_every_admin_request_is_documented(method: str, path: str) -> None:
    assert f"`{method} {path}`" in PAGE


@pytest.mark.parametrize("slug", sorted({slug for slug, _ in DEGRADED}))
def test_every_warning_is_documented(slug: str) -> None:
    assert f"`{slug}`" in PAGE
