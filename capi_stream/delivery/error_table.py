"""The API's errors as a table: what each code blames, by Meta's own numbers and never by its translated texts.

Sources: "Error Reference", "Rate Limiting" and "Handling Errors" of the Graph and Marketing APIs; for the subcodes
28040xx, which Meta documents nowhere, answers on record in the trackers of public senders.
"""

from __future__ import annotations

from dataclasses import dataclass

from capi_stream.delivery.outcomes import Scope


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an error means. With a `scope`, that is unavailable; without, the data itself is invalid."""

    reason: str
    scope: Scope | None = None


SERVICE_DOWN = Verdict("service_down", Scope.ENDPOINT)
SERVER_ERROR = Verdict("server_error", Scope.ENDPOINT)
UNREADABLE = Verdict("unreadable_answer", Scope.ENDPOINT)
UNKNOWN_ERROR = Verdict("unknown_error", Scope.PIXEL)
TRANSIENT = Verdict("transient", Scope.PIXEL)
NOT_READY = Verdict("not_ready", Scope.PIXEL)
UNCLASSIFIED = Verdict("unclassified", Scope.PIXEL)
THROTTLED = Verdict("throttled", Scope.CREDENTIAL)
APP_LIMIT = Verdict("app_limit", Scope.CREDENTIAL)
USER_LIMIT = Verdict("user_limit", Scope.CREDENTIAL)
ACCOUNT_LIMIT = Verdict("account_limit", Scope.CREDENTIAL)
BUSINESS_LIMIT = Verdict("business_limit", Scope.CREDENTIAL)
ABUSE_LIMIT = Verdict("blocked", Scope.CREDENTIAL)
BLOCKED = Verdict("blocked", Scope.PIXEL)
TOKEN_INVALID = Verdict("token_invalid", Scope.CREDENTIAL)
PERMISSION_MISSING = Verdict("permission_missing", Scope.PIXEL)
UNKNOWN_PIXEL = Verdict("unknown_pixel", Scope.PIXEL)
INVALID = Verdict("invalid_parameter")
TOO_LARGE = Verdict("too_large")

CODES: dict[tuple[int, int | None], Verdict] = {
    # The service. Its data can cause code 1 as well, so a batch is halved after several attempts.
    (1, None): UNKNOWN_ERROR,
    (1, 99): UNKNOWN_ERROR,
    (2, None): SERVICE_DOWN,
    (5000, None): UNKNOWN_ERROR,
    (21009, None): NOT_READY,
    # Limits. They come as HTTP 400.
    (4, None): APP_LIMIT,
    (4, 1504022): APP_LIMIT,
    (4, 1504039): APP_LIMIT,
    (341, None): APP_LIMIT,
    (17, None): USER_LIMIT,
    (17, 2446079): USER_LIMIT,
    (32, None): USER_LIMIT,
    (613, 1487742): ACCOUNT_LIMIT,
    (613, 5044001): ACCOUNT_LIMIT,
    (613, None): ABUSE_LIMIT,  # without a subcode it is the abuse limit, seen to last longer than 5 minutes
    **{(code, None): BUSINESS_LIMIT for code in range(80000, 80015)},
    **{(code, 2446079): BUSINESS_LIMIT for code in range(80000, 80015)},
    (368, None): BLOCKED,
    # The token: invalid, expired, revoked, not decryptable, or its proof is wrong.
    (190, None): TOKEN_INVALID,
    **{(190, subcode): TOKEN_INVALID for subcode in (458, 459, 460, 463, 464, 467, 492)},
    (102, None): TOKEN_INVALID,
    (104, None): TOKEN_INVALID,
    # Rights. 100/33 says "does not exist" and means "or you may not see it": granting access cures it.
    (3, None): PERMISSION_MISSING,
    (10, None): PERMISSION_MISSING,
    **{(code, None): PERMISSION_MISSING for code in range(200, 300)},
    (100, 33): UNKNOWN_PIXEL,
    (100, 34): UNKNOWN_PIXEL,
    (803, None): UNKNOWN_PIXEL,
    # The data. Slugs are those of the rules in intake where the fault is the same.
    (100, None): INVALID,
    (100, 2804001): Verdict("fbc_malformed"),
    (100, 2804003): Verdict("event_time_too_old"),
    (100, 2804004): Verdict("event_time_in_future"),
    (100, 2804007): INVALID,
    (100, 2804009): Verdict("purchase_without_value"),
    (100, 2804016): Verdict("user_data_not_hashed"),
    (100, 2804017): INVALID,
    (100, 2804019): Verdict("malformed_parameter"),
    (100, 2804030): Verdict("ldu_incomplete"),
    (100, 2804048): INVALID,
    (100, 2804050): Verdict("user_data_too_broad"),
    (100, 1815356): INVALID,
    (105, None): Verdict("too_many_parameters"),
}
"""(code, subcode) -> verdict. A subcode without a row of its own has that of its code, (code, None)."""

TEXTS: tuple[tuple[str, Verdict], ...] = (
    ("reduce the amount of data", TOO_LARGE),
    ("requires an appsecret_proof argument", TOKEN_INVALID),
)
"""The two errors that have no number of their own. Looked for in `message` alone, which is not translated."""

GATEWAY_STATUSES: dict[int, Verdict] = {
    400: INVALID,
    401: TOKEN_INVALID,
    403: TOKEN_INVALID,
    404: UNKNOWN_PIXEL,
    422: INVALID,
    429: THROTTLED,
}
"""A Gateway documents no error body, so only its status speaks. 202 is success, 413 is read before all else."""

REJECTIONS: frozenset[str] = frozenset(
    verdict.reason for verdict in (TOO_LARGE, *CODES.values(), *GATEWAY_STATUSES.values()) if verdict.scope is None
)
"""Every reason for which the API's word makes an event a dead letter. Closed: metrics and dead letters name them."""

_YIELDING = frozenset((TOKEN_INVALID, PERMISSION_MISSING, UNKNOWN_PIXEL))


def verdict_of(code: int, subcode: int | None, message: str, *, is_transient: bool) -> Verdict | None:
    """What an error means, by its numbers; None where nothing is known of them.

    `is_transient` outweighs every row that would wait for a person or blame the data, but not a limit's: those know
    better how long to wait.
    """
    if subcode in (None, 99):  # any other subcode says more than a text, and its text may quote an event
        for text, verdict in TEXTS:
            if text in message.lower():
                return verdict
    found = CODES.get((code, subcode)) or CODES.get((code, None))
    if code < 0:  # internal
        return TRANSIENT
    if is_transient and (found is None or found.scope is None or found in _YIELDING):
        return TRANSIENT
    return found
