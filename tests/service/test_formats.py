"""How companies run it: a real registry, schemas that evolve and refer, a Kafka with TLS, passwords and rights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from tests.builders import SCHEMA_TEXT, avro_bytes, encoded
from tests.conftest import MakeTopic
from tests.real.clients import client, confluent_frame, publish, register_schema, wait_until
from tests.real.secure import USERS, SecureBroker
from tests.service.shop import Shop, fresh, logged


def changed(change: Any) -> str:
    """The contract's schema after `change` to its fields."""
    schema = json.loads(SCHEMA_TEXT)
    schema["fields"] = change(schema["fields"])
    return json.dumps(schema)


def test_records_of_older_and_newer_schemas_in_a_real_registry_are_read_as_the_contract(
    shop: Shop, registry: str
) -> None:
    older = changed(lambda fields: [each for each in fields if each["name"] not in ("properties", "search_string")])
    newer = changed(lambda fields: [*fields, {"name": "loyalty", "type": "string", "default": "none"}])
    for at, text in enumerate((older, SCHEMA_TEXT, newer)):
        number = register_schema(registry, f"{shop.topic}-{at}", text)
        shop.publish_values([encoded(fresh(f"order-{at}", loyalty="gold"), number, text)])
    shop.run(registry={"url": registry})
    shop.wait_until_committed()
    assert shop.accepted() == {"order-0": 1, "order-1": 1, "order-2": 1}


def test_a_topic_of_another_schema_with_references_has_its_own_registry_and_mapping(
    shop: Shop, registry: str, topic: MakeTopic, tmp_path: Path
) -> None:
    money = {"type": "record", "name": "Money", "fields": [{"name": "amount", "type": "double"}]}
    sale = {"type": "record", "name": "Sale", "fields": [
        {"name": "number", "type": "string"}, {"name": "at", "type": "long"}, {"name": "mail", "type": "string"},
        {"name": "total", "type": "Money"}]}  # fmt: skip
    whole = json.loads(json.dumps(sale).replace('"Money"', json.dumps(money)))
    name = topic("sales")
    register_schema(registry, f"{name}-money", json.dumps(money))
    reference = {"name": "Money", "subject": f"{name}-money", "version": 1}
    number = register_schema(registry, f"{name}-value", json.dumps(sale), [reference])
    (tmp_path / "sale.avsc").write_text(json.dumps(whole))
    (tmp_path / "sale.yaml").write_text(
        """
pixel: {const: "1234567890"}
event:
  event_name: {const: Lead}
  event_time: at
  event_id: number
  action_source: {const: email}
  user_data: {em: mail}
  custom_data: {value: total.amount}
"""
    )
    when = fresh("any")["occurred_at"] // 1_000
    value = {"number": "S-1", "at": when, "mail": "ana@example.com", "total": {"amount": 9.5}}
    publish(shop.broker, name, [{"value": confluent_frame(number, avro_bytes(value, json.dumps(whole)))}])
    shop.publish([fresh("order-1")])
    own = {"schema_file": "sale.avsc", "mapping_file": "sale.yaml", "registry": {"url": registry}}
    shop.run(topics={name: own})
    assert shop.sandbox.wait_for(2, seconds=30)
    sent = {event["event_id"]: event for event in shop.sandbox.events()}
    assert sent.keys() == {"S-1", "order-1"}
    assert sent["S-1"]["custom_data"] == {"value": 9.5}


def test_it_runs_over_tls_with_a_password_and_only_the_rights_that_it_needs(
    secure_broker: SecureBroker, tmp_path: Path
) -> None:
    with Shop(secure_broker.client(), tmp_path) as shop:
        allow(secure_broker, ResourceType.TOPIC, shop.topic, AclOperation.READ)
        allow(secure_broker, ResourceType.GROUP, shop.group, AclOperation.READ)
        for name in (shop.dead_letters, shop.parked):
            allow(secure_broker, ResourceType.TOPIC, name, AclOperation.WRITE)
        shop.publish([fresh("order-1")])
        shop.publish_values([b"no Avro"])
        member = shop.run(kafka={"common": secure_broker.client("service")})
        shop.wait_until_committed()
        assert shop.accepted() == {"order-1": 1}
        assert shop.reasons == {"not_framed": 1}
        assert member.stop(60) == 0
        assert USERS["service"] not in member.log.read_text()


def test_a_wrong_password_ends_it_with_a_reason(secure_broker: SecureBroker, tmp_path: Path) -> None:
    with Shop(secure_broker.client(), tmp_path) as shop:
        member = shop.start(kafka={"common": secure_broker.client("service", "wrong-one"), "connect_seconds": 20})
        wait_until(lambda: member.exit_code is not None, 40, "it ends")
        assert member.exit_code == 1
        (line,) = logged(member, "stopped")
        assert "sasl" in line["reason"]
        assert "wrong-one" not in member.log.read_text()


def allow(broker: SecureBroker, resource: ResourceType, name: str, operation: AclOperation) -> None:
    """Let the user `service` do `operation`."""
    admin = AdminClient(client(broker.client()))
    right = AclBinding(
        resource, name, ResourcePatternType.LITERAL, "User:service", "*", operation, AclPermissionType.ALLOW
    )
    for done in admin.create_acls([right]).values():
        done.result(10)
