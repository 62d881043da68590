"""What the pages of the admin port are told of reasons."""

from __future__ import annotations

from capi_stream.config.facts import MEANINGS
from capi_stream.delivery.error_table import REJECTIONS
from capi_stream.delivery.meanings import HOLDS
from capi_stream.delivery.outcomes import POLICY
from capi_stream.intake.intake import REASONS
from capi_stream.intake.parameters.violations import REASONS as RULES


def test_every_reason_that_a_letter_can_have_has_one_meaning() -> None:
    assert MEANINGS.keys() == {*POLICY, *REJECTIONS, *REASONS, *RULES}
    assert all(MEANINGS.values())
    assert not HOLDS.keys() & {*REJECTIONS, *REASONS, *RULES}
    assert not REASONS.keys() & RULES.keys()
