"""What an answer means: the closed set of outcomes, and what each reason asks of the batch and of its gates.

`answers.py` reads the API's bytes into these; `engine.py` acts on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import assert_never


class Scope(StrEnum):
    """What an unavailable answer blames, and so what is held."""

    PIXEL = "pixel"
    CREDENTIAL = "credential"
    ENDPOINT = "endpoint"
    TOPIC = "topic"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said, kept for the dead letter and the status page.

    `message` is the API's own text, without what it quotes (`words.py`): it may be shown.
    """

    status: int | None = None
    code: int | None = None
    subcode: int | None = None
    message: str = ""
    fbtrace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What the rate-limit headers said: the highest share used (1.0 is the limit), and the wait they named."""

    ratio: float
    regain_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The API took the batch. `received` is its own count, None from a Gateway."""

    received: int | None = None
    answer: Answer = Answer()
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The API found an event invalid and took none. `index` is the one it named, if it named one."""

    reason: str
    index: int | None = None
    answer: Answer = Answer()
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The batch could not be judged. It is sent again unchanged, after its `scope` was held.

    `hold_seconds` is the wait that the API itself named. `is_unknown` where the batch may have been accepted and only
    the answer was lost.
    """

    reason: str
    scope: Scope
    hold_seconds: float | None = None
    is_unknown: bool = False
    answer: Answer = Answer()
    usage: Usage | None = None


Outcome = Accepted | Rejected | Unavailable


@dataclass(frozen=True, slots=True)
class Policy:
    """How one reason is waited out.

    The hold is the API's own where it names one, else `base_seconds` doubled at each failure in a row up to
    `cap_seconds`. After `split_after` posts a batch of several is halved, since data can cause this reason too.
    After `park_after_seconds` of holding, the pixel's own records may be parked; so may a lone event after
    `park_lone_after` posts, if others of its lane have passed meanwhile: then it is the event that nobody can judge.
    """

    base_seconds: float = 0.5
    cap_seconds: float = 60.0
    split_after: int | None = None
    park_after_seconds: float | None = None
    park_lone_after: int = 8


_OUTAGE = Policy()
# A body that is too large or too slow for something on the way ends so as well: after minutes it is tried in halves.
_BROKEN_OFF = Policy(split_after=8)
_THROTTLE = Policy(base_seconds=5.0, cap_seconds=3600.0, park_after_seconds=900.0)
_BY_A_PERSON = Policy(base_seconds=15.0, cap_seconds=900.0, park_after_seconds=300.0)

POLICY: dict[str, Policy] = {
    "not_connected": _OUTAGE,
    "connection_lost": _BROKEN_OFF,
    "timeout": _BROKEN_OFF,
    "server_error": _OUTAGE,
    "unreadable_answer": _BROKEN_OFF,
    "answer_too_large": _OUTAGE,
    "service_down": _OUTAGE,
    "transient": _OUTAGE,
    "not_ready": _OUTAGE,
    "unknown_error": Policy(split_after=4, park_after_seconds=3600.0),
    "unclassified": Policy(base_seconds=5.0, cap_seconds=300.0, split_after=4, park_after_seconds=900.0),
    "throttled": _THROTTLE,
    "app_limit": _THROTTLE,
    "user_limit": _THROTTLE,
    "account_limit": _THROTTLE,
    "business_limit": _THROTTLE,
    "usage_limit": _THROTTLE,
    "blocked": Policy(base_seconds=60.0, cap_seconds=3600.0, park_after_seconds=900.0),
    "token_invalid": _BY_A_PERSON,
    "permission_missing": _BY_A_PERSON,
    "unknown_pixel": _BY_A_PERSON,
    "fuse": Policy(cap_seconds=float("inf"), park_after_seconds=900.0),
}
"""Every reason that a gate can hold for. Closed: metrics and alerts name them."""


class Fate(Enum):
    """What becomes of a batch."""

    SETTLE = "settle"
    RETRY = "retry"
    SPLIT = "split"
    DEAD_LETTER = "dead_letter"


def fate(outcome: Outcome, size: int, attempts: int) -> Fate:
    """What becomes of a batch of `size` events (>= 1) after `attempts` posts (>= 1)."""
    match outcome:
        case Accepted():
            return Fate.SETTLE
        case Rejected():
            return Fate.SPLIT if size > 1 else Fate.DEAD_LETTER
        case Unavailable(reason):
            split_after = POLICY[reason].split_after
            return Fate.SPLIT if size > 1 and split_after is not None and attempts >= split_after else Fate.RETRY
        case _:
            assert_never(outcome)


def backoff(attempt: int, jitter: float, base: float = 0.5, cap: float = 300.0) -> float:
    """Seconds to wait after failure number `attempt` (1 is the first).

    Between half and all of `base * 2 ** (attempt - 1)`, at most `cap`; `jitter` in [0, 1) picks where. The jitter
    counts at the cap too: pods that failed together must not come back together.
    """
    return min(cap, base * 2.0 ** min(attempt - 1, 32)) * (0.5 + jitter / 2)  # 2.0 ** 1024 raises OverflowError
