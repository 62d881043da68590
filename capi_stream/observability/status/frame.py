"""What every page has: its head with style and icon, the line at its top, and the headers that go with it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from types import MappingProxyType

from capi_stream.observability.status.shown import About

_HERE = files("capi_stream.observability.status")
STYLE = _HERE.joinpath("page.css").read_text(encoding="utf-8")
SCRIPT = _HERE.joinpath("page.js").read_text(encoding="utf-8")

ICON_COLOURS = {"good": "%2312a150", "warn": "%23e08a00", "bad": "%23d92d20", "": "%235d6779"}


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
"""Nothing but the pages' own style and script runs, whatever a name on them might hold."""


def head(title: str, mood: str = "") -> str:
    """What stands in `<head>`; `mood` colours the icon."""
    return (
        f'<meta charset="utf-8"><title>{escape(title)} · capi-stream</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark">{_icon(mood)}<style>{STYLE}</style>'
    )


def _icon(mood: str) -> str:
    svg = (
        "<svg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 16 16%22>"
        f"<circle cx=%228%22 cy=%228%22 r=%227%22 fill=%22{ICON_COLOURS[mood]}%22/></svg>"
    )
    return f'<link rel="icon" href="data:image/svg+xml,{svg.replace("<", "%3C").replace(">", "%3E")}">'


def top(about: About, pages: Mapping[str, str]) -> str:
    """Name, version, and links to other `pages`: what they are called, and where they are."""
    links = " ".join(f'<a href="{escape(target)}">{escape(name)}</a>' for name, target in pages.items())
    return (
        f"<header><b>capi-stream</b> <span>{escape(about.version)}</span>"
        f'<nav aria-label="Other pages">{links}</nav></header>'
    )
