"""The status page as a whole: its sections in order, and what redraws it."""

from __future__ import annotations

from html import escape

from capi_stream.observability.board import Sight
from capi_stream.observability.status import sections
from capi_stream.observability.status.frame import SCRIPT, head, top
from capi_stream.observability.status.humane import age
from capi_stream.observability.status.shown import About, Shown
from capi_stream.observability.status.tables import Html
from capi_stream.observability.status.verdict import Verdict, verdict

WITHOUT_SCRIPT_SECONDS = 5


def page(shown: Shown) -> str:
    """The whole page."""
    found = verdict(shown)
    return (
        f'<!doctype html><html lang="en"><head>{_head(found)}</head><body>{_top(shown.about)}'
        f"<main>{_verdict(found)}{_body(shown)}{_about(shown.about)}</main>{_BOTTOM}<script>{SCRIPT}</script></body></html>"
    )


def _head(found: Verdict) -> str:
    anew = f'<noscript><meta http-equiv="refresh" content="{WITHOUT_SCRIPT_SECONDS}"></noscript>'
    return head(found.title, found.mood) + anew


def _top(about: About) -> str:
    pages = {"metrics": "metrics", "healthz": "healthz", "readyz": "readyz"}
    return top(about, {"dead letters": "dead-letters", **pages} if about.shows_dead_letters else pages)


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
