"""docs/parameters.md, drawn from the tables.

`python -m capi_stream.intake.parameters.reference > docs/parameters.md`
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping

from capi_stream.intake.parameters import normalize
from capi_stream.intake.parameters.request_parameters import REQUEST
from capi_stream.intake.parameters.table import BY_PLACE, Hashing, Kind, Parameter, Place
from capi_stream.intake.parameters.values import EXTINFO, LDU_COUNTRIES, LDU_STATES

_HEAD = """# Parameters

Every parameter of the Conversions API that can be set, by the object that it stands in. Generated from the tables that
the service itself reads; a test holds the two together. What a parameter is made from is said in the
[mapping](mapping.md); why an event is refused, in [dead letters](dead-letters.md).

* **several**: a list of values is taken as well as one. In `user_data` such a parameter is always sent as a list.
* **hashed**: SHA-256 of the normal form, in lowercase hex. Values that somebody has hashed before are sent as they are
  (for `external_id`, see `identifiers.external_id_hashing`).
* **values**: what constants of a mapping may be. Values out of records are not held to them, since Meta may know new
  ones before we do; only an unknown `action_source` or data processing option is refused.
* **source**: Meta's page, or the official Python SDK (`facebook-business` 26.0.3) where no page lists the parameter.
  *quoted*: we know the page only from quotations.

A column that a table lacks has nothing in it. Whole numbers are written as digits where a parameter is text.
"""
_REQUEST_HEAD = """## The request
Beside the events, in each post to the Graph API. A Gateway gets none of them: it does not forward them. They are the
configuration's, not the mapping's.

"""
_COLUMNS = ("parameter", "type", "several", "hashed", "normal form", "values", "source")
_TITLES: Mapping[Place, tuple[str, str]] = {
    Place.EVENT: ("The event", "Any other key is refused by the API, with the whole batch."),
    Place.USER_DATA: ("user_data", "At least one, and not only such as fit too many people."),
    Place.CUSTOM_DATA: (
        "custom_data",
        "Any other key is a custom property. `value` and `currency` are a Purchase's due.",
    ),
    Place.CONTENTS: ("custom_data.contents", "One item of the list. Any other key is refused by the API."),
    Place.APP_DATA: (
        "app_data",
        "For `action_source` `app`, which needs `advertiser_tracking_enabled` and `extinfo`.",
    ),
    Place.ORIGINAL_EVENT_DATA: ("original_event_data", "The earlier event that a delayed one belongs to."),
    Place.ATTRIBUTION_DATA: (
        "attribution_data",
        "An attribution made elsewhere (beta): `AppendAttribution` needs it. Times are Unix seconds, shares 0 to 1.",
    ),
    Place.ATTRIBUTION_SETTING: ("attribution_data.attribution_setting", "The windows of that attribution."),
}
_TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.INTEGER: "whole number",
    Kind.NUMBER: "number",
    Kind.FLAG: "true, false, 0 or 1",
    Kind.TEXTS: "list of texts",
    Kind.OBJECT: "object",
    Kind.OBJECTS: "list of objects",
}
_META = "https://developers.facebook.com/"
_NEW_PAGES = f"{_META}documentation/ads-commerce/conversions-api/"
_OLD_PAGES = f"{_META}docs/marketing-api/conversions-api/"
_LINKS: Mapping[str, str] = {
    "server event": f"{_NEW_PAGES}parameters/server-event",
    "customer information": f"{_NEW_PAGES}parameters/customer-information-parameters",
    "custom data": f"{_OLD_PAGES}parameters/custom-data",
    "app data": f"{_NEW_PAGES}parameters/app-data",
    "business messaging": f"{_NEW_PAGES}business-messaging",
    "data processing options": f"{_META}documentation/ads-commerce/marketing-api/overview/data-processing-options",
    "using the API": f"{_OLD_PAGES}using-the-api/",
    "best practices": f"{_NEW_PAGES}best-practices",
    "SDK": "https://github.com/facebook/facebook-python-business-sdk",
}


def page() -> str:
    """The whole page."""
    sections = [_section(place, title, text) for place, (title, text) in _TITLES.items()]
    return "\n".join([_HEAD.rstrip("\n") + "\n", _request(), *sections, _extinfo(), _limited_data_use(), _sources()])


def _request() -> str:
    rows = ((f"`{each.name}`", f"`{each.setting}`", each.meaning, each.source) for each in REQUEST)
    return _REQUEST_HEAD + _table(("parameter", "setting", "meaning", "source"), rows)


def _section(place: Place, title: str, text: str) -> str:
    name = title if place is Place.EVENT else f"`{title}`"
    columns = list(zip(_COLUMNS, *map(_row, BY_PLACE[place].values()), strict=True))
    head, *rows = zip(*(column for column in columns if any(column[1:])), strict=True)
    return f"## {name}\n{text}\n\n{_table(head, rows)}"


def _row(parameter: Parameter) -> tuple[str, ...]:
    return (
        f"`{parameter.name}`",
        "text, true or false" if parameter.is_flag_too else _TYPES[parameter.kind],
        "yes" if parameter.is_list and parameter.kind is Kind.TEXT else "",
        "" if parameter.hashing is Hashing.NEVER else "yes",
        _normal_form(parameter),
        " ".join(f"`{value}`" for value in sorted(parameter.values)),
        parameter.source,
    )


def _normal_form(parameter: Parameter) -> str:
    """The first sentence of the docstring of the function that makes it, without the names before its colon."""
    if parameter.place is not Place.USER_DATA and parameter.normal is normalize.plain:
        return ""
    line, *_ = (parameter.normal.__doc__ or "").splitlines()
    return line.partition(": ")[2].rstrip(".").replace("|", "\\|")


def _extinfo() -> str:
    slots = ((str(slot), f"`{name}`") for slot, name in enumerate(EXTINFO))
    text = (
        'A list of 16, in this order. All are sent, `""` where there is no value; 0 is `a2` or `i2`, and 4 is needed.'
    )
    return f"## The slots of `extinfo`\n{text}\n\n" + _table(("slot", "value"), slots)


def _limited_data_use() -> str:
    text = (
        'With `data_processing_options` `["LDU"]` a country is needed, and a state, unless the country is 0 and the\n'
        "event has `client_ip_address`. `[]` says that it is off. Other numbers than these are sent too. The states\n"
        "are quoted from the page of data processing options."
    )
    countries = (
        ("`data_processing_options_country`", f"`{number}`", meaning) for number, meaning in LDU_COUNTRIES.items()
    )
    states = (("`data_processing_options_state`", f"`{number}`", meaning) for number, meaning in LDU_STATES.items())
    return f"## Limited data use\n{text}\n\n" + _table(("parameter", "value", "meaning"), [*countries, *states])


def _sources() -> str:
    return "## Sources\n" + _table(("source", "page"), ((source, f"<{link}>") for source, link in _LINKS.items()))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(_lines(head, rows))


def _lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |\n"
    yield "|---" * len(head) + "|\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
