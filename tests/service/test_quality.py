"""What Meta says, asked by a running service: its metrics, and that no answer or lack of one touches delivery."""

from __future__ import annotations

import re
import time
import urllib.request
from typing import Any

import pytest

from capi_stream.cli.demo.members import Member
from capi_stream.sandbox.faults import Fault
from tests.builders import PIXEL
from tests.real.clients import wait_until
from tests.service.shop import PIXELS, Shop, fresh, logged

ON: dict[str, Any] = {"quality": {"every_minutes": 15}}
HERE = "dataset_quality"


def polls(member: Member) -> dict[str, int]:
    return member.metrics().by("outcome", "dataset_quality_polls_total")


def asked(shop: Shop) -> int:
    return sum(posted.endpoint == HERE for posted in shop.sandbox.requests)


def scraped(member: Member, name: str) -> dict[str, float]:
    """The series of `name` about the first pixel: event name or identifier -> value."""
    with urllib.request.urlopen(f"{member.admin}/metrics", timeout=5) as answer:
        lines = re.findall(rf'^capi_stream_{name}{{(.*?pixel="{PIXEL}".*?)}} (\S+)$', answer.read().decode(), re.M)
    return {labels: float(value) for labels, value in lines}


def test_what_meta_says_stands_beside_our_own_metrics(shop: Shop) -> None:
    writer = shop.run()
    shop.publish(fresh(f"order-{number}") for number in range(20))
    shop.wait_until_committed()
    assert writer.stop(60) == 0
    assert asked(shop) == 0, "off by default"
    reader = shop.run(**ON)
    wait_until(lambda: polls(reader) == {"answered": len(PIXELS)}, 20, "both pixels were asked about")
    coverage = scraped(reader, "dataset_match_key_coverage_ratio")
    assert coverage[f'event_name="Purchase",identifier="email",pixel="{PIXEL}"'] == 1.0
    assert scraped(reader, "dataset_event_coverage_ratio") == {f'event_name="Purchase",pixel="{PIXEL}"': 1.0}
    (score,) = scraped(reader, "dataset_match_quality_score").values()
    assert 0 < score < 10
    assert asked(shop) == len(PIXELS)
    assert all(posted.token_in == "header" for posted in shop.sandbox.requests)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault("permission_missing", endpoint=HERE), "permission_missing"),
        (Fault("token_invalid", endpoint=HERE), "token_invalid"),
        (Fault("app_limit", endpoint=HERE, minutes=60), "refused"),
        (Fault("latency", endpoint=HERE, delay_seconds=60), "unanswered"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_a_refusal_or_a_hang_there_neither_holds_nor_changes_delivery(shop: Shop, fault: Fault, outcome: str) -> None:
    shop.sandbox.always(fault)
    member = shop.run(**ON, api={"timeouts_seconds": {"read": 4}})
    wait_until(lambda: asked(shop) > 0, 20, "a question is out, be it without its answer")
    began = time.monotonic()
    shop.publish(fresh(f"order-{number}") for number in range(200))
    shop.wait_until_committed(10)
    assert time.monotonic() - began < 5
    assert shop.accepted() == {f"order-{number}": 1 for number in range(200)}
    assert shop.letters() == []
    wait_until(lambda: outcome in polls(member), 20, "the poll was counted")
    assert member.metrics().total("gate_holding") == 0
    assert scraped(member, "dataset_match_quality_score") == {}
    assert member.is_ready()
    told = logged(member, "quality_not_answered")
    assert {line["outcome"] for line in told} == {outcome}
    assert len(told) <= len(PIXELS), "each pixel is told of once"
    assert member.stop(60) == 0
