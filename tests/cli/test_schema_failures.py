"""`capi-stream schema` where there is no verdict: wrong usage, registries that do not answer or let nobody in."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from capi_stream.sandbox.registry import StandInRegistry
from capi_stream.sandbox.wire import Answer, Listener, Request
from tests.builders import ROOT, SCHEMA_TEXT
from tests.cli.test_schema import BROKEN, configuration, schema
from tests.real.broker import free_port


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "candidate.avsc"


@pytest.mark.parametrize(
    ("command", "arguments", "what"),
    [
        ("check", ["nowhere.avsc"], "nowhere.avsc cannot be read: No such file or directory."),
        ("check", ["README.md"], "README.md, line 1: this is no JSON"),
        ("check", ["avro/commerce_event.avsc", "--registry", "http://127.0.0.1:1"], "Name the subject with --subject"),
        ("check", ["avro/commerce_event.avsc", "--registry", "x", "-c", "y"], "Give --registry or -c, not both"),
        ("register", ["avro/commerce_event.avsc"], "Name the registry with --registry URL"),
        ("register", ["avro/commerce_event.avsc", "-c", "nowhere.yaml"], "nowhere.yaml"),
        ("check", ["avro/commerce_event.avsc", "--registry", "quatsch", "--topic", "t"],
         "--registry quatsch: this is no URL. Write http:// or https://, a host, and a path if it has one."),
        ("register", ["avro/commerce_event.avsc", "--registry", "http:r", "--topic", "t"], "http:r: this is no URL"),
    ],
)  # fmt: skip
def test_wrong_usage_says_what_to_write(command: str, arguments: list[str], what: str) -> None:
    said = schema(command, *(ROOT / each if (ROOT / each).is_file() else each for each in arguments))
    assert (said.code, said.out) == (2, ""), said
    assert what in said.error


@pytest.mark.parametrize("command", ["check", "register"])
def test_a_registry_that_is_down_is_no_verdict(command: str, file: Path) -> None:
    file.write_text(SCHEMA_TEXT)
    said = schema(command, "--registry", f"http://127.0.0.1:{free_port()}", "--topic", "t", file)
    assert said.code == 2, said
    assert "the schema registry does not answer (ConnectError). What to do: check registry.url" in said.error
    assert "t-value" in said.error


def test_a_no_of_the_service_stands_though_the_registry_is_down(file: Path) -> None:
    file.write_text(BROKEN)
    assert schema("check", "--registry", f"http://127.0.0.1:{free_port()}", "--topic", "t", file).code == 1


@pytest.fixture
def page() -> Iterator[Listener]:
    """A proxy that answers everything with a page of its own."""
    with Listener(lambda _: Answer(404, b"<html>Not Found</html>", "text/html")) as listening:
        yield listening


def test_a_page_of_a_proxy_is_no_verdict(page: Listener, file: Path) -> None:
    file.write_text(SCHEMA_TEXT)
    said = schema("check", "--registry", page.url, "--topic", "t", file)
    assert said.code == 2, said
    assert "what answers is no schema registry" in said.error


@pytest.mark.parametrize(("trusted", "code"), [(True, 0), (False, 2)])
def test_the_ca_of_the_configuration_is_trusted_and_no_other(
    trusted: bool, code: int, file: Path, tmp_path: Path
) -> None:
    authority, other = trustme.CA(), trustme.CA()
    (authority if trusted else other).cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    behind = StandInRegistry()
    behind.register("t-value", SCHEMA_TEXT)
    front = Listener(behind._true_answer)
    front._server.socket = context.wrap_socket(front._server.socket, server_side=True)
    with front:
        url = front.url.replace("http:", "https:")
        properties = {"ssl.ca.location": str(tmp_path / "ca.pem")}
        config = configuration(tmp_path, {"t": {}}, registry={"url": url, "properties": properties})
        file.write_text(SCHEMA_TEXT)
        said = schema("register", "-c", config, file)
    behind.stop()
    assert said.code == code, said
    assert "was there already" in said.out if trusted else "ConnectError" in said.error


@pytest.mark.parametrize(("password", "code"), [("right", 0), ("wrong", 2)])
def test_user_and_password_of_the_configuration_are_sent_and_never_shown(
    password: str, code: int, file: Path, tmp_path: Path
) -> None:
    with StandInRegistry() as behind, Listener(guarded(behind)) as front:
        behind.register("t-value", SCHEMA_TEXT)
        config = configuration(
            tmp_path,
            {"t": {}},
            registry={"url": front.url, "properties": {"basic.auth.user.info": f"me:{password}"}},
        )
        file.write_text(SCHEMA_TEXT)
        said = schema("register", "-c", config, file)
    assert said.code == code, said
    assert password not in said.out + said.error
    if code:
        assert "the schema registry refuses the user or the password (HTTP 401)" in said.error
    else:
        assert said.out == "t-value: was there already, id 1, version 1\n"


def guarded(behind: StandInRegistry) -> Any:
    """Whoever knows the password is passed on."""
    expected = httpx.BasicAuth("me", "right")._auth_header

    def answer(request: Request) -> Answer:
        if request.headers.get("authorization") != expected:
            return Answer(401, b'{"error_code": 401, "message": "Unauthorized"}', "application/json")
        return behind._true_answer(request)

    return answer
