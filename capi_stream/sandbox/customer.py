"""The rules of `user_data`: which keys are hashed, which are raw, and which sets of them identify nobody.

Source: the reference, section 3.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping

from capi_stream.sandbox.shapes import Violation, must_be

_APPENDIX = r"(?:AQ|Ag|Aw|BA|BQ|Bg|[A-Za-z0-9_-]{8})"  # what Meta's parameter builder hangs on a value
_is_hash = re.compile(rf"(?:[0-9a-f]{{64}}|[0-9a-f]{{32}})(?:\.{_APPENDIX})?").fullmatch  # Meta lets MD5 through too
_is_browser_id = re.compile(rf"fb\.[0-9]+\.[0-9]+\.[^.\s]+(?:\.{_APPENDIX})?").fullmatch
_is_in_seconds = re.compile(r"fb\.[0-9]+\.[0-9]{10}\..*").fullmatch
_address_appendix = re.compile(rf"\.{_APPENDIX}\Z")

HASHED = frozenset(
    ("em", "ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country", "f5first", "f5last", "fi", "dobd", "dobm", "doby")
)
TEXTS = frozenset(
    (
        *("client_ip_address", "client_user_agent", "fbc", "fbp", "subscription_id", "anon_id", "madid"),
        *("page_id", "page_scoped_user_id", "ctwa_clid", "ig_account_id", "ig_sid", "whatsapp_business_account_id"),
    )
)
NUMBERS = frozenset(("fb_login_id", "lead_id"))
STRINGS = "a string or an array of strings"
KNOWN = HASHED | TEXTS | NUMBERS | {"external_id"}

TOO_BROAD = (
    frozenset(("ct", "country", "st", "zp", "ge", "client_user_agent")),
    frozenset(("db", "client_user_agent")),
    frozenset(("fn", "ge")),
    frozenset(("ln", "ge")),
)
_IN_TOO_BROAD = frozenset().union(*TOO_BROAD)


def user_data_violation(values: object) -> Violation | None:
    """The first rule that `user_data` breaks; None if it keeps them all."""
    path = "['user_data']"
    if type(values) is not dict:
        return must_be(path, "an object")
    for key, value in values.items():
        found = _value_violation(key, value, f"{path}['{key}']")
        if found is not None:
            return found
    present = {key for key, value in values.items() if value}
    if present <= _IN_TOO_BROAD and any(present <= broad for broad in TOO_BROAD):
        return Violation("too_broad", path, "The customer information is missing or matches too many people.")
    return None


def user_data_warnings(values: Mapping[str, object]) -> list[str]:
    """What is not certainly refused: unknown keys (undocumented), an fbp that only Meta's diagnostics dislike, and an
    fbc or fbp whose time is in seconds, not milliseconds."""
    found = [] if values.keys() <= KNOWN else ["unknown_user_data_key"]
    browser = values.get("fbp")
    if isinstance(browser, str) and not _is_browser_id(browser):
        found.append("fbp_format")
    if any(isinstance(value, str) and _is_in_seconds(value) for value in (browser, values.get("fbc"))):
        found.append("browser_id_in_seconds")
    return found


def _value_violation(key: str, value: object, path: str) -> Violation | None:
    if key in HASHED:
        return _hashed_violation(value, path)
    if key == "external_id":
        return None if _are_texts(value) else must_be(path, STRINGS)
    if key in NUMBERS:
        is_number = type(value) is int or (isinstance(value, str) and value.isascii() and value.isdigit())
        return None if is_number else must_be(path, "an integer")
    if key not in TEXTS:
        return None
    if not isinstance(value, str) or not value:
        return must_be(path, "a string")
    if key == "fbc" and not _is_browser_id(value):
        return Violation("click_id", path, "The click ID (fbc) is incorrectly formatted.")
    if key == "client_ip_address" and not _is_address(value):
        return Violation("invalid", path, "The client IP address is not one.")
    return None


def _hashed_violation(value: object, path: str) -> Violation | None:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts:
        return must_be(path, STRINGS)
    for text in texts:
        if not isinstance(text, str):
            return must_be(path, STRINGS)
        if not _is_hash(text):
            return Violation("not_hashed", path, "A customer information parameter that must be hashed is not.")
    return None


def _are_texts(value: object) -> bool:
    texts = [value] if isinstance(value, str) else value
    return isinstance(texts, list) and bool(texts) and all(isinstance(text, str) and text for text in texts)


def _is_address(value: str) -> bool:
    return _parses(value) or _parses(_address_appendix.sub("", value))


def _parses(value: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in value else socket.AF_INET, value)
    except (OSError, ValueError):
        return False
    return True
