"""Markdown that people typed, as HTML that cannot do anything: no raw HTML in, an allow-list out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

TAGS = {"p", "br", "strong", "em", "s", "ul", "ol", "li", "blockquote", "code", "pre", "a", "hr"}
ATTRIBUTES = {"a": {"href", "title"}}
SCHEMES = {"http", "https", "mailto", "tel"}
REL = "noopener noreferrer nofollow"


def markdown(text: str) -> Markup:
    """Safe HTML of `text`. The page puts it in a wrapper with hx-disable, the second lock on the same door."""
    html = _renderer().render(text)
    return Markup(  # noqa: S704 - nh3 let through only what stands above
        nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=REL)
    )


@cache
def _renderer() -> MarkdownIt:
    # Raw HTML is text here; pictures would load from elsewhere, so they are not rules of ours.
    renderer = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough").disable("image")
    # A comment has no headings: they would stand between the page's own.
    renderer.add_render_rule("heading_open", _bold("<p><strong>"))
    renderer.add_render_rule("heading_close", _bold("</strong></p>"))
    return renderer


def _bold(html: str) -> Any:
    def render(_self: object, _tokens: Sequence[Token], _index: int, _options: object, _env: object) -> str:
        return html

    return render
