"""The configuration: what works, and every mistake with its place and what to write instead."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from capi_stream.config.keys import MASK
from capi_stream.config.loading import load, read
from capi_stream.config.mistakes import ConfigError
from capi_stream.config.reference import page
from capi_stream.config.settings import Settings
from capi_stream.config.showing import shown
from capi_stream.endpoints.settings import QualitySettings
from capi_stream.intake.mapping.event_conditions import holds
from capi_stream.intake.parameters.request_parameters import REQUEST
from capi_stream.intake.parameters.settings import IdentifierSettings, Rules
from capi_stream.model import Destination, PixelId

ROOT = Path(__file__).parents[2]
TOKEN = "EAA-very-secret"
BASE = """
kafka:
  common: {bootstrap.servers: localhost:9092}
  consumer: {group.id: capi-stream}
registry: {url: http://localhost:8081}
topics:
  commerce.events: {}
dead_letters: {topic: commerce.events.dead-letters}
parked: {topic: commerce.events.parked}
pixels:
  "1234567890": {token: EAA-very-secret, stores: [berlin]}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "capi.yaml"
    path.write_text(text)
    return path


def loaded(folder: Path, text: str = BASE, **environ: str) -> Settings:
    return load(write(folder, text), environ)


def mistakes(folder: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, **environ)
    return [str(mistake).replace(f"{folder}/", "") for mistake in caught.value.mistakes]


def test_the_shape_of_the_readme_loads(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert settings.consumer.topics == ("commerce.events",)
    assert settings.consumer.properties["group.id"] == "capi-stream"
    assert settings.limits.dead_letter_topic == "commerce.events.dead-letters"
    assert settings.intake.routing.stores == {"berlin": PixelId("1234567890")}
    target = settings.posters.targets[Destination(PixelId("1234567890"))]
    assert (target.endpoint.url, target.endpoint.version) == ("https://graph.facebook.com", "v25.0")
    assert settings.posters.credentials["1234567890"].token == TOKEN


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_loads(example: Path) -> None:
    secrets = ("META_ACCESS_TOKEN", "KAFKA_PASSWORD", "REGISTRY_USER", "BERLIN_TOKEN", "PARIS_TOKEN")
    load(example, dict.fromkeys(secrets, "a:b"))


def test_the_readmes_configuration_is_the_minimal_example_but_for_its_token(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text().split("```yaml\n")[1].split("```")[0]
    (tmp_path / "token").write_text(TOKEN)
    loaded(tmp_path, text.replace("/run/secrets/1234567890", str(tmp_path / "token")))


@pytest.mark.parametrize("row", yaml.safe_load(Path(__file__).with_name("mistakes.yaml").read_text()))
def test_a_mistake_names_its_place_and_what_to_write(tmp_path: Path, row: dict[str, str]) -> None:
    assert mistakes(tmp_path, BASE.replace(row["replace"], row["by"])) == [row["message"]]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = BASE.replace("topics:", "topicz:").replace("http:", "ftp:").replace('"1234567890"', "abc")
    assert len(mistakes(tmp_path, text)) >= 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kafka: [", "this is no YAML"),
        ("- a\n- b\n", "this is no mapping"),
        ("kafka: {}\nkafka: {}\n", "the key stands twice"),
        ("a: &a [*a]\n", "this refers to itself"),
    ],
)
def test_what_is_no_configuration_at_all_is_told_so(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in "".join(mistakes(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.yaml", {})
    assert "none.yaml: the file cannot be read: No such file or directory" in str(caught.value)


def test_a_topic_can_have_a_registry_of_its_own(tmp_path: Path) -> None:
    text = BASE.replace("commerce.events: {}", "commerce.events: {}\n  shop: {registry: {url: http://shop:8081}}")
    settings = loaded(tmp_path, text)
    assert {name: each.properties["url"] for name, each in settings.registries.items()} == {
        "": "http://localhost:8081",
        "shop": "http://shop:8081",
    }
    assert [topic.registry for topic in settings.intake.topics] == ["", "shop"]


def test_extras_are_off_unless_they_are_asked_for(tmp_path: Path) -> None:
    settings = loaded(tmp_path).intake
    assert (settings.rules, settings.identifiers) == (
        Rules(False, 60, "send"),
        IdentifierSettings("by_shape", False, False),
    )
    text = """
rules: {strict_website: true, future_seconds: 300, future: clamp}
identifiers: {external_id_hashing: never, phone_code_from_country: true, fbc_from_url: true}
"""
    settings = loaded(tmp_path, BASE + text).intake
    assert (settings.rules, settings.identifiers) == (
        Rules(True, 300, "clamp"),
        IdentifierSettings("never", True, True),
    )


def test_meta_is_asked_of_quality_only_where_a_period_is_given(tmp_path: Path) -> None:
    assert loaded(tmp_path).quality is None
    assert loaded(tmp_path, f"{BASE}quality:\n").quality is None
    assert loaded(tmp_path, f"{BASE}quality: {{every_minutes: 30}}\n").quality == QualitySettings(1_800.0)
    for minutes in (14, 61):
        (told,) = mistakes(tmp_path, f"{BASE}quality: {{every_minutes: {minutes}}}\n")
        assert "quality.every_minutes" in told


KEYS = ("c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=", "YW5vdGhlci1hbm90aGVyLWFub3RoZXItYW5vdGhlci0=")
ENCRYPTED = f"{BASE}letters: {{encryption_key_file: keys}}\n"


def test_letters_are_encrypted_where_a_file_of_keys_is_given(tmp_path: Path) -> None:
    assert loaded(tmp_path).producer.letter_keys == loaded(tmp_path).consumer.letter_keys == ()
    (tmp_path / "keys").write_text(f"# since November\n{KEYS[0]}\n\n  {KEYS[1]}\r\n")
    settings = loaded(tmp_path, ENCRYPTED)
    assert settings.producer.letter_keys == settings.consumer.letter_keys == KEYS
    printed = f"{settings!r}{shown(read(write(tmp_path, ENCRYPTED), {}))}"
    assert not any(key in printed for key in KEYS)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (KEYS[0][:-1], "line 2"),
        (KEYS[0].replace("c2V", "c2+"), "line 2"),
        (KEYS[0][:-2] + "J=", "line 2"),
        (f"{KEYS[1]} {KEYS[0]}", "line 2"),
        ("pässwort", "line 2"),
    ],
)
def test_a_line_that_is_no_key_is_named_and_not_shown(tmp_path: Path, wrong: str, told: str) -> None:
    (tmp_path / "keys").write_text(f"{KEYS[1]}\n{wrong}\n")
    (mistake,) = mistakes(tmp_path, ENCRYPTED)
    assert told in mistake
    assert wrong not in mistake


@pytest.mark.parametrize("text", ["", "\n \n", "# none yet\n"])
def test_a_file_without_a_key_is_a_mistake(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text)
    (mistake,) = mistakes(tmp_path, ENCRYPTED)
    assert "letters.encryption_key_file" in mistake
    assert "openssl rand" in mistake


def test_a_posts_own_parameters_are_settings(tmp_path: Path) -> None:
    """All but the proof, which is made of two of them."""
    labels = {name: f"my-{name}" for name in ("namespace_id", "upload_id", "upload_tag", "upload_source")}
    mine = {"token": TOKEN, "app_secret": "s3cret", "test_event_code": "TEST1", **labels}
    tree = yaml.safe_load(BASE) | {"pixels": {"1": mine, "2": {"token": TOKEN}}}
    tree["api"] = {"partner_agent": "shop", "allow_test_events": True}
    posters = loaded(tmp_path, yaml.safe_dump(tree)).posters
    targets = [posters.targets[Destination(PixelId(pixel))] for pixel in ("1", "2")]
    sent = {each.name for each in REQUEST} - {"appsecret_proof"}
    assert [{name: getattr(target, name) for name in sent} for target in targets] == [
        {"partner_agent": "shop", "test_event_code": "TEST1", **labels},
        {**dict.fromkeys(sent), "partner_agent": "shop"},
    ]
    assert posters.credentials["1"].app_secret == "s3cret"


def test_every_parameter_of_a_post_names_a_key_that_exists() -> None:
    keys = re.findall(r"^\| `([^`]+)`", page(), re.MULTILINE)
    assert {each.setting for each in REQUEST} <= set(keys)


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        CAPI_STREAM__API__VERSION="v26.0",
        CAPI_STREAM__KAFKA__COMMON__BOOTSTRAP_SERVERS="other:9092",
        CAPI_STREAM__PIXELS__1234567890__STORES="[paris, lyon]",
    )
    assert settings.posters.targets[Destination(PixelId("1234567890"))].endpoint.version == "v26.0"
    assert settings.consumer.properties["bootstrap.servers"] == "other:9092"
    assert set(settings.intake.routing.stores) == {"paris", "lyon"}


def test_a_mistake_in_the_environment_names_its_variable(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, BASE, CAPI_STREAM__ADMIN__PORT="many")
    assert found.startswith("environment variable CAPI_STREAM__ADMIN__PORT: admin.port")


def test_secrets_come_from_files_and_variables(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    text = BASE.replace("token: EAA-very-secret", "token: {file: token}")
    credential = loaded(tmp_path, text).posters.credentials["1234567890"]
    assert (credential.token, credential.file) == (TOKEN, tmp_path / "token")


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    text = BASE.replace("{bootstrap.servers: localhost:9092}", "{bootstrap.servers: x, sasl.password: EAA-very-secret}")
    settings = loaded(tmp_path, text)
    printed = shown(read(write(tmp_path, text), {}))
    assert TOKEN not in printed
    assert MASK in printed
    assert TOKEN not in repr(settings)
    broken = text.replace("stores: [berlin]", "app_secret: [EAA-very-secret]")
    assert TOKEN not in "".join(mistakes(tmp_path, broken))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sasl.oauthbearer.extensions", "a=EAA-very-secret"),
        ("sasl.oauthbearer.token.endpoint.url", "https://u:EAA-very-secret@h/x"),
        ("sasl.oauthbearer.token.endpoint.url", "https://h/x?client_secret=EAA-very-secret"),
    ],
)
def test_secrets_in_properties_are_not_shown(tmp_path: Path, name: str, value: str) -> None:
    text = BASE.replace("localhost:9092", f'localhost:9092, {name}: "{value}"')
    printed = shown(read(write(tmp_path, text), {}))
    assert TOKEN not in printed
    assert yaml.safe_load(printed)["kafka"]["common"][name] == MASK


def test_the_file_is_read_once_so_that_it_can_be_a_pipe(tmp_path: Path) -> None:
    """A shell's <(...) gives a pipe, which is empty the second time."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "capi_stream", "config", "--config", str(pipe)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    pipe.write_text(BASE)
    printed, _ = running.communicate(timeout=30)
    assert (running.returncode, yaml.safe_load(printed)["parked"]["topic"]) == (0, "commerce.events.parked")


def test_what_is_shown_loads_again(tmp_path: Path) -> None:
    text = BASE.replace("token: EAA-very-secret", "token: {env: TOKEN}")
    printed = shown(read(write(tmp_path, text), {"TOKEN": TOKEN}))
    assert yaml.safe_load(printed)["pixels"]["1234567890"]["token"] == {"env": "TOKEN"}
    assert loaded(tmp_path, printed, TOKEN=TOKEN) == loaded(tmp_path, text, TOKEN=TOKEN)


def test_the_page_of_keys_is_current() -> None:
    assert page() == (ROOT / "docs/configuration.md").read_text()


def test_a_destinations_condition_can_test_truth_and_numbers(tmp_path: Path) -> None:
    """The file is read as texts, so that a country NO stays one; here the words mean what they look like."""
    when = "{user_data.em: {present: true}, opt_out: false, custom_data.value: [12.5, 1]}"
    settings = loaded(tmp_path, BASE.replace('"1234567890": {', f'"1234567890": {{when: {when}, '))
    (condition,) = settings.intake.routing.conditions.values()
    event = {"user_data": {"em": ["hash"]}, "opt_out": False, "custom_data": {"value": 12.5}}
    assert holds(condition, event)
    assert not holds(condition, event | {"opt_out": True})
    assert not holds(condition, event | {"custom_data": {"value": 12}})
