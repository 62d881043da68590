"""What a world may hold that is rare: noted where it happens, so that no check of it can go idle unnoticed."""

from __future__ import annotations

from enum import StrEnum


class Feature(StrEnum):
    """Something that a schedule has exercised."""

    OWN_LIMIT = "a pixel had as many posts out as its own limit allows"
    LOWERED_LIMIT = "a batch was too large for the API"
    LIMIT_AT_FLOOR = "a lane's byte limit was lowered to its floor"
    EVENT_TOO_LARGE = "an event alone was too large for the API and became a letter"
    CUT_TEXT = "a text beside an offset was cut at its limit"
    CUT_TEXT_READ = "an assignment began with a text that was cut"
    LATE_RESEND = "events were sent again more than 48 hours after a lost answer"
    BLOWN_FUSE = "a fuse blew, and nobody had reset one in that life"
    FULL_FUSE = "as many letters went out as may before a fuse blows"
    GAP = "retention removed the offset that was next to be read"
    GAP_AHEAD_OF_WORK = "the same, and records below the gap were not settled"
    CREATED_ANEW = "a topic was created anew while somebody read it"
    FORWARDED = "a letter went on to a topic"
    FORWARDED_AGAIN = "a letter went on to a topic that had refused it before"
    LEFT = "a letter was too large for the topic that it was to go to, and was left where it lay"
