"""The API's documented errors, a row each, and the bodies in which they come.

Source: the reference, sections 7 (errors) and 8 (Gateway). The Gateway documents no error body: only its status counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiError:
    """One error. `title` is what `error_user_title` says; `gateway_status` is how a Gateway says the same."""

    status: int
    code: int
    subcode: int | None
    message: str
    gateway_status: int
    title: str = ""
    is_transient: bool = False


def _bad(subcode: int | None, title: str = "Invalid parameter") -> ApiError:
    return ApiError(400, 100, subcode, "Invalid parameter", 400, title)


ERRORS: dict[str, ApiError] = {
    # Outages: the same request may pass later.
    "unknown": ApiError(500, 1, None, "An unknown error occurred", 500),
    "unknown_hint": ApiError(500, 1, 99, "An unknown error occurred", 500),
    "transient": ApiError(500, 2, None, "Service temporarily unavailable", 503, is_transient=True),
    "transient_data": ApiError(400, 100, None, "Invalid parameter, for the moment", 503, is_transient=True),
    "unknown_code": ApiError(500, 5000, None, "Unknown error code", 500),
    "not_ready": ApiError(400, 21009, None, "The data set upload is temporarily not ready", 503),
    "internal": ApiError(500, -3, None, "An internal error occurred", 500),
    "unclassified": ApiError(400, 987654, None, "An error that nobody has documented", 418),
    # Throttling. The API sends these as 400, not as 429.
    "app_limit": ApiError(400, 4, 1504022, "(#4) Application request limit reached", 429),
    "app_downtime": ApiError(400, 341, None, "Application limit reached", 429),
    "user_limit": ApiError(400, 17, 2446079, "(#17) User request limit reached", 429),
    "page_limit": ApiError(400, 32, None, "(#32) Page request limit reached", 429),
    "account_limit": ApiError(400, 613, 1487742, "(#613) Calls to this api have exceeded the rate limit.", 429),
    "business_limit": ApiError(400, 80004, 2446079, "(#80004) There have been too many calls to this account.", 429),
    "blocked": ApiError(400, 368, None, "The action attempted has been deemed abusive or is disallowed", 403),
    # The token.
    "token_invalid": ApiError(400, 190, None, "Invalid OAuth access token - Cannot parse access token", 401),
    "token_expired": ApiError(400, 190, 463, "Error validating access token: Session has expired", 401),
    "session_invalid": ApiError(400, 102, None, "Session key invalid or no longer valid", 401),
    "signature": ApiError(400, 104, None, "Incorrect signature", 401),
    "proof_missing": ApiError(400, 100, None, "API calls from the server require an appsecret_proof argument", 401),
    # Rights and the pixel.
    "capability_missing": ApiError(400, 3, None, "(#3) Application does not have the capability", 403),
    "permission_missing": ApiError(403, 200, None, "(#200) Permissions error", 403),
    "permission_denied": ApiError(403, 10, None, "(#10) Application does not have permission for this action", 403),
    "management_missing": ApiError(403, 294, None, "(#294) Managing advertisements requires ads_management", 403),
    "unknown_pixel": ApiError(400, 100, 33, "Unsupported post request: no such object, or no permission for it", 404),
    "not_found": ApiError(404, 100, 34, "The requested resource was not found", 404),
    "alias_missing": ApiError(404, 803, None, "(#803) Some of the aliases you requested do not exist", 404),
    # The data. One bad event rejects the whole request.
    "invalid": _bad(None),
    "schema": _bad(2804019, "Server Side Api Parameter Error"),
    "too_old": _bad(2804003, "Event Timestamp Too Old"),
    "in_future": _bad(2804004, "Event Timestamp In The Future"),
    "click_id": _bad(2804001, "Click ID Incorrectly Formatted"),
    "missing_value": _bad(2804009, "Missing Value for Purchase Event"),
    "not_hashed": _bad(2804016, "User Parameter Not Hashed"),
    "too_broad": _bad(2804050, "Insufficient or Too Broad Customer Information"),
    "data_2804007": _bad(2804007),
    "data_2804017": _bad(2804017),
    "data_2804048": _bad(2804048),
    "ldu_required": _bad(2804030, "Data Processing Options Required"),
    "offline_invalid": _bad(1815356, "Array of Events Invalid"),
    "too_many_parameters": ApiError(400, 105, None, "The number of parameters exceeded the maximum", 400),
    "reduce_data": ApiError(500, 1, None, "Please reduce the amount of data you're asking for, then retry", 413),
    # The request itself.
    "unknown_path": ApiError(400, 2500, None, "Unknown path components", 404),
}


def error_body(
    error: ApiError, fbtrace_id: str, user_message: str = "", error_data: Mapping[str, object] | None = None
) -> bytes:
    """Graph's envelope around `error`. `error_data` goes out as a JSON string, one of the two forms on record."""
    inner: dict[str, object] = {
        "message": error.message,
        "type": "OAuthException",
        "code": error.code,
        "fbtrace_id": fbtrace_id,
    }
    if error.subcode is not None:
        inner["error_subcode"] = error.subcode
    if error.code == 100 or error.is_transient:
        inner["is_transient"] = error.is_transient
    if error.title:
        inner |= {"error_user_title": error.title, "error_user_msg": user_message or error.title}
    if error_data is not None:
        inner["error_data"] = json.dumps(error_data)
    return json.dumps({"error": inner}).encode()


def gateway_error_body(error: ApiError, text: str = "") -> bytes:
    """A Gateway's error body: undocumented, so a plain one that a sender must not lean on."""
    return json.dumps({"error": text or error.message}).encode()
