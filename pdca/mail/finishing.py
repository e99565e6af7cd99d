"""The last hand on what a template made: styles inlined, no links that people typed, tidy text."""

from __future__ import annotations

import re
from functools import cache

import css_inline

WORD_JOINER = "\N{WORD JOINER}"
# What mail programs turn into a link by themselves. Not what stands behind an @: an address may be copied.
_LOOKS_LIKE_A_LINK = re.compile(
    r"(?<![\w@.-])(?:[a-z][a-z0-9+.-]{1,20}://\S+|www\.[\w-]\S*"
    r"|(?:[\w-]+\.)+(?:nl|be|de|fr|eu|uk|com|net|org|info|biz|io|co|app|dev|gov|edu|xyz|top|shop|site|link|online"
    r"|click|ru|cn)\b\S*)",
    re.IGNORECASE,
)
_TAG_OR_HEAD = re.compile(r"(<head\b.*?</head>|<style\b.*?</style>|<[^>]*>)", re.IGNORECASE | re.DOTALL)


def finished_html(html: str, base_url: str) -> str:
    """HTML for mail programs: styles inlined (media queries kept), nothing linked but our own links."""
    parts = _TAG_OR_HEAD.split(_inliner().inline(html))
    # Every second part is a tag; only what is read can be mistaken for a link.
    parts[::2] = [unlinked(part, base_url) for part in parts[::2]]
    return "".join(parts)


def finished_text(text: str, base_url: str) -> str:
    """Plain text: one empty line at most, no blanks at line ends, nothing linked but our own links."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return unlinked(re.sub(r"\n{3,}", "\n\n", lines), base_url) + "\n"


def unlinked(text: str, base_url: str) -> str:
    """`text` with an invisible joiner in whatever a mail program would link, except our own addresses."""
    return _LOOKS_LIKE_A_LINK.sub(lambda found: _broken(found[0], base_url), text)


def _broken(link: str, base_url: str) -> str:
    if link == base_url or link.startswith(f"{base_url}/"):
        return link
    return link.replace("://", f":{WORD_JOINER}//").replace(".", f".{WORD_JOINER}")


@cache
def _inliner() -> css_inline.CSSInliner:
    # Without keep_at_rules the dark scheme is lost. Nothing is ever fetched.
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
