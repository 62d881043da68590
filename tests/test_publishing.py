"""The page for those who publish: its table is the schema, its records are accepted, its producers deliver."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from capi_stream.intake.intake import Intake
from capi_stream.intake.settings import Routing
from capi_stream.model import Destination, Mapped, SchemaRef
from capi_stream.sandbox.rules import violation, warnings
from tests.builders import PIXEL, ROOT, SCHEMA_ID, SCHEMA_TEXT, encoded, intake_settings, record
from tests.real.broker import free_port
from tests.real.java import cache, locked
from tests.service.shop import Shop

PAGE = (ROOT / "docs/publishing.md").read_text()
SCHEMA = json.loads(SCHEMA_TEXT)
NAMES = {"string": "text", "int": "whole number", "long": "whole number", "boolean": "true or false"}
COUNT = 7


# The table of fields.


def fields(within: dict[str, Any], path: str = "") -> Iterator[tuple[str, str, str]]:
    """Each field of the schema as the page shows it: its path, its type in words, and whether it is needed."""
    for field in within["fields"]:
        where = path + field["name"]
        yield where, in_words(field["type"]), "" if "default" in field else "needed"
        kind = beside_null(field["type"])
        if isinstance(kind, dict) and "fields" in kind:
            yield from fields(kind, f"{where}.")
        elif isinstance(kind, dict) and isinstance(kind.get("items"), dict):
            yield from fields(kind["items"], f"{where}[].")


def beside_null(kind: Any) -> Any:
    """The type of a nullable one."""
    return next(each for each in kind if each != "null") if isinstance(kind, list) else kind


def in_words(nullable: Any) -> str:
    match beside_null(nullable):
        case str(name):
            return NAMES[name]
        case {"logicalType": "decimal", "scale": scale}:
            return f"decimal, {scale} places"
        case {"logicalType": str(logical)}:
            return {"timestamp-millis": "time", "date": "date"}[logical]
        case {"type": "array", "items": items}:
            return f"list of {in_words(items)}s"
        case {"type": "map", "values": "string"}:
            return "texts by name"
        case {"type": str(name)}:
            return {"record": "record", "enum": "one of a list"}[name]
    raise AssertionError(nullable)


def test_the_table_has_every_field_of_the_schema_and_no_other() -> None:
    section = PAGE.partition("## Fields")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]*) \| ([^|]*) \| (.+) \|$", section, re.MULTILINE)
    assert [(path, kind, needed.strip()) for path, kind, needed, _ in rows] == list(fields(SCHEMA))
    assert [path for path, *_, text in rows if not text.strip()] == []


# The records of the page.


def shown(name: str) -> dict[str, Any]:
    """A record that the page shows, as a serializer wants it."""
    (text,) = re.findall(rf"^```json {name}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    read: dict[str, Any] = given(json.loads(text, parse_float=Decimal), SCHEMA)
    return read


def given(value: Any, nullable: Any) -> Any:
    """JSON as Python values: texts become times and dates where the schema has these."""
    match beside_null(nullable), value:
        case {"logicalType": "timestamp-millis"}, str():
            return datetime.fromisoformat(value)
        case {"logicalType": "date"}, str():
            return date.fromisoformat(value)
        case {"logicalType": "decimal"}, int():
            return Decimal(value)
        case {"fields": list(inside)}, dict():
            assert value.keys() <= {field["name"] for field in inside}  # fastavro skips what it does not know
            return {
                field["name"]: given(value[field["name"]], field["type"]) for field in inside if field["name"] in value
            }
        case {"items": items}, list():
            return [given(each, items) for each in value]
    return value


def missing(value: Any, nullable: Any, path: str = "") -> Iterator[str]:
    """The path of each field that a record leaves out or empty."""
    match beside_null(nullable), value:
        case {"fields": list(inside)}, dict():
            for field in inside:
                yield from missing(value.get(field["name"]), field["type"], f"{path}.{field['name']}")
        case {"items": items}, [first, *_]:
            yield from missing(first, items, path)
        case _ if value in (None, "", [], {}) and not path.startswith(".app.extinfo"):
            yield path


def read(value: dict[str, Any]) -> Mapped:
    """What the real intake makes of a record, right after it happened; its pixel is the service's default."""
    settings = intake_settings(routing=Routing({PIXEL: (Destination(PIXEL),)}, default_pixel=PIXEL))
    intake = Intake(settings)
    intake.learned(SchemaRef("", SCHEMA_ID), SCHEMA_TEXT)
    reading = intake(record(encoded(value)), now(value))
    assert isinstance(reading, Mapped)
    return reading


def now(value: dict[str, Any]) -> float:
    at: datetime = value["occurred_at"]
    return at.timestamp() + 10


@pytest.mark.parametrize("name", ["smallest", "full"])
def test_a_record_of_the_page_is_accepted_with_nothing_left_out_and_nothing_to_warn_of(name: str) -> None:
    value = shown(name)

    reading = read(value)

    assert reading.rejections == []
    assert reading.dropped == []
    (event,) = reading.events
    sent = json.loads(event.body)
    assert violation(sent, now(value)) is None  # the sandbox's rules, a second opinion
    assert list(warnings(sent)) == []
    assert (event.pixel, event.event_id) == (PIXEL, value["event_id"])


def test_the_full_record_has_every_field() -> None:
    assert list(missing(shown("full"), SCHEMA)) == []


@pytest.mark.parametrize("gone", ["event_id", "event_type", "occurred_at", "channel", "customer"])
def test_the_smallest_record_has_only_what_avro_demands(gone: str) -> None:
    value = shown("smallest")
    assert sorted(value) == ["channel", "customer", "event_id", "event_type", "occurred_at"]
    del value[gone]
    with pytest.raises(ValueError, match=gone):
        encoded(value)


def test_the_smallest_record_has_one_identifier_and_needs_it() -> None:
    value = shown("smallest")
    assert list(value["customer"]) == ["phones"]
    assert read(value | {"customer": {}}).events == []


def test_a_purchase_needs_value_and_currency_as_the_page_says() -> None:
    purchase = shown("smallest") | {"event_type": "PURCHASE"}
    (order,) = re.findall(r'`"order": (\{.*?\})`', PAGE)
    whole = json.loads(order, parse_float=Decimal)
    assert len(read({**purchase, "order": whole}).events) == 1
    for name in whole:
        left = {key: value for key, value in whole.items() if key != name}
        assert [each.stage for each in read({**purchase, "order": left}).rejections] == ["validate"]


@pytest.mark.parametrize(
    ("customer", "is_enough"),
    [
        ({"emails": ["ana@example.com"]}, True),
        ({"external_ids": ["7"]}, True),
        ({"fbc": "fb.1.1767225000000.AbC"}, True),
        ({"fbp": "fb.1.1767225000000.109"}, True),
        ({"ip_address": "198.51.100.7"}, True),
        ({"first_name": "Ana"}, False),
        ({"last_name": "Silva", "gender": "f"}, False),
        ({"date_of_birth": date(1980, 1, 2), "user_agent": "Agent/1"}, False),
        ({"city": "Berlin", "country": "DE", "postal_code": "10115", "user_agent": "Agent/1"}, False),
    ],
)
def test_what_identifies_somebody_is_what_the_page_says(customer: dict[str, Any], is_enough: bool) -> None:
    reading = read(shown("smallest") | {"customer": customer})
    assert [each.reason for each in reading.rejections] == ([] if is_enough else ["user_data_too_broad"])


# The producers.


def python_producer(_: Path) -> list[str]:
    return [sys.executable, str(ROOT / "examples/python/publish_orders.py")]


def java_producer(folder: Path) -> list[str]:
    """The Java example, compiled against what its pom names."""
    home = jdk()
    jars = pom_jars()
    source = ROOT / "examples/java/src/PublishOrders.java"
    compiled = subprocess.run(
        [home / "javac", "-Xlint:all", "-Werror", "--release", "17", "-cp", jars, "-d", folder, source],
        capture_output=True,
        text=True,
    )
    assert compiled.returncode == 0, compiled.stderr
    return [str(home / "java"), "-cp", f"{folder}:{jars}", "PublishOrders"]


def jdk() -> Path:
    """The folder with javac and java. Skips where there is none, but in CI, where that fails."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("javac", path=f"{home}/bin" if home else None) or shutil.which("javac")
    if found is None:
        assert not os.environ.get("CI"), "no JDK: CI must compile the Java example"
        pytest.skip("no JDK here: the Java example is not compiled")
    return Path(found).parent


def pom_jars() -> str:
    """The class path of what the pom depends on, from Maven Central."""
    import jgo

    dependency = r"<dependency>\s*<groupId>(.*?)</groupId>\s*<artifactId>(.*?)</artifactId>\s*<version>(.*?)</version>"
    coordinates = [":".join(each) for each in re.findall(dependency, (ROOT / "examples/java/pom.xml").read_text())]
    assert len(coordinates) == 3
    with locked("example"):
        return ":".join(str(jar) for jar in jgo.build("+".join(coordinates), cache_dir=cache() / "jgo").all_jars)


PRODUCERS = {"python": python_producer, "java": java_producer}


@pytest.fixture(params=PRODUCERS)
def producer(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """The command that starts an example, each in turn."""
    return PRODUCERS[request.param](tmp_path)


def run(*command: str | Path, **options: str) -> subprocess.CompletedProcess[str]:
    """A command to its end."""
    words = [*map(str, command), *(word for name, value in options.items() for word in (f"--{name}", value))]
    return subprocess.run(words, capture_output=True, text=True, timeout=100)


def test_what_an_example_publishes_is_delivered(shop: Shop, registry: str, producer: list[str]) -> None:
    cli = (sys.executable, "-m", "capi_stream", "schema", "register", ROOT / "avro/commerce_event.avsc")
    registered = run(*cli, registry=registry, topic=shop.topic)
    assert registered.returncode == 0, registered.stderr

    published = run(
        *producer, bootstrap=str(shop.broker), registry=registry, topic=shop.topic, pixel=PIXEL, count=str(COUNT)
    )

    assert published.returncode == 0, published.stderr
    *each, last = published.stdout.splitlines()
    assert last == f"{COUNT} of {COUNT} events acknowledged"
    ids = {line.removeprefix("acknowledged ") for line in each}
    assert sum(shop.ends.values()) == len(ids) == COUNT
    shop.run(registry={"url": registry})
    shop.wait_until_committed()
    assert shop.accepted() == dict.fromkeys(ids, 1)
    assert shop.letters() == []
    sent = shop.sandbox.events()[0]
    assert sent["custom_data"]["contents"] == [{"id": "MUG-1", "quantity": 3, "item_price": 19.99}]
    assert (sent["custom_data"]["value"], sent["custom_data"]["currency"].lower()) == (59.97, "usd")
    assert {"em", "ph", "fn", "ln", "db", "country", "external_id", "fbp"} <= sent["user_data"].keys()


def test_an_example_whose_events_nobody_acknowledges_exits_with_1(
    registry: str, producer: list[str], tmp_path: Path
) -> None:
    topic = f"nowhere-{tmp_path.name}"
    cli = (sys.executable, "-m", "capi_stream", "schema", "register", ROOT / "avro/commerce_event.avsc")
    assert run(*cli, registry=registry, topic=topic).returncode == 0

    published = run(
        *producer, bootstrap=f"127.0.0.1:{free_port()}", registry=registry, topic=topic, count="1", timeout="3"
    )

    assert published.returncode == 1
    assert published.stdout.splitlines()[-1] == "0 of 1 events acknowledged"
    assert "not acknowledged: order-" in published.stderr


def test_an_example_without_a_registered_schema_publishes_nothing(
    registry: str, producer: list[str], tmp_path: Path
) -> None:
    topic = f"unregistered-{tmp_path.name}"
    published = run(*producer, bootstrap=f"127.0.0.1:{free_port()}", registry=registry, topic=topic, count="1")
    assert published.returncode == 1
    assert "acknowledged" not in published.stdout
    assert f"{topic}-value" in published.stderr
    assert "Traceback" not in published.stderr


# The page itself.


def test_the_page_calls_the_examples_with_their_own_options() -> None:
    usage = run(*python_producer(ROOT), "--help").stdout
    calls = re.findall(r"(?:publish_orders\.py|exec\.args=\")(.*?)(?:\n```|\")", PAGE, re.DOTALL)
    options = {option for call in calls for option in re.findall(r"--[a-z]+", call)}
    assert len(calls) >= 3
    assert options == {"--bootstrap", "--registry", "--topic", "--pixel", "--count"}
    assert [option for option in options if option not in usage] == []
    java = (ROOT / "examples/java/src/PublishOrders.java").read_text()
    assert [option for option in options if f'"{option}"' not in java] == []
