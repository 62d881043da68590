"""All mistakes are one list: nothing waits for a second round, and nothing is told that only follows."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from capi_stream.config.loading import read
from capi_stream.config.mistakes import ConfigError
from capi_stream.config.parsing import MOST_VALUES
from capi_stream.intake.settings import BUILT_IN_SCHEMA

FULL = """
kafka:
  common: {bootstrap.servers: localhost:9092}
  consumer: {group.id: capi-stream, max.poll.interval.ms: "300000"}
  rebalance: cooperative
registry: {url: "http://localhost:8081", answer_seconds: "5"}
topics:
  commerce.events: {framing: bare, writer_schema_files: [schema.avsc]}
  ^shop-.*: {framing: auto}
dead_letters: {topic: dead-letters}
parked: {topic: parked}
letters: {encryption_key_file: letters.keys}
api: {version: v25.0, timeouts_seconds: {post: "10"}, allow_test_events: "true"}
pixels:
  "1": {token: EAA, stores: [berlin], test_event_code: TEST1}
  "2": {gateway: {url: "https://gateway", only: "true"}, posts_in_flight: "2"}
default_pixel: "2"
delivery: {batch_bytes: "200000000", buffer_bytes: "500000000"}
deadlines: {drain_seconds: "100", revoke_seconds: "80", store_seconds: "50", watchdog_seconds: "100"}
admin: {host: 0.0.0.0}
logs: {format: json}
"""

MANY = """
logs: {format: xml}
kafka:
  common: {bootstrap.servers: x, compression.type: bogus}
  consumer: {group.idd: x, a: [1], session.timeout.ms: 0, fetch.wait.max.ms: abc}
registry: {url: "http://x,http://"}
topics:
  a: {framing: foo, mapping_file: mapping.yaml}
  b: {framing: bare, schema_file: broken.avsc}
dead_letters: {topic: a}
parked: {topic: p}
delivery: {linger_seconds: 1e9}
bogus: 1
api: {ca_file: mapping.yaml}
pixels:
  "1": {stores: [berlin]}
  "2": {token: {env: NOT_THERE}, stores: [berlin]}
  "3": {token_file: two-lines}
"""


def keys_of(path: Path, **environ: str) -> list[str]:
    """The keys of all mistakes, in their order."""
    try:
        read(path, environ)
    except ConfigError as error:
        return [mistake.key for mistake in error.mistakes]
    return []


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "schema.avsc").write_text(files("capi_stream").joinpath(BUILT_IN_SCHEMA).read_text())
    (tmp_path / "broken.avsc").write_text('{"type":\n"record"')
    (tmp_path / "mapping.yaml").write_text("foo: bar\n")
    (tmp_path / "two-lines").write_text("EAA\nEAB\n")
    (tmp_path / "letters.keys").write_text(f"{'A' * 43}=\n")
    return tmp_path / "capi.yaml"


def test_shape_values_crosschecks_and_files_are_told_together_by_line(config: Path) -> None:
    config.write_text(MANY)
    told = keys_of(config)
    assert told[0] == "logs.format"
    assert sorted(told) == sorted(
        [
            "logs.format",
            "kafka.common.compression.type",
            "kafka.consumer.group.idd",
            "kafka.consumer.a",
            "kafka.consumer.session.timeout.ms",
            "kafka.consumer.fetch.wait.max.ms",
            "registry.url",
            "topics.a.framing",
            "topics.a",
            "topics.a.mapping_file",
            "topics.b.schema_file",
            "delivery.linger_seconds",
            "bogus",
            "api.ca_file",
            "pixels.1",
            "pixels.1.stores",
            "pixels.2.token",
            "pixels.2.stores",
            "pixels.3.token_file",
        ]
    )
    lines = [int(place.rpartition(" ")[2]) for place in _places(config)]
    assert lines == sorted(lines)


def _places(config: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(config, {})
    return [str(mistake.where) for mistake in caught.value.mistakes]


def _paths(values: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in values.items():
        found += [(*path, key), *(_paths(value, (*path, key)) if isinstance(value, dict) else [])]
    return found


@pytest.mark.parametrize("wrong", [[["x"]], {"env": "NOT_THERE"}], ids=["list", "env"])
@pytest.mark.parametrize("path", _paths(yaml.safe_load(FULL)), ids=".".join)
def test_one_faulty_value_is_told_and_nothing_that_follows_from_it(
    config: Path, path: tuple[str, ...], wrong: object
) -> None:
    values = yaml.safe_load(FULL)
    holder = values
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = wrong
    config.write_text(yaml.safe_dump(values))
    told = keys_of(config)
    assert told
    assert all(key.startswith(".".join(path)) for key in told)


def test_the_full_configuration_has_no_mistakes(config: Path) -> None:
    config.write_text(FULL)
    assert keys_of(config) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"a:\n\tb: 1", "this is no YAML"),
        (b"kafka: [", "this is no YAML"),
        (b"a: 1\n---\nb: 2", "a second document begins here"),
        (b"\xff\xfe", "this is no UTF-8 text"),
        (b"[" * 5_000, "brackets or blocks are nested too deep"),
        (b"", "this is no mapping"),
    ],
)
def test_of_what_cannot_be_read_only_that_is_told(config: Path, text: bytes, what: str) -> None:
    config.write_bytes(text)
    with pytest.raises(ConfigError) as caught:
        read(config, {"CAPI_STREAM__PIXELZ__X": "1"})
    (mistake,) = caught.value.mistakes
    assert mistake.what.startswith(what)


@pytest.mark.parametrize("name", ["none.yaml", "."])
def test_of_a_file_that_is_none_only_that_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="the file cannot be read") as caught:
        read(tmp_path / name, {})
    assert len(caught.value.mistakes) == 1


def test_aliases_that_multiply_are_refused_before_they_fill_the_memory(config: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{name}: &{name} [{', '.join(9 * [f'*{last}'])}]" for last, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    config.write_text("\n".join(lines))
    with pytest.raises(ConfigError, match=f"more than {MOST_VALUES:,} values") as caught:
        read(config, {})
    assert len(caught.value.mistakes) == 1


def test_files_that_are_wrong_name_their_line(config: Path) -> None:
    config.write_text(MANY)
    with pytest.raises(ConfigError) as caught:
        read(config, {})
    told = str(caught.value)
    assert "topics.b.schema_file: schema broken.avsc, line 2: this is no JSON" in told
    assert "topics.a.mapping_file: mapping mapping.yaml, line 1: " in told
    assert ".. " not in told
    assert "?. " not in told


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        (
            "event: {event_time: occurred_at, user_data: {em: customer.emails}}",
            "line 1: event makes no event_name and action_source, which the API requires: every event would be refused",
        ),
        ("event:\n  user_data: {em: customer.emial}", "'customer.emial', which schema"),
        ("event:\n  user_data: {em: customer.emial}", "Did you mean 'customer.emails'? Mend that line"),
    ],
)
def test_a_mapping_that_can_make_no_event_is_told_at_its_key(config: Path, mapping: str, told: str) -> None:
    (config.parent / "own.yaml").write_text(mapping)
    config.write_text("topics:\n  a: {framing: bare, mapping_file: own.yaml}\n")
    with pytest.raises(ConfigError) as caught:
        read(config, {})
    assert told in next(str(each) for each in caught.value.mistakes if each.key == "topics.a.mapping_file")


def test_a_schema_of_ones_own_needs_a_mapping_of_ones_own(config: Path) -> None:
    schema = '{"type": "record", "name": "Own", "fields": [{"name": "a", "type": "string"}]}'
    (config.parent / "own.avsc").write_text(schema)
    config.write_text("topics:\n  a: {framing: bare, schema_file: own.avsc}\n")
    with pytest.raises(ConfigError) as caught:
        read(config, {})
    (told,) = [str(each) for each in caught.value.mistakes if each.key.startswith("topics.a")]
    assert "line 2: topics.a.schema_file: schema own.avsc needs a mapping of its own" in told
    assert "Write mapping_file: PATH" in told


def test_a_certificate_that_is_none_names_its_line(config: Path) -> None:
    (config.parent / "ca.pem").write_text("# ours\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    config.write_text(FULL.replace("version: v25.0", "ca_file: ca.pem"))
    with pytest.raises(ConfigError, match=r"api\.ca_file: ca\.pem, line 2, is no certificate in PEM"):
        read(config, {})


@pytest.mark.parametrize("text", ["EAA\nEAB\n", "x" * 3_000_000, "EAA\u00e9", "EAA EAB"])
def test_a_file_that_holds_no_token_is_told_at_its_key(config: Path, text: str) -> None:
    (config.parent / "token").write_text(text)
    for given, key in (("token_file: token", "token_file"), ("token: {file: token}", "token")):
        config.write_text(FULL.replace("token: EAA", given))
        assert keys_of(config) == [f"pixels.1.{key}"]
