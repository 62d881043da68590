"""How fields are called that a parameter is made from: English here, five more languages from `words.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from capi_stream.cli.mapping.words import words


class Names(NamedTuple):
    """Patterns: `sure` and `weak` match the end of the path as snake_case, whole words; `never` is nowhere in it."""

    sure: str
    weak: str
    never: str


def named(row: str, sure: str, weak: str = r"(?!)", never: str = r"(?!)") -> Names:
    """English patterns, and the words of that row."""
    begins = rf"\b({words(row, '!')})"
    return Names(f"{sure}|{words(row)}", f"{weak}|{words(row, '?')}", f"{never}|{begins}")


PERSON = (
    "customer|buyer|user|member|account|guest|client|shopper|person|travell?er|contact|booker|subscriber|patient|"
    + words("person")
)
OF_OTHERS = (
    r"\b(shop|store|seller|merchant|vendor|supplier|support|branch|venue|hotel|airline|staff|sender|employee|"
    rf"{words('others')})"
)
ORDER = rf"order|transaction|booking|reservation|invoice|purchase|sale|checkout|{words('order')}"
ITEM_NAME = rf"product|article|item|variant|{words('item')}"
NUMBER = rf"id|ids|number|no|code|ref(erence)?|uuid|key|{words('number')}"


def numbered(what: str) -> str:
    """The number or id of something, whichever comes first: `order_id`, `numero_de_commande`."""
    return rf"({what})_?({NUMBER})|({NUMBER})_?((de|di|d|del)_)?({what})"


CUSTOMER: Mapping[str, Names] = {
    "em": named("em", r"e_?mails?(_address(es)?)?|mails?", r"\w*mail\w*", OF_OTHERS),
    "ph": named(
        "ph",
        r"(tele)?phones?(_numbers?)?|mobile(_(phone|number))?|tel|msisdn",
        r"\w*(phone|mobile|telefon)\w*",
        OF_OTHERS,
    ),
    "fn": named("fn", r"first_?names?|given_?names?|forename", never=OF_OTHERS),
    "ln": named("ln", r"last_?names?|surnames?|family_?names?", never=OF_OTHERS),
    "ge": named("ge", r"gender|sex"),
    "db": named("db", r"(date_of_)?birth(_?(day|date))?|dob|born(_on)?"),
    "ct": named("ct", r"city|town", never=OF_OTHERS),
    "st": named(
        "st", rf"(address|home|{PERSON}|billing|shipping)_(state|province|region)", "state|province|region", OF_OTHERS
    ),
    "zp": named("zp", r"zip(_?code)?|post(al)?_?code", never=OF_OTHERS),
    "country": named("country", r"country(_(code|iso))?", never=OF_OTHERS),
    "external_id": named("external_id", rf"external_ids?|{numbered(PERSON)}", rf"({PERSON})_\w*(id|number)"),
    "client_ip_address": named("client_ip_address", r"ip(_?addr(ess)?)?|remote_addr"),
    "client_user_agent": named("client_user_agent", r"user_?agent|ua"),
    "fbc": named("fbc", "fbc"),
    "fbp": named("fbp", "fbp"),
    "lead_id": named("lead_id", r"lead_?id"),
    "madid": named("madid", r"madid|idfa|gaid|(mobile_)?advertis(er|ing)_id"),
    "anon_id": named("anon_id", r"anon(ymous)?_?id"),
}

EVENT: Mapping[str, Names] = {
    "event_source_url": named(
        "event_source_url",
        r"(page|source|site|landing)_?ur[li]|url",
        r"\w*ur[li]",
        r"image|referr|picture|return|logo",
    ),
    "referrer_url": named("referrer_url", r"referr?er(_?ur[li])?"),
}
EVENT_NAME = named("event_name", r"event_?(name|type|kind)")
EVENT_ID = named("event_id", r"event_?(id|uuid)|message_?id")
ORDER_ID = named("order_id", numbered(ORDER), rf"id|uuid|number|reference|{words('number')}", rf"\b({PERSON})")
TIME = named(
    "event_time",
    r"occurred(_at)?|happened(_at)?|event_?time(stamp)?|(placed|ordered|purchased|booked|sold|paid)(_(at|on|time))?"
    rf"|({ORDER})_?(time|at|date)",
    r"\w*(created|completed|submitted)\w*|\w*time(stamp)?|at|\w+_at",
    r"update|cancel|expire|delete|depart|arriv|ship|deliver|start|end|valid",
)

AS_TEXT = r"_?(text|txt|str|string)"
CENTS = r"_?(in_?)?(cents?|pence|pennies|centimes?|centavos?|centesimi|minor(_units?)?)|_(in_)?ct"


def amount(called: Names) -> Names:
    """The same names, and with a word behind them that says how the amount is written."""
    behind = rf"({CENTS})?({AS_TEXT})?"
    return Names(f"({called.sure}){behind}", f"({called.weak}){behind}", called.never)


VALUE = amount(
    named(
        "value",
        r"(grand_|order_|cart_)?(total|value|revenue)(_(amount|price|value|gross|sum))?|amount_(total|paid)",
        rf"amount|price|sum|gross|net|paid|\w+_({CENTS})",
        r"tax|vat|shipping|discount|fee|count|quantity|refund|deposit",
    )
)
CUSTOM: Mapping[str, Names] = {
    "currency": named("currency", r"currency(_?(code|iso))?"),
    "num_items": named("num_items", r"num_items|item_?count|number_of_items"),
    "search_string": named("search_string", r"search_?(string|term|query)"),
    "predicted_ltv": named("predicted_ltv", r"(predicted_)?ltv"),
}
ITEM: Mapping[str, Names] = {
    "id": named("id", rf"sku|ean|gtin|upc|isbn|{numbered(ITEM_NAME)}", rf"\w*(id|code|number)|{words('number')}"),
    "quantity": named("quantity", r"quantity|qty|count|pieces|units"),
    "item_price": amount(
        named(
            "item_price",
            r"(unit|item|single)?_?price(_each)?|unit_(amount|cost)",
            r"amount|fare|price\w*|cost",
            "tax|discount",
        )
    ),
    "title": named("title", r"title|product_name|name"),
    "brand": named("brand", "brand"),
    "category": named("category", "category"),
}
LINES = named("contents", r"(line_?)?items|lines|positions|products|articles|basket|cart")
PIXEL = named("pixel", r"pixel_?ids?|dataset_?ids?")
STORE = named("store", r"(store|shop|brand|tenant)(_?(id|code|key))?")
TEST = named("test", r"(is_)?test(_(order|event|record|mode))?")
CONSENT = named("consent", r"\w*(consent|opt_?(in|out))\w*")
