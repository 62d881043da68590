"""The normal form of each field, one small pure function a field.

Two systems that know the same person must hash the same text, so these rules are exact. They follow Meta's page of
customer information parameters; where that page is silent, its parameter builder (the JavaScript library) and then its
Python SDK. `tests/vectors/` holds each decision as a case.

Every function takes text that `raw_values.text_of` has trimmed, and is total: it gives the normal form, or `LeftOut`
with the reason why the event goes on without this value.
"""

from __future__ import annotations

import ipaddress
import math
import re
import string
import unicodedata
from decimal import Decimal

from capi_stream.intake.parameters import words
from capi_stream.intake.parameters.raw_values import (
    APPENDIX,
    EMPTY,
    MALFORMED,
    NO_WHITESPACE,
    NOT_A_NUMBER,
    NOT_PUBLIC,
    OUT_OF_RANGE,
    TOO_LONG,
    TOO_SHORT,
    UNKNOWN,
    WHITESPACE,
    LeftOut,
    already_hashed,
)

_LOCAL_PART = r"[a-z0-9_!#$%&'*+/=?^{}~`|-]+"
_EMAIL = re.compile(rf"{_LOCAL_PART}(?:\.{_LOCAL_PART})*@(?:(?!-)[a-z0-9-]+(?<!-)\.)+(?!-)[a-z0-9-]+(?<!-)")
_DIGITS = re.compile(r"[0-9]+")
_NO_DIGIT_BYTES = bytes(byte for byte in range(256) if not 48 <= byte < 58)
_NO_LETTER = re.compile(r"[^a-z]+")
_BROWSER_ID = re.compile(rf"fb\.[0-9]+\.[0-9]+\.[^.\s]+(?:\.{APPENDIX})?")
_ADDRESS_APPENDIX = re.compile(rf"\.{APPENDIX}$")

# The parameter builder's own list: addresses for documentation (192.0.2.0/24) are not in it.
_NOT_PUBLIC_V4 = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16")
_NOT_PUBLIC_V6 = ("::1/128", "fe80::/10", "fc00::/7")
_NOT_PUBLIC_NETWORKS = [ipaddress.ip_network(network) for network in _NOT_PUBLIC_V4 + _NOT_PUBLIC_V6]
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PUBLIC_V4 = re.compile(
    rf"(?!10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2[0-9]|3[01])\.){_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}"
)
_PLAIN_CURRENCIES = {code.upper(): code for code in words.CURRENCIES}
_NO_ASCII_PUNCTUATION = dict.fromkeys(map(ord, WHITESPACE + string.punctuation))


LONGEST_NAME = 1_000  # characters


class _OnlyPlaceName(dict[int, int | None]):
    """A table for `str.translate` without whitespace, punctuation, symbols and digits; filled as characters are met."""

    def __missing__(self, code: int) -> int | None:
        category = unicodedata.category(chr(code))
        goes = category[0] in "PS" or category == "Nd" or code in NO_WHITESPACE
        self[code] = None if goes else code
        return self[code]


_ONLY_PLACE_NAME = _OnlyPlaceName()


def email(text: str) -> str | LeftOut:
    """em: lowercase, and an address by the parameter builder's strict test: ASCII, two domain labels or more."""
    address = text.lower()
    return address if _EMAIL.fullmatch(address) else MALFORMED


def phone(text: str) -> str | LeftOut:
    """ph: the ASCII digits without leading zeros, 7 to 15 of them (E.164). The country code cannot be guessed."""
    digits = text.encode().translate(None, _NO_DIGIT_BYTES).decode().lstrip("0")
    if len(digits) < 7:
        return TOO_SHORT
    return digits if len(digits) <= 15 else TOO_LONG


def name(text: str) -> str | LeftOut:
    """fn, ln: NFC, lowercase, then without whitespace and ASCII punctuation. Letters of any script stay.

    Lowercase comes first: what stands before a space decides whether a sigma is final.
    """
    composed = _composed(text)
    return composed if isinstance(composed, LeftOut) else composed.lower().translate(_NO_ASCII_PUNCTUATION) or EMPTY


def city(text: str) -> str | LeftOut:
    """ct: NFC, lowercase, then without whitespace, punctuation, symbols and digits of any script."""
    composed = _composed(text)
    return composed if isinstance(composed, LeftOut) else composed.lower().translate(_ONLY_PLACE_NAME) or EMPTY


def _composed(text: str) -> str | LeftOut:
    """NFC of a name. Python sorts accents by insertion: 40,000 on one letter take a second, and nobody has them."""
    return unicodedata.normalize("NFC", text) if len(text) <= LONGEST_NAME else TOO_LONG


def state(text: str) -> str | LeftOut:
    """st: as a city; exactly the name of a US state or a Canadian province becomes its two-letter code."""
    place = city(text)
    return words.STATE_CODES.get(place, place) if isinstance(place, str) else place


def postal_code(text: str) -> str | LeftOut:
    """zp: lowercase, without whitespace, up to the first hyphen; two characters or more."""
    code = text.lower().translate(NO_WHITESPACE).partition("-")[0]
    return code if len(code) >= 2 else TOO_SHORT


def country(text: str) -> str | LeftOut:
    """country: an ISO 3166-1 alpha-2 code, from one, from an alpha-3 code or from an English name."""
    letters = _NO_LETTER.sub("", text.lower())
    if letters in words.COUNTRY_CODES:
        return letters
    return words.COUNTRY_OF_ALPHA_3.get(letters) or words.COUNTRY_OF_NAME.get(letters) or UNKNOWN


def gender(text: str) -> str | LeftOut:
    """ge: `m` or `f`, if the whole value is one of the parameter builder's words."""
    word = text.lower()
    if word in words.MALE:
        return "m"
    return "f" if word in words.FEMALE else UNKNOWN


def birth_date(text: str, this_year: int) -> str | LeftOut:
    """db: `YYYYMMDD` from eight digits, or from three numbers in the orders that people write.

    The year is 1900 to `this_year`, the month 1 to 12, the day 1 to 31 (no calendar check, as in the builder).
    """
    runs = _DIGITS.findall(text)
    if len(runs) >= 3:
        year, month, day = _year_month_day(*map(_small, runs[:3]))
    elif len(runs) == 1 and len(runs[0]) == 8:
        year, month, day = int(runs[0][:4]), int(runs[0][4:6]), int(runs[0][6:])
    else:
        return MALFORMED
    if not (1900 <= year <= this_year and 1 <= month <= 12 and 1 <= day <= 31):
        return OUT_OF_RANGE
    return f"{year:04}{month:02}{day:02}"


def _small(run: str) -> int:
    """A run of digits as a number; only its first nine count, which is out of every range."""
    return int(run.lstrip("0")[:9] or "0")  # int() raises beyond 4,300 digits


def _year_month_day(first: int, second: int, third: int) -> tuple[int, int, int]:
    """Three numbers in the order year, month, day: over 31 can only be a year, over 12 only a day."""
    if first > 31:
        year, month, day = first, second, third
    elif second > 31:
        year, month, day = second, third, first
    else:
        year, month, day = third, first, second
    return (year, day, month) if month > 12 else (year, month, day)


def external_id(text: str) -> str | LeftOut:
    """external_id: without whitespace, then lowercase; no NFC. The same form on every channel is what counts."""
    has_none = text.isprintable() and " " not in text  # of whitespace only this one is printable
    return text.lower() if has_none else text.translate(NO_WHITESPACE).lower()


def external_id_unhashed(text: str) -> str | LeftOut:
    """external_id where it is never hashed: what was hashed before passes, with its appendix; else as `external_id`."""
    return already_hashed(text) or external_id(text)


def first_five(text: str) -> str | LeftOut:
    """f5first, f5last: the first five characters in lowercase, punctuation counts (the SDK's rule; Meta names none)."""
    return text.lower()[:5]


def initial(text: str) -> str | LeftOut:
    """fi: the first character in lowercase (the SDK's rule)."""
    return text.lower()[:1]


def birth_day(text: str) -> str | LeftOut:
    """dobd: `DD`, 01 to 31 (the SDK's rule)."""
    return _two_digits(text, 31)


def birth_month(text: str) -> str | LeftOut:
    """dobm: `MM`, 01 to 12 (the SDK's rule)."""
    return _two_digits(text, 12)


def _two_digits(text: str, highest: int) -> str | LeftOut:
    """One or two digits, 1 to `highest`, padded to two."""
    if not re.fullmatch(r"[0-9]{1,2}", text):
        return MALFORMED
    return text.zfill(2) if 1 <= int(text) <= highest else OUT_OF_RANGE


def birth_year(text: str) -> str | LeftOut:
    """doby: `YYYY` (the SDK's rule)."""
    return text if re.fullmatch(r"[0-9]{4}", text) else MALFORMED


def browser_id(text: str) -> str | LeftOut:
    """fbc, fbp: `fb.{subdomain}.{milliseconds}.{payload}` and perhaps an appendix; case sensitive, sent as it is."""
    return text if is_browser_id(text) else MALFORMED


def is_browser_id(value: object) -> bool:
    """Whether `value` has the form of fbc and fbp."""
    return isinstance(value, str) and _BROWSER_ID.fullmatch(value) is not None


def ip_address(text: str) -> str | LeftOut:
    """client_ip_address: one public IPv4 or IPv6 address, sent as it is, with the builder's appendix if it has one."""
    if _PUBLIC_V4.fullmatch(text):  # what most are; `ipaddress` takes its time
        return text
    if "%" in text:  # a zone, which Python reads as part of an address, whatever it says; it means nothing elsewhere
        return MALFORMED
    try:
        address = ipaddress.ip_address(_ADDRESS_APPENDIX.sub("", text))
    except ValueError:
        return MALFORMED
    mapped = getattr(address, "ipv4_mapped", None) or address
    return NOT_PUBLIC if any(mapped in network for network in _NOT_PUBLIC_NETWORKS) else text


def number_id(text: str) -> str | LeftOut:
    """lead_id, fb_login_id: Meta's own ids, digits."""
    return text if _DIGITS.fullmatch(text) else MALFORMED


def plain(text: str) -> str | LeftOut:
    """Any other id, and the user agent: trimmed, else as it is."""
    return text


def currency(text: str) -> str | LeftOut:
    """currency: an ISO 4217 code in lowercase, whatever stands around its three letters."""
    if plain := _PLAIN_CURRENCIES.get(text):  # as most write it
        return plain
    code = _NO_LETTER.sub("", text.lower())
    return code if code in words.CURRENCIES else UNKNOWN


def amount(raw: object) -> int | float | LeftOut:
    """value: a JSON number. Neither text nor a boolean is one; NaN and infinity are not JSON. Negative ones pass."""
    if raw is None:
        return EMPTY
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        return NOT_A_NUMBER
    try:
        number = raw if isinstance(raw, int) and abs(raw) < 2**63 else float(raw)
    except (OverflowError, ValueError):  # an int beyond a float's range; a signalling NaN
        return OUT_OF_RANGE
    return number if math.isfinite(number) else OUT_OF_RANGE
