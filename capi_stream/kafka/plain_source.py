"""Schemas by plain HTTP: a registry without a password, with one, or with certificates, as nearly all are."""

from __future__ import annotations

import json
import os
import ssl
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import BaseHandler, HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

import certifi

from capi_stream.kafka.stored_schemas import Refused, Stored, stored
from capi_stream.model import SchemaKey

AUTHORITIES, CERTIFICATE, KEY, PASSWORD = (
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.key.password",
)
USER = "basic.auth.user.info"
KNOWN = frozenset(("url", USER, AUTHORITIES, CERTIFICATE, KEY, PASSWORD))

ASK_ANOTHER = frozenset((408, 429, 500, 502, 503, 504))  # where the next address may answer better
MOST_BYTES = 64 * 1024 * 1024  # of an answer: far more than any schema, and less than would harm
ACCEPTED = "application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, application/json"


def is_plain(properties: Mapping[str, str]) -> bool:
    """Whether `properties` ask for nothing that PlainSource has not. A user within the address is another's too."""
    return properties.keys() <= KNOWN and "@" not in properties.get("url", "")


class PlainSource:
    """Asks the addresses in turn until one answers; nothing is kept open or remembered.

    `properties` are those that Confluent's client has under these names. Raises ValueError or OSError for one that
    cannot be used. Proxies are the environment's, as for that client; no redirect is followed, which could carry the
    password to another host.
    """

    def __init__(self, properties: Mapping[str, str], answer_seconds: float) -> None:
        self._urls = _urls(properties.get("url", ""))
        self._headers = {"Accept": ACCEPTED, "User-Agent": "capi-stream", **_authorization(properties)}
        self._seconds = answer_seconds
        self._opener = _opener(ProxyHandler(), HTTPHandler(), HTTPSHandler(context=_trust(properties)))

    def by_key(self, key: SchemaKey) -> Stored:
        """The schema of an id or a GUID. Raises Refused, NoSchemaInAnswer, OSError, HTTPException, ValueError."""
        return self._schema(f"/schemas/{'ids' if isinstance(key, int) else 'guids'}/{key}")

    def by_version(self, subject: str, version: int) -> Stored:
        """As `by_key`, the schema of a subject's version."""
        return self._schema(f"/subjects/{quote(subject, safe='')}/versions/{version}")

    def _schema(self, path: str) -> Stored:
        *others, last = self._urls
        for url in others:
            with suppress(OSError, HTTPException, ValueError):
                status, body = self._asked(url + path)
                if status not in ASK_ANOTHER:
                    return _read(status, body)
        return _read(*self._asked(last + path))

    def _asked(self, url: str) -> tuple[int, bytes]:
        request = Request(url, headers=self._headers)  # noqa: S310  its scheme was checked
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                return answer.status, answer.read(MOST_BYTES)
        except URLError as error:  # what it stands around says more
            raise error.reason if isinstance(error.reason, OSError) else error from None


def _read(status: int, body: bytes) -> Stored:
    if not 200 <= status < 300:
        raise Refused(status, _code(body))
    found = json.loads(body)
    if not isinstance(found, dict):
        return stored(None, ())
    return stored(found.get("schema"), tuple(_references(found.get("references") or ())))


def _references(found: Sequence[Any]) -> list[tuple[str, int]]:
    pairs = [(each.get("subject"), each.get("version")) for each in found if isinstance(each, dict)]
    return [(subject, version) for subject, version in pairs if isinstance(subject, str) and isinstance(version, int)]


def _code(body: bytes) -> int:
    """The registry's own code in an answer that says no; -1 where it is some proxy's page."""
    with suppress(ValueError):
        found = json.loads(body)
        code = found.get("error_code") if isinstance(found, dict) else None
        return code if isinstance(code, int) else -1
    return -1


def _urls(text: str) -> list[str]:
    urls = [url.strip().rstrip("/") for url in text.split(",")]
    for url in urls:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"url is {url!r}, and must begin with http:// or https://")
    return urls


def _authorization(properties: Mapping[str, str]) -> dict[str, str]:
    if (user := properties.get(USER)) is None:
        return {}
    if ":" not in user:
        raise ValueError(f"{USER} must be USER:PASSWORD")
    return {"Authorization": f"Basic {b64encode(user.encode()).decode()}"}


def _trust(properties: Mapping[str, str]) -> ssl.SSLContext | None:
    """Whom to trust, and who we are; None where no address is of https, since certificates are a megabyte."""
    certificate, key = properties.get(CERTIFICATE), properties.get(KEY)
    if certificate is None and (key is not None or PASSWORD in properties):
        raise ValueError(f"{KEY} and {PASSWORD} go with {CERTIFICATE}")
    if AUTHORITIES not in properties and certificate is None and "https://" not in properties["url"]:
        return None
    of_environment = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
    where = Path(properties.get(AUTHORITIES) or of_environment or certifi.where())
    context = ssl.create_default_context(**{"capath" if where.is_dir() else "cafile": where})  # type: ignore[arg-type]
    if certificate is not None:
        context.load_cert_chain(certificate, key, properties.get(PASSWORD))
    return context


def _opener(*handlers: BaseHandler) -> OpenerDirector:
    """What asks by `handlers` alone: an answer that says no is an answer here, and not an exception."""
    opener = OpenerDirector()
    for handler in handlers:
        opener.add_handler(handler)
    return opener
