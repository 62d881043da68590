"""When tokens end: asked seldom, of what is in use, and never in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from capi_stream.endpoints.expiries import ASK_EVERY_SECONDS, Expiries
from capi_stream.endpoints.settings import Credential, Endpoint, PosterSettings, Target, Timeouts
from capi_stream.endpoints.tokens import Tokens
from capi_stream.model import Destination, PixelId
from capi_stream.sandbox.server import Sandbox
from tests.shells.tiny_api import TinyApi

NOW = 1_767_225_700.0
BERLIN, PARIS = PixelId("100"), PixelId("200")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pixels=[BERLIN, PARIS], clock=lambda: NOW) as made:
        yield made


def settings_for(url: str, token: str, *destinations: Destination, file: Path | None = None) -> PosterSettings:
    """One credential for all `destinations`, by default of Berlin at Graph."""
    graph, gateway = Endpoint("graph", "graph", url, "v25.0"), Endpoint("gateway", "gateway", url)
    targets = {
        each: Target(each, graph if each.endpoint == "graph" else gateway, "main")
        for each in destinations or (Destination(BERLIN),)
    }
    return PosterSettings({"main": Credential("main", token, file)}, targets, Timeouts(0.5, 0.5, 0.5, 1.0))


def expiries(settings: PosterSettings) -> tuple[Expiries, Tokens]:
    tokens = Tokens(settings.credentials)
    return Expiries(settings, tokens), tokens


def test_what_the_api_says_is_known_for_every_pixel_of_the_token(sandbox: Sandbox) -> None:
    sandbox.tokens.expire(BERLIN, 60.0)
    settings = settings_for(sandbox.url, sandbox.token(BERLIN), Destination(BERLIN), Destination(PARIS))
    asking, _ = expiries(settings)
    assert asking.known() == {}
    asking.look(0.0)
    assert asking.known() == {BERLIN: NOW + 60, PARIS: NOW + 60}


def test_a_token_that_does_not_end_has_no_time(sandbox: Sandbox) -> None:
    asking, _ = expiries(settings_for(sandbox.url, sandbox.token(BERLIN)))
    asking.look(0.0)
    assert asking.known() == {}


def test_a_token_is_asked_about_once_an_hour_and_each_once() -> None:
    with TinyApi() as api:
        asking, _ = expiries(settings_for(api.url, "t", Destination(BERLIN), Destination(PARIS)))
        for now in (0.0, 5.0, ASK_EVERY_SECONDS - 1, ASK_EVERY_SECONDS, ASK_EVERY_SECONDS + 5):
            asking.look(now)
    assert len(api.requests) == 2


def test_the_key_of_a_gateway_is_not_asked_about() -> None:
    with TinyApi() as api:
        asking, _ = expiries(settings_for(api.url, "t", Destination(BERLIN, "gateway")))
        asking.look(0.0)
    assert api.requests == []


def test_a_question_that_fails_leaves_what_was_known(sandbox: Sandbox) -> None:
    """Nobody answers, or the token has ended by now: when it does or did is known all the same."""
    sandbox.tokens.expire(BERLIN, 60.0)
    asking, _ = expiries(settings_for(sandbox.url, sandbox.token(BERLIN)))
    asking.look(0.0)
    sandbox.tokens.expire(BERLIN, -60.0)
    asking.look(ASK_EVERY_SECONDS)
    assert asking.known() == {BERLIN: NOW + 60}
    nobody, _ = expiries(settings_for("http://127.0.0.1:1", "t"))
    nobody.look(0.0)
    assert nobody.known() == {}


def test_a_new_token_is_asked_about_at_once_and_the_old_ones_end_is_forgotten(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "token"
    sandbox.tokens.expire(BERLIN, 60.0)
    asking, tokens = expiries(settings_for(sandbox.url, sandbox.token(BERLIN), file=file))
    asking.look(0.0)
    file.write_text("sandbox-new")
    tokens.poll(0.0)
    assert asking.known() == {}
    sandbox.tokens.renew(BERLIN, "sandbox-new")
    sandbox.tokens.expire(BERLIN, 600.0)
    asking.look(5.0)
    assert asking.known() == {BERLIN: NOW + 600}
