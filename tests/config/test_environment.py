"""The environment over the file: a mistake in a variable is blamed on the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from capi_stream.config.loading import load
from capi_stream.config.mistakes import ConfigError

GOOD = """
kafka:
  common: {bootstrap.servers: localhost:9092}
  consumer: {group.id: capi-stream}
registry: {url: http://localhost:8081}
topics: {commerce.events: {}}
dead_letters: {topic: dead-letters}
parked: {topic: parked}
pixels:
  "1234567890": {token: EAA}
  "1234567891": {token: {env: CAPI_STREAM_TOKEN}}
"""
TOKEN = {"CAPI_STREAM_TOKEN": "EAA"}


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("CAPI_STREAM__PIXELZ__X", "1", "pixelz: there is no such key. Write pixels."),
        (
            "CAPI_STREAM__API__TIMEOUTS__SECONDS__POST",
            "5",
            "api.timeouts: there is no such key. Write timeouts_seconds.",
        ),
        ("CAPI_STREAM__DELIVERY__LINGER", "5", "delivery.linger: there is no such key. Write linger_seconds."),
        (
            "CAPI_STREAM__DELIVERY__FUSE__SHARE",
            "5",
            "delivery.fuse.share: this is too large. Write a number less than 1.",
        ),
        (
            "CAPI_STREAM__TOPICS__COMMERCE_EVENTS__REGISTRY__ANSWER_SECONDS",
            "1",
            "topics.commerce.events.registry.url: ",
        ),
        ("CAPI_STREAM__PIXELS__1234567890__TOKEN", "a b", "pixels.1234567890.token: this is no token"),
        ("CAPI_STREAM_API_VERSION", "v26.0", "this is not read: two underscores part the keys. Write it such as "),
        ("CAPI_STREAM_ADMIN_PORT", "9090", "this is not read: two underscores part the keys. Write it such as "),
    ],
)
def test_the_variable_is_named(tmp_path: Path, variable: str, value: str, told: str) -> None:
    path = tmp_path / "capi.yaml"
    path.write_text(GOOD)
    with pytest.raises(ConfigError) as caught:
        load(path, {**TOKEN, variable: value})
    (mistake,) = caught.value.mistakes
    assert str(mistake).startswith(f"environment variable {variable}: {told}")


def test_a_token_in_a_variables_name_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "capi.yaml"
    path.write_text(GOOD)
    with pytest.raises(ConfigError) as caught:
        load(path, {**TOKEN, "CAPI_STREAM__PIXELS__EAASECRET__TOKEN": "x", "CAPI_STREAM__PIXELS__EAASECRET": "[x"})
    assert "EAASECRET" not in str(caught.value)
    assert "environment variable CAPI_STREAM__PIXELS__********__TOKEN: pixels.********" in str(caught.value)


def test_what_kubernetes_sets_for_a_service_of_our_name_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "capi.yaml"
    path.write_text(GOOD)
    links = {
        "CAPI_STREAM_SERVICE_HOST": "10.0.0.1",
        "CAPI_STREAM_SERVICE_PORT": "9090",
        "CAPI_STREAM_SERVICE_PORT_METRICS": "9090",
        "CAPI_STREAM_PORT": "tcp://10.0.0.1:9090",
        "CAPI_STREAM_PORT_9090_TCP": "tcp://10.0.0.1:9090",
        "CAPI_STREAM_PORT_9090_TCP_ADDR": "10.0.0.1",
        "CAPI_STREAM_ADMIN_PORT": "tcp://10.0.0.1:9090",
    }
    load(path, {**TOKEN, **links})
