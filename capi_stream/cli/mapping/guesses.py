"""Which field a parameter is probably made from, by the names of both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from capi_stream.cli.mapping.leaves import Leaf
from capi_stream.intake.mapping.fitting import TAKES
from capi_stream.intake.mapping.targets import parameter_at


class Guess(NamedTuple):
    """A field for a parameter; `doubt` says why a person should look, empty where there is little."""

    leaf: Leaf
    doubt: str = ""


class Names(NamedTuple):
    """How fields are called: `sure` and `weak` match the end of the path as snake_case, whole words."""

    sure: str
    weak: str = ""
    never: str = ""  # nowhere in the path


OF_OTHERS = r"\b(shop|store|seller|merchant|vendor|supplier|support|branch|venue|hotel|airline|staff|sender|employee)"
PERSON = "customer|buyer|user|member|account|guest|client|shopper|person|travell?er|contact|booker|subscriber|patient"

CUSTOMER: Mapping[str, Names] = {
    "em": Names(r"e_?mails?(_address(es)?)?|mails?", r"\w*mail\w*", OF_OTHERS),
    "ph": Names(r"(tele)?phones?(_numbers?)?|mobile(_(phone|number))?|tel|msisdn", r"\w*(phone|mobile)\w*", OF_OTHERS),
    "fn": Names(r"first_?names?|given_?names?|forename", "", OF_OTHERS),
    "ln": Names(r"last_?names?|surnames?|family_?names?", "", OF_OTHERS),
    "ge": Names(r"gender|sex"),
    "db": Names(r"(date_of_)?birth(_?(day|date))?|dob|born(_on)?"),
    "ct": Names(r"city|town", "", OF_OTHERS),
    "st": Names(
        rf"(address|home|{PERSON}|billing|shipping)_(state|province|region)", "state|province|region", OF_OTHERS
    ),
    "zp": Names(r"zip(_?code)?|post(al)?_?code|plz", "", OF_OTHERS),
    "country": Names(r"country(_(code|iso))?", "", OF_OTHERS),
    "external_id": Names(rf"external_ids?|({PERSON})_?(id|ids|number|no|uuid|key|ref)", rf"({PERSON})_\w*(id|number)"),
    "client_ip_address": Names(r"ip(_?addr(ess)?)?|remote_addr"),
    "client_user_agent": Names(r"user_?agent|ua"),
    "fbc": Names("fbc"),
    "fbp": Names("fbp"),
    "lead_id": Names("lead_?id"),
    "madid": Names(r"madid|idfa|gaid|(mobile_)?advertis(er|ing)_id"),
    "anon_id": Names(r"anon(ymous)?_?id"),
}

EVENT: Mapping[str, Names] = {
    "event_source_url": Names(
        r"(page|source|site|landing)_?ur[li]|url", r"\w*ur[li]", r"image|referr|picture|return|logo"
    ),
    "referrer_url": Names(r"referr?er(_?ur[li])?"),
}
ORDER = r"order|transaction|booking|reservation|invoice|purchase|sale|checkout"
ORDER_ID = Names(rf"({ORDER})_?(id|number|no|code|ref(erence)?|uuid)", r"id|number|uuid|reference", PERSON)
EVENT_ID = Names(r"event_?(id|uuid)|message_?id")
TIME = Names(
    r"occurred(_at)?|happened(_at)?|event_?time(stamp)?|(placed|ordered|purchased|booked|sold|paid)(_(at|on|time))?"
    rf"|({ORDER})_?(time|at|date)",
    r"\w*(created|completed|submitted)\w*|\w*time(stamp)?|at|\w+_at",
    r"update|cancel|expire|delete|depart|arriv|ship|deliver|start|end|valid",
)
CUSTOM: Mapping[str, Names] = {
    "value": Names(
        r"(grand_|order_|cart_)?(total|value|revenue)(_(amount|price|value|gross|sum))?|amount_(total|paid)",
        r"amount|price|sum|gross|net|paid|\w+_(cents|minor)",
        r"tax|vat|shipping|discount|fee|count|quantity|refund|deposit",
    ),
    "currency": Names(r"currency(_?(code|iso))?"),
    "num_items": Names(r"num_items|item_?count|number_of_items"),
    "search_string": Names(r"search_?(string|term|query)"),
    "predicted_ltv": Names(r"(predicted_)?ltv"),
}
ITEM: Mapping[str, Names] = {
    "id": Names(r"sku|ean|gtin|upc|isbn|(product|article|item|variant)_?(id|code|number|no)", r"\w*(id|code|number)"),
    "quantity": Names(r"quantity|qty|count|pieces|units"),
    "item_price": Names(
        r"(unit|item|single)?_?price(_each)?|unit_(amount|cost)", r"amount|fare|price\w*|cost", "tax|discount"
    ),
    "title": Names(r"title|product_name|name"),
    "brand": Names("brand"),
    "category": Names("category"),
}
LINES = Names(r"(line_?)?items|lines|positions|products|articles|basket|cart")
CENTS = re.compile(r"cent|minor|pence|_ct$|micros")
PIXEL = Names(r"pixel_?ids?|dataset_?ids?")
STORE = Names(r"(store|shop|brand|tenant)(_?(id|code|key))?")
TEST = Names(r"(is_)?test(_(order|event|record|mode))?")
CONSENT = Names(r"\w*(consent|opt_?(in|out))\w*")


def guess(leaves: Sequence[Leaf], names: Names, fits: Callable[[Leaf], bool]) -> Guess | None:
    """The leaf whose name fits best; of several that fit alike the outermost, with a doubt."""
    possible = [each for each in leaves if fits(each) and not (names.never and re.search(names.never, _words(each)))]
    for pattern, doubt in ((names.sure, ""), (names.weak, "the name fits loosely")):
        found = [each for each in possible if pattern and re.fullmatch(rf"(\w+_)?({pattern})", each.spoken)]
        if found:
            others = [".".join((*each.within, *each.path)) for each in found[1:4]]
            also = f"there is {' and '.join(others)} too" if others else ""
            return Guess(found[0], "; ".join(filter(None, (doubt, also))))
    return None


def _words(leaf: Leaf) -> str:
    """The path with its words apart, so that a pattern can ask for the beginning of one."""
    return leaf.spoken.replace("_", " ")


def fitting(makes: str) -> Callable[[Leaf], bool]:
    """Whether what is at a leaf may become the parameter `makes`."""
    parameter = parameter_at(makes)
    assert parameter is not None
    takes = TAKES[parameter.kind] | ({"list"} if parameter.is_list else set())

    def fits(leaf: Leaf) -> bool:
        return bool(leaf.kinds) and leaf.kinds <= takes and not leaf.is_time

    return fits


STANDARD_EVENTS: Mapping[str, str] = {
    "PageView": "page_view",
    "ViewContent": "view_content product_view",
    "Search": "search",
    "AddToCart": "add_to_cart cart_add",
    "AddToWishlist": "add_to_wishlist",
    "CustomizeProduct": "customize_product",
    "InitiateCheckout": "initiate_checkout begin_checkout checkout",
    "AddPaymentInfo": "add_payment_info",
    "Purchase": "purchase purchased order ordered order_placed order_paid sale booking booked paid confirmed placed",
    "Lead": "lead",
    "CompleteRegistration": "complete_registration sign_up signup registration registered",
    "Contact": "contact",
    "FindLocation": "find_location",
    "Schedule": "schedule",
    "StartTrial": "start_trial trial_started trial",
    "SubmitApplication": "submit_application",
    "Subscribe": "subscribe subscribed subscription_started",
    "Donate": "donate donation",
}
"""Meta's names of events, and what symbols of an enum mean them."""

ACTION_SOURCES: Mapping[str, str] = {
    "website": "web website online browser desktop mobile_web",
    "app": "app mobile_app ios android",
    "physical_store": "store physical_store till pos retail shop branch counter",
    "phone_call": "phone phone_call call_center call_centre telephone",
    "chat": "chat",
    "email": "email mail",
    "system_generated": "system_generated system auto_renewal",
    "business_messaging": "business_messaging whatsapp",
    "other": "other",
}
"""Values of action_source, and what symbols of an enum mean them."""


def translated(symbols: Iterable[str], meanings: Mapping[str, str]) -> dict[str, str]:
    """The symbols of an enum that `meanings` knows, and what they mean."""
    known = {word: meaning for meaning, words in meanings.items() for word in words.split()}
    return {symbol: known[symbol.lower()] for symbol in symbols if symbol.lower() in known}
