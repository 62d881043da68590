"""The kinds of values that settings have, and the texts that each takes."""

from __future__ import annotations

import dataclasses
import re
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from capi_stream.config.keys import LONGEST_PIXEL_ID
from capi_stream.config.mistakes import WrongValueError
from capi_stream.endpoints.tokens import is_usable
from capi_stream.intake.mapping.event_conditions import ConditionError, event_condition


class Part(BaseModel):
    """A mapping of the configuration. Nothing but the keys that it declares may stand in it."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True, use_attribute_docstrings=True
    )


def default_of(settings: type, name: str) -> Any:
    """The default that a room's settings give field `name`: it is stated there, once."""
    (found,) = [field for field in dataclasses.fields(settings) if field.name == name]
    return found.default


def _none_as_empty(value: Any) -> Any:
    return {} if value is None else value


def _pixel_id(text: str) -> str:
    advice = "Copy it from the Events Manager, such as 1234567890"
    if not re.fullmatch(r"[0-9]+", text):
        raise WrongValueError("a pixel's id is digits only", advice)
    if len(text) > LONGEST_PIXEL_ID:
        raise WrongValueError(f"a pixel's id of {len(text)} digits is too long", advice)
    return text


def _topic(text: str) -> str:
    if text in {".", ".."} or not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", text):
        raise WrongValueError("this is no name of a topic", "Use letters, digits, dots, - and _, up to 249")
    return text


def _topic_or_pattern(text: str) -> str:
    if not text.startswith("^"):
        return _topic(text)
    try:
        re.compile(text)
    except re.error as error:
        raise WrongValueError(f"this is no regular expression: {error.msg}", "Mend the pattern") from None
    return text


def _version(text: str) -> str:
    if not re.fullmatch(r"v[0-9]+\.[0-9]+", text):
        raise WrongValueError("this is no version of the Graph API", "Write it such as v25.0")
    return text


def _split(text: str) -> SplitResult | None:
    """The parts of a URL that can be posted to; None where `text` is none."""
    try:
        url = urlsplit(text)
        is_complete = url.scheme in {"http", "https"} and bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        return None
    return url if is_complete and re.fullmatch(r"[\x21-\x7e]+", text) else None


def _event_condition(written: dict[str, Any]) -> dict[str, Any]:
    try:
        event_condition(written)
    except ConditionError as error:
        raise WrongValueError("; ".join(error.mistakes).rstrip("."), "See Conditions in docs/mapping.md") from None
    return written


def _url(text: str) -> str:
    url = _split(text)
    if url is None:
        raise WrongValueError("this is no URL", "Write http:// or https://, a host, and a path if it has one")
    if url.username is not None or url.password is not None:
        raise WrongValueError("a URL must hold no password, since it is logged", "Give the password in its own setting")
    if url.query or url.fragment:
        raise WrongValueError("this URL must end with its path", "Leave out what begins with ? or #")
    return text.rstrip("/")


def _urls(text: str) -> str:
    return ",".join(_url(part.strip()) for part in text.split(","))


def _token(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if not text:
        raise WrongValueError("this is empty", "Write {file: PATH} or {env: NAME}, or leave the key out")
    if (wrong := unusable(text)) is not None:
        raise wrong
    return secret


def unusable(token: str) -> WrongValueError | None:
    """What keeps `token` from being sent, None if it can be."""
    if is_usable(token):
        return None
    what = "this is no token: it holds blanks, line breaks or letters that are not ASCII, or more than 4,096 letters"
    return WrongValueError(what, "Copy the token anew, and nothing else")


def _proxy(secret: SecretStr) -> SecretStr:
    if _split(secret.get_secret_value()) is None:
        raise WrongValueError(
            "this is no proxy that can be used", "Write http://[user:password@]host:port, or https://"
        )
    return secret


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._:%-]+", text):
        raise WrongValueError(
            "this is no address to listen at", "Write an IP address or a host's name, such as 0.0.0.0"
        )
    return text


Text = Annotated[str, Field(min_length=1)]
Secret = Annotated[SecretStr, Field(min_length=1)]
"""A text that is never shown. Give it as {file: PATH} or {env: NAME}, so that it is not in the configuration."""

Token = Annotated[SecretStr, AfterValidator(_token)]
"""A secret that a header carries."""

Proxy = Annotated[SecretStr, AfterValidator(_proxy)]
Host = Annotated[str, AfterValidator(_host)]
PixelKey = Annotated[str, AfterValidator(_pixel_id)]
Topic = Annotated[str, AfterValidator(_topic)]
TopicOrPattern = Annotated[str, AfterValidator(_topic_or_pattern)]
Version = Annotated[str, AfterValidator(_version)]
EventCondition = Annotated[dict[str, Any], AfterValidator(_event_condition)]
Url = Annotated[str, AfterValidator(_url)]
Urls = Annotated[str, AfterValidator(_urls)]
"""One URL, or several with commas between."""

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Count = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=0, le=65_535)]

OrEmpty = BeforeValidator(_none_as_empty)
"""A key with nothing behind it is an empty mapping."""
