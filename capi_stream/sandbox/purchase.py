"""The rules of `custom_data`: what a Purchase needs, and how contents look.

Source: the reference, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from capi_stream.sandbox.shapes import (
    INTEGER,
    LIST,
    NUMBER,
    SCALAR_OR_LIST,
    TEXT,
    TEXT_OR_FLAG,
    Types,
    Violation,
    departure,
    missing,
)

CUSTOM_DATA: Types = {
    "value": NUMBER,
    "currency": TEXT,
    "content_ids": LIST,
    "contents": LIST,
    "content_type": TEXT,
    "content_name": TEXT,
    "content_category": TEXT,
    "delivery_category": TEXT,
    "order_id": TEXT,
    "num_items": INTEGER,
    "search_string": TEXT,
    "status": TEXT_OR_FLAG,
    "predicted_ltv": NUMBER,
    "net_revenue": NUMBER,
    "item_number": TEXT,
}
CONTENT: Types = {
    "id": TEXT,
    "quantity": INTEGER,
    "item_price": NUMBER,
    "delivery_category": TEXT,
    "title": TEXT,
    "description": TEXT,
    "brand": TEXT,
    "category": TEXT,
}
CONTENT_TYPES = frozenset(("product", "product_group"))
DELIVERY_CATEGORIES = frozenset(("in_store", "curbside", "home_delivery"))

_CURRENT = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
    CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL
    HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
    USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX
    YER ZAR ZMW ZWG
"""
_RETIRED = "ANG BGN CUC HRK SLL ZWL"  # withdrawn lately, and still met
CURRENCIES = frozenset((*_CURRENT.split(), *_RETIRED.split()))
"""ISO 4217: currencies, funds, metals and test codes."""

_PATH = "['custom_data']"


def custom_data_violation(values: object) -> Violation | None:
    """The first rule that `custom_data` breaks, whatever the event is called; None if it keeps them all."""
    found = departure(values, CUSTOM_DATA, _PATH, SCALAR_OR_LIST)
    if found is not None:
        return found
    assert isinstance(values, dict)
    currency = values.get("currency")
    if currency is not None and currency.upper() not in CURRENCIES:
        return Violation("invalid", f"{_PATH}['currency']", "The currency is not a code of ISO 4217.")
    return _contents_violation(values.get("contents", []))


def purchase_violation(custom_data: Mapping[str, object]) -> Violation | None:
    """What a Purchase lacks: it needs a value and a currency; None if it has both."""
    if "value" not in custom_data:
        return Violation("missing_value", f"{_PATH}['value']", "A Purchase event needs a value.")
    return None if custom_data.get("currency") else missing(_PATH, "currency")


def custom_data_warnings(values: Mapping[str, Any]) -> Iterator[str]:
    """What is not known to be refused: other words than the documented ones, and items without an id."""
    contents = values.get("contents", ())
    if values.get("content_type", "product") not in CONTENT_TYPES:
        yield "unknown_content_type"
    if any(each.get("delivery_category", "in_store") not in DELIVERY_CATEGORIES for each in (values, *contents)):
        yield "unknown_delivery_category"
    if any("id" not in item for item in contents):
        yield "content_without_id"


def _contents_violation(contents: list[object]) -> Violation | None:
    for number, item in enumerate(contents):
        found = departure(item, CONTENT, f"{_PATH}['contents'][{number}]")
        if found is not None:
            return found
    return None
