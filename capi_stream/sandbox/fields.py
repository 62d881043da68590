"""Which fields of the Dataset Quality API a question asks for: `fields=web{event_name,event_coverage{percentage}}`.

Source: "Dataset Quality API", Conversions API. A field that is documented nowhere refuses the question.
"""

from __future__ import annotations

import re
from typing import Any

Fields = dict[str, "Fields"]

_words_in = re.compile(r"[a-z0-9_]+|[{},]").findall
_is_a_question = re.compile(r"[a-z0-9_{},]+").fullmatch


def _plain(*names: str) -> Fields:
    return {name: {} for name in names}


_PERCENTAGE = _plain("percentage", "description")

KNOWN: Fields = {
    "event_name": {},
    "event_match_quality": {
        "composite_score": {},
        "match_key_feedback": {
            "identifier": {},
            "coverage": _plain("percentage"),
            "potential_aly_acr_increase": _PERCENTAGE,
        },
        "diagnostics": _plain(
            *("name", "description", "solution", "percentage", "affected_event_count", "total_event_count")
        ),
    },
    "event_coverage": {
        **_plain("percentage", "goal_percentage", "description"),
        "potential_aly_acr_increase": _PERCENTAGE,
    },
    "event_potential_aly_acr_increase": _PERCENTAGE,
    "acr": _PERCENTAGE,
    "dedupe_key_feedback": {
        "dedupe_key": {},
        "browser_events_with_dedupe_key": _PERCENTAGE,
        "server_events_with_dedupe_key": _PERCENTAGE,
        "overall_browser_coverage_from_dedupe_key": _PERCENTAGE,
    },
    "data_freshness": _plain("upload_frequency", "description"),
}
"""What is documented of a row of `web`."""


def asked_for(text: str) -> Fields | None:
    """The fields of a row of `web` that `text` asks for; None where it asks for anything else.

    A field whose own fields are not named is asked for with all of them.
    """
    found = _tree(text) if _is_a_question(text) else None
    if found is None or found.keys() != {"web"} or not _are_known(found["web"], KNOWN):
        return None
    return found["web"]


def _tree(text: str) -> Fields | None:
    """The names in `text`, each with those in the braces behind it; None where the braces do not match."""
    stack: list[Fields] = [{}]
    last = ""
    for word in _words_in(text):
        if word == "{" and last in stack[-1]:
            stack.append(stack[-1][last])
        elif word == "}" and len(stack) > 1:
            stack.pop()
        elif word in ("{", "}"):
            return None
        elif word != ",":
            stack[-1][word] = {}
        last = word
    return stack[0] if len(stack) == 1 else None


def _are_known(fields: Fields, known: Fields) -> bool:
    return all(name in known and _are_known(inner, known[name]) for name, inner in fields.items())


def only(value: Any, fields: Fields) -> Any:
    """`value` with only its `fields`; all of it where none is named."""
    if isinstance(value, list):
        return [only(each, fields) for each in value]
    if not fields or not isinstance(value, dict):
        return value
    return {name: only(value[name], inner) for name, inner in fields.items() if name in value}
