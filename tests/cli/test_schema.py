"""`capi-stream schema`, run as a process: what it says of a candidate, and what it registers, at a real registry."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.builders import ROOT, SCHEMA_TEXT
from tests.cli.commands import Said, command
from tests.real.clients import register_schema


def schema(*arguments: str | Path) -> Said:
    return command("schema", *arguments)


def changed(**fields: Any) -> str:
    """The contract with these fields added, or taken away where None."""
    text = json.loads(SCHEMA_TEXT)
    text["fields"] = [each for each in text["fields"] if each["name"] not in fields]
    text["fields"] += [{"name": name, **each} for name, each in fields.items() if each]
    return json.dumps(text)


BETTER = changed(loyalty={"type": ["null", "string"], "default": None})
WORSE = changed(loyalty={"type": "string"})
BROKEN = changed(event_id={"type": "long"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "candidate.avsc"


@pytest.fixture
def subject(registry: str) -> str:
    """A subject of its own that has the contract, at the contract's level."""
    name = f"{uuid.uuid4().hex}-value"
    register_schema(registry, name, SCHEMA_TEXT)
    level(registry, name, "FULL_TRANSITIVE")
    return name


def level(registry: str, subject: str, name: str) -> None:
    httpx.put(f"{registry}/config/{subject}", json={"compatibility": name}).raise_for_status()


def configuration(folder: Path, topics: dict[str, Any], **changes: Any) -> Path:
    """A configuration with these topics."""
    settings = yaml.safe_load((ROOT / "examples/sandbox.yaml").read_text()) | {"topics": topics, **changes}
    path = folder / "capi-stream.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


# Offline.


def test_the_contract_is_understood() -> None:
    said = schema("check", ROOT / "avro/commerce_event.avsc")
    what = "it reads every record of commerce_event.avsc (avro/commerce_event.avsc, mappings/commerce_event.yaml)"
    assert said == Said(0, f"service   yes, {what}\n", "")


def test_fields_that_change_are_named_with_what_is_made_from_them(file: Path) -> None:
    text = json.loads(changed(search_string=None, app=None, loyalty={"type": "string", "default": ""}))
    next(each for each in text["fields"] if each["name"] == "event_type")["type"]["symbols"].append("RETURN")
    customer = next(each for each in text["fields"] if each["name"] == "customer")["type"]["fields"]
    customer[:] = [each for each in customer if each["name"] != "emails"]
    file.write_text(json.dumps(text))

    said = schema("check", file)

    assert said.code == 0
    assert [line.strip().removeprefix("candidate.avsc: ") for line in said.out.splitlines()[1:]] == [
        "event_type can be RETURN there, which is read as CUSTOM; makes event_name",
        "customer.emails is missing there and is read as []; makes user_data.em",
        "search_string is missing there and is read as null; makes custom_data.search_string",
        (
            "app is missing there and is read as null; makes app_data.advertiser_tracking_enabled, "
            "app_data.application_tracking_enabled, app_data.extinfo"
        ),
        "loyalty is unknown here and is skipped",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BROKEN, "event_id is long there and string here"),
        (changed(event_id={"type": ["null", "string"]}), "event_id can be null there and is string here"),
        (changed(customer=None), "customer is missing there and has no default here"),
        ('"string"', "the record is string there and commerce.v1.CommerceEvent here"),
        ('{"type": "record", "name": "CommerceEvent"}', "the schema cannot be used: the definition of CommerceEvent"),
    ],
)
def test_what_the_service_could_not_read_is_refused_with_the_reason(file: Path, text: str, why: str) -> None:
    file.write_text(text)
    said = schema("check", file)
    assert said.code == 1
    assert said.out.startswith("service   no, it refuses records of candidate.avsc (avro/commerce_event.avsc")
    assert f"candidate.avsc: {why}" in said.out


@pytest.mark.parametrize("text", ['{"type": "record", "name": "R", "fields": []}', '"string"', '["null", "long"]'])
def test_a_record_that_is_another_is_refused_once_and_by_name(file: Path, text: str) -> None:
    file.write_text(text)
    said = schema("check", file)
    told = [line for line in said.out.splitlines() if "candidate.avsc: " in line]
    assert said.code == 1
    assert len(told) == len({line.replace(" can be ", " is ") for line in told}) == 1, said
    assert "candidate.avsc: the record is " in told[0]


@pytest.mark.parametrize("text", [f'["null", {SCHEMA_TEXT}]', f'[{SCHEMA_TEXT}, "int"]'])
def test_a_record_that_can_be_another_is_named_too(file: Path, text: str) -> None:
    file.write_text(text)
    assert "candidate.avsc: the record can be " in schema("check", file).out


def test_a_topic_with_a_mapping_of_its_own_is_asked_about_that_one(file: Path, tmp_path: Path) -> None:
    line = {
        "type": "record",
        "name": "Line",
        "fields": [{"name": "ean", "type": "long"}, {"name": "count", "type": "int", "default": 1}],
    }
    sale = {"type": "record", "name": "Sale", "fields": [
        {"name": "number", "type": "string"}, {"name": "at", "type": "long"}, {"name": "mail", "type": "string"},
        {"name": "lines", "type": {"type": "array", "items": line}}]}  # fmt: skip
    (tmp_path / "sale.avsc").write_text(json.dumps(sale))
    (tmp_path / "sale.yaml").write_text(
        "event:\n  event_name: {const: Lead}\n  event_time: at\n  event_id: number\n  action_source: {const: email}\n"
        "  user_data: {em: mail}\n  custom_data:\n    contents:\n      each: lines\n"
        "      item: {id: ean, quantity: count}\n"
    )
    config = configuration(
        tmp_path, {"sales": {"schema_file": "sale.avsc", "mapping_file": "sale.yaml", "framing": "bare"}}, registry=None
    )
    line["fields"] = line["fields"][:1]
    file.write_text(json.dumps(sale))

    said = schema("check", "-c", config, file)

    assert said.code == 0, said
    assert "lines[].count is missing there and is read as 1; makes custom_data.contents[].quantity" in said.out
    assert "(sale.avsc, sale.yaml)" in said.out


# With a real registry.


def test_a_better_schema_is_compatible_with_all_versions(registry: str, subject: str, file: Path) -> None:
    file.write_text(BETTER)
    said = schema("check", "--registry", registry, "--subject", subject, file)
    assert said.code == 0, said
    assert f"registry  yes, with version 1 (subject {subject}, level FULL_TRANSITIVE)" in said.out


def test_a_schema_that_the_service_understands_can_break_others(registry: str, subject: str, file: Path) -> None:
    register_schema(registry, subject, BETTER)
    file.write_text(WORSE)
    said = schema("check", "--registry", registry, "--subject", subject, file)
    assert said.code == 1
    assert "service   yes" in said.out
    assert f"registry  no, not with versions 1, 2 (subject {subject}, level FULL_TRANSITIVE)" in said.out
    assert "version 1: it cannot read what this one wrote: loyalty is missing there and has no default here" in said.out
    assert "version 2: this one cannot read what it writes" not in said.out
    assert "version 2: it cannot read what this one wrote: loyalty can be null there and is string here" in said.out


@pytest.mark.parametrize(
    "text", ['{"type": "nothing"}', '{"type": "record", "name": "Foreign", "fields": []}', BROKEN, WORSE]
)
@pytest.mark.parametrize("strict", [True, False])
def test_every_line_names_the_schema_or_the_subject_that_it_is_about(
    registry: str, subject: str, file: Path, text: str, strict: bool
) -> None:
    level(registry, subject, "FULL_TRANSITIVE" if strict else "NONE")
    file.write_text(text)
    said = schema("check", "--registry", registry, "--subject", subject, file)
    assert said.error == ""
    lines = said.out.splitlines()
    assert [line for line in lines if subject not in line and "candidate.avsc" not in line] == []
    assert any(subject in line for line in lines)


def test_a_level_that_refuses_nothing_is_told(registry: str, subject: str, file: Path) -> None:
    level(registry, subject, "NONE")
    file.write_text(BROKEN)
    said = schema("check", "--registry", registry, "--subject", subject, file)
    assert said.code == 1  # the service says no
    assert "registry  yes, with version 1" in said.out
    assert "the level NONE refuses nothing: set FULL_TRANSITIVE" in said.out


def test_a_schema_is_registered_once(registry: str, file: Path) -> None:
    topic = uuid.uuid4().hex
    file.write_text(SCHEMA_TEXT)
    asked = ("--registry", registry, "--topic", topic, file)
    assert "registry  yes, it has no version yet" in schema("check", *asked).out
    first = schema("register", *asked)
    assert first.code == 0, first
    number = register_schema(registry, f"{topic}-value", SCHEMA_TEXT)
    assert first.out == f"{topic}-value: registered, id {number}, version 1\n"
    file.write_text(json.dumps(json.loads(SCHEMA_TEXT)))
    assert schema("register", *asked) == Said(0, f"{topic}-value: was there already, id {number}, version 1\n", "")
    file.write_text(BETTER)
    assert schema("register", *asked).out.endswith("version 2\n")


def test_what_the_registry_refuses_is_not_registered(registry: str, subject: str, file: Path) -> None:
    for text in (WORSE, '{"type": "nothing"}'):
        file.write_text(text)
        said = schema("register", "--registry", registry, "--subject", subject, file)
        assert said.code == 1, said
        assert said.out == ""
        assert f"{subject}: not registered. The registry says: " in said.error
    assert httpx.get(f"{registry}/subjects/{subject}/versions").json() == [1]


def test_the_configuration_names_registry_and_subject(registry: str, subject: str, file: Path, tmp_path: Path) -> None:
    file.write_text(WORSE)
    topics: dict[str, Any] = {subject.removesuffix("-value"): {}, "other": {}}
    config = configuration(tmp_path, topics, registry={"url": registry})
    said = schema("check", "-c", config, "--subject", subject, file)
    assert said.code == 1, said
    assert f"registry  no, not with version 1 (subject {subject}" in said.out
    assert schema("check", "-c", config, "--topic", "other", file).code == 0
    said = schema("check", "-c", config, file)
    assert said.code == 2
    assert "Name one of the configuration's topics with --topic" in said.error
