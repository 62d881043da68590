"""The operator's form of the alerts says the same, in fields that the operator knows."""

from __future__ import annotations

import pytest
import yaml

from k8s.alerts.__main__ import PATH, text
from tests.ops.alert_rules import RULES
from tests.ops.models import lost
from tests.ops.tools import wheels

pytestmark = pytest.mark.ops


def test_the_operators_rules_are_what_the_script_makes() -> None:
    """`python -m k8s.alerts` writes them."""
    assert PATH.read_text() == text()
    assert yaml.safe_load(PATH.read_text())["spec"] == yaml.safe_load(RULES.read_text())


def test_the_operator_knows_every_field() -> None:
    wheels()
    from cloudcoil.models.prometheus_operator import v1

    document = yaml.safe_load(PATH.read_text())
    read = v1.PrometheusRule.model_validate(document)
    assert list(lost(document, read.model_dump(by_alias=True, exclude_unset=True, mode="json"))) == []


def test_a_field_that_the_operator_does_not_know_is_noticed() -> None:
    wheels()
    from cloudcoil.models.prometheus_operator import v1

    document = yaml.safe_load(PATH.read_text())
    document["spec"]["groups"][0]["intervall"] = "1m"
    read = v1.PrometheusRule.model_validate(document)
    dumped = read.model_dump(by_alias=True, exclude_unset=True, mode="json")
    assert list(lost(document, dumped)) == [".spec.groups[0].intervall"]
