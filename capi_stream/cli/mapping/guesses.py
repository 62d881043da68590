"""Which field a parameter is probably made from, and what an enum's symbols mean to the API, by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from capi_stream.cli.mapping.leaves import Leaf
from capi_stream.cli.mapping.names import Names
from capi_stream.intake.mapping.fitting import TAKES
from capi_stream.intake.mapping.targets import parameter_at


class Guess(NamedTuple):
    """A field for a parameter; `doubt` says why a person should look, empty where there is little."""

    leaf: Leaf
    doubt: str = ""


def guess(leaves: Sequence[Leaf], names: Names, fits: Callable[[Leaf], bool]) -> Guess | None:
    """The leaf whose name fits best; of several that fit alike the outermost, with a doubt."""
    possible = [each for each in leaves if fits(each) and not re.search(names.never, _words(each))]
    for pattern, doubt in ((names.sure, ""), (names.weak, "the name fits loosely")):
        found = [each for each in possible if re.fullmatch(rf"(\w+_)?({pattern})", each.spoken)]
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
