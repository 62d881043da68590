"""The API's parameters as one table: where each is allowed, its type, whether it is hashed, and its normal form.

The identifiers read here what to normalise and hash, the mapping and the rules which keys the API knows and what type
they have; docs/parameters.md is made of it. Every row names its source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from capi_stream.intake.parameters import normalize
from capi_stream.intake.parameters import values as closed
from capi_stream.intake.parameters.raw_values import LeftOut


class Place(StrEnum):
    """The JSON object that a parameter stands in, as a path from the event."""

    EVENT = ""
    USER_DATA = "user_data"
    CUSTOM_DATA = "custom_data"
    CONTENTS = "custom_data.contents"  # one item of the list
    APP_DATA = "app_data"
    ORIGINAL_EVENT_DATA = "original_event_data"
    ATTRIBUTION_DATA = "attribution_data"
    ATTRIBUTION_SETTING = "attribution_data.attribution_setting"


class Source(StrEnum):
    """Where Meta says that a parameter exists. `..._QUOTED`: a page that we have only as others quote it."""

    SERVER_EVENT = "server event"
    SERVER_EVENT_QUOTED = "server event, quoted"
    CUSTOMER = "customer information"
    CUSTOM_DATA_QUOTED = "custom data, quoted"
    APP_DATA = "app data"
    MESSAGING_QUOTED = "business messaging, quoted"
    SDK = "SDK"
    REQUEST = "using the API"
    BEST_PRACTICES = "best practices"


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
    `is_verbatim`, since the API compares it byte for byte. `needs_year`: `normal` takes this year as well. `values` are
    what a mapping's constants may be; a record's own values are not held to them, but where a rule does.
    """

    place: Place
    name: str
    kind: Kind = Kind.TEXT
    source: Source = Source.SDK
    hashing: Hashing = Hashing.NEVER
    is_list: bool = False
    normal: Callable[..., str | LeftOut] = normalize.plain
    needs_year: bool = False
    is_verbatim: bool = False
    is_flag_too: bool = False  # true and false beside `kind`
    values: frozenset[str] = frozenset()  # of an enum; empty: any


def _plain(place: Place, kind: Kind, source: Source, names: str) -> list[Parameter]:
    """Parameters that are sent as they are."""
    return [Parameter(place, name, kind, source) for name in names.split()]


def _chosen(place: Place, name: str, source: Source, values: frozenset[str]) -> Parameter:
    """A text of a closed set."""
    return Parameter(place, name, source=source, values=values)


def _hashed(
    name: str, normal: Callable[..., str | LeftOut], *, is_list: bool = True, source: Source = Source.CUSTOMER
) -> Parameter:
    """A user_data parameter that is hashed; `db` alone asks for the year."""
    return Parameter(
        Place.USER_DATA,
        name,
        source=source,
        hashing=Hashing.BY_SHAPE,
        is_list=is_list,
        normal=normal,
        needs_year=normal is normalize.birth_date,
    )


def _short(name: str, normal: Callable[..., str | LeftOut]) -> Parameter:
    """A part of a name or a date, which the SDK alone knows."""
    return _hashed(name, normal, is_list=False, source=Source.SDK)


def _raw(name: str, normal: Callable[..., str | LeftOut], *, is_verbatim: bool = False) -> Parameter:
    """A user_data parameter that is never hashed, and has a form of its own."""
    return Parameter(Place.USER_DATA, name, source=Source.CUSTOMER, normal=normal, is_verbatim=is_verbatim)


PARAMETERS: tuple[Parameter, ...] = (
    # The event itself. A key that is not here is refused with its whole batch.
    *_plain(Place.EVENT, Kind.TEXT, Source.SERVER_EVENT, "event_name"),
    *_plain(Place.EVENT, Kind.INTEGER, Source.SERVER_EVENT, "event_time"),
    *_plain(Place.EVENT, Kind.TEXT, Source.SERVER_EVENT, "event_id event_source_url referrer_url"),
    _chosen(Place.EVENT, "action_source", Source.SERVER_EVENT, closed.ACTION_SOURCES),
    *_plain(Place.EVENT, Kind.OBJECT, Source.SERVER_EVENT, "user_data custom_data app_data"),
    *_plain(Place.EVENT, Kind.FLAG, Source.SERVER_EVENT, "opt_out"),
    Parameter(
        Place.EVENT,
        "data_processing_options",
        Kind.TEXTS,
        Source.SERVER_EVENT,
        is_list=True,
        values=closed.LIMITED_DATA_USE,
    ),
    *_plain(Place.EVENT, Kind.INTEGER, Source.SERVER_EVENT, "data_processing_options_country"),
    *_plain(Place.EVENT, Kind.INTEGER, Source.SERVER_EVENT, "data_processing_options_state"),
    *_plain(Place.EVENT, Kind.OBJECT, Source.SERVER_EVENT_QUOTED, "original_event_data attribution_data"),
    _chosen(Place.EVENT, "messaging_channel", Source.MESSAGING_QUOTED, closed.MESSAGING_CHANNELS),
    _chosen(Place.EVENT, "customer_segmentation", Source.SERVER_EVENT_QUOTED, closed.CUSTOMER_SEGMENTATIONS),
    *_plain(Place.EVENT, Kind.TEXT, Source.SDK, "advanced_measurement_table"),
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
    _raw("client_ip_address", normalize.ip_address),
    *_plain(Place.USER_DATA, Kind.TEXT, Source.CUSTOMER, "client_user_agent"),
    _raw("fbc", normalize.browser_id, is_verbatim=True),
    _raw("fbp", normalize.browser_id, is_verbatim=True),
    *_plain(Place.USER_DATA, Kind.TEXT, Source.CUSTOMER, "subscription_id"),
    _raw("fb_login_id", normalize.number_id),
    _raw("lead_id", normalize.number_id),
    *_plain(Place.USER_DATA, Kind.TEXT, Source.CUSTOMER, "anon_id madid page_id page_scoped_user_id ctwa_clid"),
    *_plain(Place.USER_DATA, Kind.TEXT, Source.CUSTOMER, "ig_account_id ig_sid"),
    *_plain(Place.USER_DATA, Kind.TEXT, Source.MESSAGING_QUOTED, "whatsapp_business_account_id"),
    _short("f5first", normalize.first_five),
    _short("f5last", normalize.first_five),
    _short("fi", normalize.initial),
    _short("dobd", normalize.birth_day),
    _short("dobm", normalize.birth_month),
    _short("doby", normalize.birth_year),
    # What it was about. Other keys are custom properties.
    *_plain(Place.CUSTOM_DATA, Kind.NUMBER, Source.CUSTOM_DATA_QUOTED, "value"),
    Parameter(Place.CUSTOM_DATA, "currency", source=Source.CUSTOM_DATA_QUOTED, normal=normalize.currency),
    Parameter(Place.CUSTOM_DATA, "content_ids", Kind.TEXTS, is_list=True),
    Parameter(Place.CUSTOM_DATA, "contents", Kind.OBJECTS, is_list=True),
    _chosen(Place.CUSTOM_DATA, "content_type", Source.SDK, closed.CONTENT_TYPES),
    *_plain(Place.CUSTOM_DATA, Kind.TEXT, Source.SDK, "content_name content_category"),
    _chosen(Place.CUSTOM_DATA, "delivery_category", Source.SDK, closed.DELIVERY_CATEGORIES),
    *_plain(Place.CUSTOM_DATA, Kind.TEXT, Source.SDK, "order_id"),
    *_plain(Place.CUSTOM_DATA, Kind.INTEGER, Source.SDK, "num_items"),
    *_plain(Place.CUSTOM_DATA, Kind.TEXT, Source.SDK, "search_string"),
    Parameter(Place.CUSTOM_DATA, "status", is_flag_too=True),
    *_plain(Place.CUSTOM_DATA, Kind.NUMBER, Source.SDK, "predicted_ltv net_revenue"),
    *_plain(Place.CUSTOM_DATA, Kind.TEXT, Source.SDK, "item_number"),
    *_plain(Place.CONTENTS, Kind.TEXT, Source.SDK, "id"),
    *_plain(Place.CONTENTS, Kind.INTEGER, Source.SDK, "quantity"),
    *_plain(Place.CONTENTS, Kind.NUMBER, Source.SDK, "item_price"),
    _chosen(Place.CONTENTS, "delivery_category", Source.SDK, closed.DELIVERY_CATEGORIES),
    *_plain(Place.CONTENTS, Kind.TEXT, Source.SDK, "title description brand category"),
    # The device, for app events.
    *_plain(Place.APP_DATA, Kind.FLAG, Source.APP_DATA, "advertiser_tracking_enabled application_tracking_enabled"),
    Parameter(Place.APP_DATA, "extinfo", Kind.TEXTS, Source.APP_DATA, is_list=True),
    *_plain(Place.APP_DATA, Kind.TEXT, Source.APP_DATA, "campaign_ids install_referrer installer_package"),
    Parameter(Place.APP_DATA, "url_schemes", source=Source.APP_DATA, is_list=True),  # a list there, a text in the SDK
    *_plain(Place.APP_DATA, Kind.TEXT, Source.APP_DATA, "vendor_id windows_attribution_id receipt_data"),
    *_plain(Place.APP_DATA, Kind.FLAG, Source.APP_DATA, "consider_views include_dwell_data include_video_data"),
    # The earlier event that a delayed one belongs to.
    *_plain(Place.ORIGINAL_EVENT_DATA, Kind.TEXT, Source.SERVER_EVENT_QUOTED, "event_name"),
    *_plain(Place.ORIGINAL_EVENT_DATA, Kind.INTEGER, Source.SERVER_EVENT_QUOTED, "event_time"),
    *_plain(Place.ORIGINAL_EVENT_DATA, Kind.TEXT, Source.SERVER_EVENT_QUOTED, "order_id event_id"),
    # An attribution made elsewhere (beta).
    *_plain(Place.ATTRIBUTION_DATA, Kind.TEXT, Source.SERVER_EVENT_QUOTED, "ad_id"),
    *_plain(Place.ATTRIBUTION_DATA, Kind.INTEGER, Source.SERVER_EVENT_QUOTED, "touchpoint_ts"),
    *_plain(Place.ATTRIBUTION_DATA, Kind.NUMBER, Source.SERVER_EVENT_QUOTED, "attribution_share attribution_value"),
    *_plain(Place.ATTRIBUTION_DATA, Kind.TEXT, Source.SDK, "scope"),
    *_plain(Place.ATTRIBUTION_DATA, Kind.INTEGER, Source.SDK, "visit_time"),
    *_plain(Place.ATTRIBUTION_DATA, Kind.TEXT, Source.SDK, "adset_id campaign_id"),
    _chosen(Place.ATTRIBUTION_DATA, "attribution_model", Source.SDK, closed.ATTRIBUTION_MODELS),
    *_plain(Place.ATTRIBUTION_DATA, Kind.INTEGER, Source.SDK, "attr_window"),  # days
    *_plain(Place.ATTRIBUTION_DATA, Kind.TEXT, Source.SDK, "attribution_source touchpoint_type"),
    _chosen(Place.ATTRIBUTION_DATA, "attribution_method", Source.SDK, closed.ATTRIBUTION_METHODS),
    _chosen(Place.ATTRIBUTION_DATA, "decline_reason", Source.SDK, closed.DECLINE_REASONS),
    *_plain(Place.ATTRIBUTION_DATA, Kind.TEXT, Source.SDK, "auditing_token linkage_key touchpoint_id"),
    *_plain(Place.ATTRIBUTION_DATA, Kind.OBJECT, Source.SDK, "attribution_setting"),
    *_plain(Place.ATTRIBUTION_DATA, Kind.NUMBER, Source.SDK, "total_credit"),
    *_plain(Place.ATTRIBUTION_DATA, Kind.TEXT, Source.SDK, "partner_client_id"),
    *_plain(Place.ATTRIBUTION_SETTING, Kind.INTEGER, Source.SDK, "inactivity_window_hours reattribution_window_hours"),
)

BY_PLACE: Mapping[str, Mapping[str, Parameter]] = {
    place: {parameter.name: parameter for parameter in PARAMETERS if parameter.place is place} for place in Place
}
EVENT = BY_PLACE[Place.EVENT]
USER_DATA = BY_PLACE[Place.USER_DATA]
CUSTOM_DATA = BY_PLACE[Place.CUSTOM_DATA]
CONTENTS = BY_PLACE[Place.CONTENTS]
