"""The page as a whole: its head, its sections in order, its style and script, and the headers that go with it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from types import MappingProxyType

from capi_stream.observability.board import Sight
from capi_stream.observability.status import sections
from capi_stream.observability.status.humane import age
from capi_stream.observability.status.shown import About, Shown
from capi_stream.observability.status.tables import Html
from capi_stream.observability.status.verdict import Verdict, verdict

_HERE = files("capi_stream.observability.status")
STYLE = _HERE.joinpath("page.css").read_text(encoding="utf-8")
SCRIPT = _HERE.joinpath("page.js").read_text(encoding="utf-8")
WITHOUT_SCRIPT_SECONDS = 5

ICON_COLOURS = {"good": "%2312a150", "warn": "%23e08a00", "bad": "%23d92d20"}


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; connect-src 'self'; "
            "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
)
"""Nothing but the page's own style and script runs, whatever a name on it might hold."""


def page(shown: Shown) -> str:
    """The whole page."""
    found = verdict(shown)
    return (
        f'<!doctype html><html lang="en"><head>{_head(found)}</head><body>{_top(shown)}'
        f"<main>{_verdict(found)}{_body(shown)}{_about(shown.about)}</main>{_BOTTOM}<script>{SCRIPT}</script></body></html>"
    )


def _head(found: Verdict) -> str:
    return (
        f'<meta charset="utf-8"><title>{escape(found.title)} · capi-stream</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark">{_icon(found)}'
        f'<noscript><meta http-equiv="refresh" content="{WITHOUT_SCRIPT_SECONDS}"></noscript><style>{STYLE}</style>'
    )


def _icon(found: Verdict) -> str:
    svg = (
        "<svg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 16 16%22>"
        f"<circle cx=%228%22 cy=%228%22 r=%227%22 fill=%22{ICON_COLOURS[found.mood]}%22/></svg>"
    )
    return f'<link rel="icon" href="data:image/svg+xml,{svg.replace("<", "%3C").replace(">", "%3E")}">'


def _top(shown: Shown) -> str:
    return (
        f'<header><b>capi-stream</b> <span>{escape(shown.about.version)}</span><nav aria-label="Other pages">'
        '<a href="metrics">metrics</a> <a href="healthz">healthz</a> <a href="readyz">readyz</a></nav></header>'
    )


_BOTTOM = '<footer><p id="fresh" role="status">This page draws itself anew every few seconds.</p></footer>'


def _section(name: str, title: str, content: str) -> str:
    return f'<section id="{name}"><h2>{title}</h2>{content}</section>'


def _verdict(found: Verdict) -> str:
    return (
        f'<section id="verdict" class="{found.mood}" aria-live="polite"><h1>{escape(found.title)}</h1>'
        f"<p>{escape(found.text)}</p></section>"
    )


def _body(shown: Shown) -> str:
    sight = shown.sight
    if sight is None:
        return '<section id="nothing"><p class="none">Nothing to show yet.</p></section>'
    snapshot = sight.snapshot
    return (
        f'<section id="tiles" aria-label="In all"><dl class="tiles">{sections.tiles(snapshot)}</dl>'
        f"{_since(shown, sight)}</section>{_section('held', 'Held', sections.held(snapshot))}"
        f"{_section('pixels', 'Pixels', sections.pixels(sight))}"
        f"{_section('partitions', 'Partitions', sections.partitions(sight))}"
        f'<section id="letters" class="two" aria-label="Letters">{sections.letters(snapshot)}</section>'
    )


def _since(shown: Shown, sight: Sight) -> Html:
    """For how long the counts have run, and when the last commit was."""
    now, parts = sight.snapshot.unix_now, []
    if shown.about.started_at is not None:
        parts.append(f"Counted since this process started, {age(now - shown.about.started_at)} ago.")
    if sight.snapshot.last_commit_unix is not None:
        parts.append(f"Last commit {age(now - sight.snapshot.last_commit_unix)} ago.")
    return Html(f'<p class="none">{" ".join(parts)}</p>')


def _about(about: About) -> str:
    lists = "".join(
        f'<div><h3>{title}</h3><dl class="facts">'
        + "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())
        + "</dl></div>"
        for title, facts in (("Settings", about.settings), ("Versions", about.versions))
        if facts
    )
    return f'<section id="about" class="two" aria-label="Settings and versions">{lists}</section>' if lists else ""
