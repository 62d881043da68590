"""From the tree of keys to where posts go, and with which secrets. Reads the files that hold these."""

from __future__ import annotations

import re
import ssl
from collections.abc import Container, Iterator
from pathlib import Path

from pydantic import SecretStr

from capi_stream.config.document import Document
from capi_stream.config.fields import unusable
from capi_stream.config.keys import KeyPath
from capi_stream.config.mistakes import Finding, WrongValueError
from capi_stream.config.references import References, read_text
from capi_stream.config.tree import Pixel, Tree
from capi_stream.endpoints.network import trusted_authorities
from capi_stream.endpoints.settings import Credential, Endpoint, PosterSettings, Target, Timeouts
from capi_stream.intake.mapping.event_conditions import event_condition
from capi_stream.intake.mapping.spec import Condition
from capi_stream.model import Destination, PixelId

GRAPH = "graph"
GATEWAY = "gateway"


def destinations(pixel: str, part: Pixel) -> tuple[Destination, ...]:
    """Where the events of `pixel` go."""
    graph = Destination(PixelId(pixel), GRAPH)
    if part.gateway is None:
        return (graph,)
    gateway = Destination(PixelId(pixel), GATEWAY)
    return (gateway,) if part.gateway.only else (graph, gateway)


def conditions(tree: Tree) -> dict[Destination, Condition]:
    """Which events a destination gets, where it does not get all."""
    written = {
        Destination(PixelId(pixel), kind): when
        for pixel, part in tree.pixels.items()
        for kind, when in ((GRAPH, part.when), (GATEWAY, part.gateway.when if part.gateway else None))
    }
    return {destination: event_condition(when) for destination, when in written.items() if when}


def endpoint(tree: Tree, destination: Destination) -> Endpoint:
    """The server of `destination`."""
    if destination.endpoint == GRAPH:
        return Endpoint(GRAPH, "graph", tree.api.url, tree.api.version)
    gateway = tree.pixels[destination.pixel].gateway
    assert gateway is not None
    return Endpoint(gateway.url, "gateway", gateway.url)


def credential_name(destination: Destination) -> str:
    """What logs and metrics call the secret of `destination`."""
    return destination.pixel if destination.endpoint == GRAPH else f"{destination.pixel}@gateway"


class PosterBuilder:
    """Builds one configuration's posters; what is wrong goes to the document's mistakes."""

    def __init__(self, tree: Tree, document: Document, references: References) -> None:
        self._tree = tree
        self._document = document
        self._references = references

    def posters(self) -> PosterSettings:
        """The settings. Of use only while the document has no mistakes."""
        tree, timeouts = self._tree, self._tree.api.timeouts_seconds
        found = (each for pixel, part in tree.pixels.items() for each in self._credentials(pixel, part))
        credentials = {each.name: each for each in found if each is not None}
        return PosterSettings(
            credentials=credentials,
            targets={
                destination: self._target(destination, part, credentials)
                for pixel, part in tree.pixels.items()
                for destination in destinations(pixel, part)
            },
            timeouts=Timeouts(timeouts.connect, timeouts.write, timeouts.read, timeouts.post),
            workers=tree.delivery.posts_in_flight,
            ca_file=self._authorities(("api", "ca_file"), tree.api.ca_file),
            proxy=_text_of(tree.api.proxy),
        )

    def _target(self, destination: Destination, part: Pixel, credentials: Container[str]) -> Target:
        name = credential_name(destination)
        return Target(
            destination=destination,
            endpoint=endpoint(self._tree, destination),
            credential=name if name in credentials else None,
            test_event_code=part.test_event_code,
            partner_agent=self._tree.api.partner_agent,
            namespace_id=part.namespace_id,
            upload_id=part.upload_id,
            upload_tag=part.upload_tag,
            upload_source=part.upload_source,
        )

    def _authorities(self, path: KeyPath, name: str | None) -> Path | None:
        if name is None:
            return None
        file = self._references.directory / name
        try:
            trusted_authorities(file)
        except ValueError:
            self._document.tell(self._wrong_authorities(path, name))
        return file

    def _wrong_authorities(self, path: KeyPath, name: str) -> Finding:
        try:
            line = _line_of_wrong_certificate(read_text(self._references.directory, name))
        except WrongValueError as error:
            return Finding(path, error.what, error.write_instead)
        what = f"{name}{line} is no certificate in PEM"
        return Finding(path, what, "Name a file of certificates between BEGIN CERTIFICATE and END CERTIFICATE")

    def _credentials(self, pixel: str, part: Pixel) -> Iterator[Credential | None]:
        path = ("pixels", pixel)
        yield self._credential(pixel, (*path, "token"), part.token, part.token_file, part.app_secret)
        if part.gateway is not None:
            key, file = part.gateway.access_key, part.gateway.access_key_file
            yield self._credential(f"{pixel}@gateway", (*path, "gateway", "access_key"), key, file)

    def _credential(
        self, name: str, path: KeyPath, secret: SecretStr | None, file: str | None, app_secret: SecretStr | None = None
    ) -> Credential | None:
        """A token from the setting, which may itself have come from a file, or from the file that is named beside."""
        if file is not None:
            text = self._token((*path[:-1], f"{path[-1]}_file"), file)
            return Credential(name, text, self._references.directory / file, _text_of(app_secret))
        if secret is None:
            return None
        return Credential(name, secret.get_secret_value().strip(), self._references.file_of(path), _text_of(app_secret))

    def _token(self, path: KeyPath, file: str) -> str:
        try:
            text = read_text(self._references.directory, file).strip()
            if (wrong := unusable(text)) is not None:
                raise wrong
        except WrongValueError as error:
            self._document.tell(Finding(path, error.what, error.write_instead))
            return ""
        return text


def _line_of_wrong_certificate(text: str) -> str:
    """Where the first of the certificates in `text` that cannot be used begins, as `, line 3,`; empty without any."""
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for block in re.finditer(r"-----BEGIN .*?(-----END [^\n]*|\Z)", text, re.DOTALL):
        try:
            trusted.load_verify_locations(cadata=block[0])
        except (ssl.SSLError, ValueError):
            line = text[: block.start()].count("\n") + 1
            return f", line {line},"
    return ""


def _text_of(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None
