"""The rules of `custom_data`: what a Purchase needs, and how contents look.

Source: the reference, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping

from capi_stream.sandbox.shapes import (
    INTEGER,
    LIST,
    NUMBER,
    SCALAR_OR_LIST,
    TEXT,
    Types,
    Violation,
    departure,
    missing,
    must_be,
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
    "status": (str, bool),
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

_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF"
    " CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF"
    " GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD"
    " LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP"
    " PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND"
    " TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
    " CUC HRK ZWL"
)
CURRENCIES = frozenset(_CODES.split())
"""ISO 4217, with codes that were withdrawn lately and are still met."""

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
    return (
        _choice_violation(values, "content_type", CONTENT_TYPES)
        or _choice_violation(values, "delivery_category", DELIVERY_CATEGORIES)
        or _contents_violation(values.get("contents", []))
    )


def purchase_violation(custom_data: Mapping[str, object]) -> Violation | None:
    """What a Purchase lacks: it needs a value and a currency; None if it has both."""
    if "value" not in custom_data:
        return Violation("missing_value", f"{_PATH}['value']", "A Purchase event needs a value.")
    return None if custom_data.get("currency") else missing(_PATH, "currency")


def _contents_violation(contents: list[object]) -> Violation | None:
    for number, item in enumerate(contents):
        path = f"{_PATH}['contents'][{number}]"
        found = departure(item, CONTENT, path)
        if found is not None:
            return found
        assert isinstance(item, dict)
        found = _choice_violation(item, "delivery_category", DELIVERY_CATEGORIES, path)
        if found is not None:
            return found
    return None


def _choice_violation(
    values: Mapping[str, object], key: str, choices: frozenset[str], path: str = _PATH
) -> Violation | None:
    value = values.get(key)
    if value is None or value in choices:
        return None
    return must_be(f"{path}['{key}']", f"one of {', '.join(sorted(choices))}")
