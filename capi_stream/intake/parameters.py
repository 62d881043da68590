"""The API's parameters as one table: where each is allowed, its type, whether it is hashed, and its normal form.

The mapping reads here what to normalise and hash; the rules read which keys the API knows and what type they have.
Sources: Meta's pages of server event, customer information, custom data and app data parameters, and its Python SDK
for the keys that no page lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from capi_stream.intake import normalize
from capi_stream.intake.raw_values import MALFORMED, LeftOut, already_hashed, hash_of, text_of


class Place(StrEnum):
    """The JSON object that a parameter stands in, as a path from the event."""

    EVENT = ""
    USER_DATA = "user_data"
    CUSTOM_DATA = "custom_data"
    CONTENTS = "custom_data.contents"  # one item of the list
    APP_DATA = "app_data"
    ORIGINAL_EVENT_DATA = "original_event_data"
    ATTRIBUTION_DATA = "attribution_data"


class Kind(StrEnum):
    """A parameter's JSON type."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"  # true, false, 0 or 1
    TEXTS = "texts"  # a list of text
    OBJECT = "object"
    OBJECTS = "objects"  # a list of objects


class Hashing(StrEnum):
    """Whether a value leaves as its SHA-256."""

    NEVER = "never"
    BY_SHAPE = "by_shape"  # unless it looks hashed already
    ALWAYS = "always"  # for ids that only look like a hash, such as a UUID without dashes


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table.

    `is_list`: the API takes one value or a list. `normal` gives the normal form of trimmed text; of the raw text where
    `is_verbatim`, since the API compares it byte for byte. `needs_year`: `normal` takes this year as well.
    """

    place: Place
    name: str
    kind: Kind = Kind.TEXT
    hashing: Hashing = Hashing.NEVER
    is_list: bool = False
    normal: Callable[..., str | LeftOut] = normalize.plain
    needs_year: bool = False
    is_verbatim: bool = False
    values: frozenset[str] = frozenset()  # of an enum; empty: any


class Form(NamedTuple):
    """A value's normal form, and what is sent: its hash, or the same text."""

    normal: str
    sent: str


def form_of(parameter: Parameter, raw: object, this_year: int) -> Form | LeftOut:
    """The normal form of one raw value and what is sent for it. `this_year` bounds a date of birth."""
    text = text_of(raw)
    if isinstance(text, LeftOut):
        return text
    if parameter.is_verbatim and text != raw:
        return MALFORMED
    if parameter.hashing is Hashing.BY_SHAPE and (hashed := already_hashed(text)):
        return Form(hashed, hashed)
    normal = parameter.normal(text, this_year) if parameter.needs_year else parameter.normal(text)
    if isinstance(normal, LeftOut):
        return normal
    return Form(normal, normal if parameter.hashing is Hashing.NEVER else hash_of(normal))


def identifier(parameter: Parameter, raw: object, this_year: int) -> str | LeftOut:
    """What is sent for one raw value of a user_data parameter: normalised and, where the table says so, hashed.

    A list is the caller's: one call a value. Look the parameter up once (`USER_DATA["em"]`), not per event.
    """
    form = form_of(parameter, raw, this_year)
    return form if isinstance(form, LeftOut) else form.sent


ACTION_SOURCES = frozenset(
    {
        "website",
        "app",
        "physical_store",
        "email",
        "phone_call",
        "chat",
        "system_generated",
        "business_messaging",
        "other",
    }
)
MESSAGING_CHANNELS = frozenset({"whatsapp", "messenger", "instagram"})
DELIVERY_CATEGORIES = frozenset({"in_store", "curbside", "home_delivery"})
CONTENT_TYPES = frozenset({"product", "product_group"})
EXTINFO = (
    "version",
    "package",
    "short_version",
    "long_version",
    "os_version",
    "model",
    "locale",
    "timezone_abbreviation",
    "carrier",
    "screen_width",
    "screen_height",
    "screen_density",
    "cpu_cores",
    "disk_gigabytes",
    "free_disk_gigabytes",
    "device_timezone",
)
"""The slots of app_data.extinfo, in Meta's order: all 16 are sent, `""` where a value is missing (app data page)."""


def _plain(place: Place, kind: Kind, names: str) -> list[Parameter]:
    """Parameters that are sent as they are."""
    return [Parameter(place, name, kind) for name in names.split()]


def _hashed(name: str, normal: Callable[..., str | LeftOut], *, is_list: bool = True) -> Parameter:
    """A user_data parameter that is hashed; `db` alone asks for the year."""
    needs_year = normal is normalize.birth_date
    return Parameter(
        Place.USER_DATA, name, hashing=Hashing.BY_SHAPE, is_list=is_list, normal=normal, needs_year=needs_year
    )


PARAMETERS: tuple[Parameter, ...] = (
    # The event itself. A key that is not here is refused with its whole batch.
    *_plain(Place.EVENT, Kind.TEXT, "event_name event_id event_source_url referrer_url customer_segmentation"),
    *_plain(Place.EVENT, Kind.TEXT, "advanced_measurement_table"),
    *_plain(Place.EVENT, Kind.INTEGER, "event_time data_processing_options_country data_processing_options_state"),
    *_plain(Place.EVENT, Kind.OBJECT, "user_data custom_data app_data original_event_data attribution_data"),
    Parameter(Place.EVENT, "opt_out", Kind.FLAG),
    Parameter(Place.EVENT, "data_processing_options", Kind.TEXTS, is_list=True),
    Parameter(Place.EVENT, "action_source", values=ACTION_SOURCES),
    Parameter(Place.EVENT, "messaging_channel", values=MESSAGING_CHANNELS),
    # Who it was.
    _hashed("em", normalize.email),
    _hashed("ph", normalize.phone),
    _hashed("fn", normalize.name),
    _hashed("ln", normalize.name),
    _hashed("db", normalize.birth_date),
    _hashed("ge", normalize.gender),
    _hashed("ct", normalize.city),
    _hashed("st", normalize.state),
    _hashed("zp", normalize.postal_code),
    _hashed("country", normalize.country),
    _hashed("external_id", normalize.external_id),
    _hashed("f5first", normalize.first_five, is_list=False),
    _hashed("f5last", normalize.first_five, is_list=False),
    _hashed("fi", normalize.initial, is_list=False),
    _hashed("dobd", normalize.birth_day, is_list=False),
    _hashed("dobm", normalize.birth_month, is_list=False),
    _hashed("doby", normalize.birth_year, is_list=False),
    Parameter(Place.USER_DATA, "client_ip_address", normal=normalize.ip_address),
    Parameter(Place.USER_DATA, "fbc", normal=normalize.browser_id, is_verbatim=True),
    Parameter(Place.USER_DATA, "fbp", normal=normalize.browser_id, is_verbatim=True),
    Parameter(Place.USER_DATA, "lead_id", normal=normalize.number_id),
    Parameter(Place.USER_DATA, "fb_login_id", normal=normalize.number_id),
    *_plain(Place.USER_DATA, Kind.TEXT, "client_user_agent subscription_id anon_id madid page_id page_scoped_user_id"),
    *_plain(Place.USER_DATA, Kind.TEXT, "ctwa_clid ig_account_id ig_sid whatsapp_business_account_id"),
    # What it was about. Other keys are custom properties.
    *_plain(Place.CUSTOM_DATA, Kind.NUMBER, "value predicted_ltv net_revenue"),
    Parameter(Place.CUSTOM_DATA, "currency", normal=normalize.currency),
    Parameter(Place.CUSTOM_DATA, "content_ids", Kind.TEXTS, is_list=True),
    Parameter(Place.CUSTOM_DATA, "contents", Kind.OBJECTS, is_list=True),
    Parameter(Place.CUSTOM_DATA, "num_items", Kind.INTEGER),
    Parameter(Place.CUSTOM_DATA, "content_type", values=CONTENT_TYPES),
    Parameter(Place.CUSTOM_DATA, "delivery_category", values=DELIVERY_CATEGORIES),
    *_plain(Place.CUSTOM_DATA, Kind.TEXT, "content_name content_category order_id search_string status item_number"),
    *_plain(Place.CONTENTS, Kind.TEXT, "id title description brand category"),
    Parameter(Place.CONTENTS, "quantity", Kind.INTEGER),
    Parameter(Place.CONTENTS, "item_price", Kind.NUMBER),
    Parameter(Place.CONTENTS, "delivery_category", values=DELIVERY_CATEGORIES),
    # The device, for app events.
    *_plain(Place.APP_DATA, Kind.FLAG, "advertiser_tracking_enabled application_tracking_enabled consider_views"),
    *_plain(Place.APP_DATA, Kind.FLAG, "include_dwell_data include_video_data"),
    *_plain(Place.APP_DATA, Kind.TEXT, "campaign_ids install_referrer installer_package vendor_id receipt_data"),
    *_plain(Place.APP_DATA, Kind.TEXT, "windows_attribution_id"),
    Parameter(Place.APP_DATA, "extinfo", Kind.TEXTS, is_list=True),
    Parameter(Place.APP_DATA, "url_schemes", Kind.TEXTS, is_list=True),
    # The earlier event that a delayed one belongs to.
    *_plain(Place.ORIGINAL_EVENT_DATA, Kind.TEXT, "event_name order_id event_id"),
    Parameter(Place.ORIGINAL_EVENT_DATA, "event_time", Kind.INTEGER),
    # An attribution made elsewhere (beta).
    *_plain(Place.ATTRIBUTION_DATA, Kind.TEXT, "ad_id adset_id campaign_id scope attr_window attribution_source"),
    *_plain(Place.ATTRIBUTION_DATA, Kind.TEXT, "touchpoint_type touchpoint_id attribution_method decline_reason"),
    *_plain(Place.ATTRIBUTION_DATA, Kind.TEXT, "auditing_token linkage_key partner_client_id attribution_model"),
    *_plain(Place.ATTRIBUTION_DATA, Kind.INTEGER, "touchpoint_ts visit_time"),
    *_plain(Place.ATTRIBUTION_DATA, Kind.NUMBER, "attribution_share attribution_value total_credit"),
    Parameter(Place.ATTRIBUTION_DATA, "attribution_setting", Kind.OBJECT),
)

BY_PLACE: Mapping[str, Mapping[str, Parameter]] = {
    place: {parameter.name: parameter for parameter in PARAMETERS if parameter.place is place} for place in Place
}
EVENT = BY_PLACE[Place.EVENT]
USER_DATA = BY_PLACE[Place.USER_DATA]
CUSTOM_DATA = BY_PLACE[Place.CUSTOM_DATA]
CONTENTS = BY_PLACE[Place.CONTENTS]
APP_DATA = BY_PLACE[Place.APP_DATA]
