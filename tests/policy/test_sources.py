"""Rules of the house that no linter knows."""

from __future__ import annotations

import re

from tests.policy.sources import ROOT, lines, named, python, templates

CLOCK = re.compile(
    r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.(time|monotonic)\(|func\.now\(|CURRENT_TIMESTAMP"
)
COMMIT = re.compile(r"\.commit\(\)")
# One transaction per unit of work: only entrances commit.
ENTRANCES = re.compile(r"/(routes|cli|jobs)(/|\.py$|_)|/(scheduler|demo)(/|\.py$)|/cli/")
INLINE = re.compile(r"""\son[a-z]+\s*=\s*["']|\sstyle\s*=\s*["']|<style|hx-on|javascript:|hx-vals\s*=\s*["']js:""")
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)")
TRIGGER_FILTER = re.compile(r"""hx-trigger\s*=\s*["'][^"']*\[""")
# Python inside a template (a macro's own `style=` is an argument, not an attribute).
JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}")
NOTHING = re.compile(r"(?!)")
UNESCAPED = re.compile(r"\|\s*safe\b")
LOOPHOLES = re.compile(r"pytest\.(skip|xfail)|mark\.(skip|skipif|xfail)")


def offences(paths, pattern, allowed=lambda name: False, ignore=NOTHING):
    return [
        f"{named(path)}:{number}: {line.strip()}"
        for path in paths
        if not allowed(named(path))
        for number, line in lines(path)
        if pattern.search(ignore.sub("", line))
    ]


def test_the_clock_is_read_in_one_place():
    assert offences(python(), CLOCK, lambda name: name == "pdca/clock.py") == []


def test_only_entrances_commit():
    # The unit of work itself ends a transaction that only read, and keeps the rows.
    assert offences(python(), COMMIT, lambda name: ENTRANCES.search(name) or name == "pdca/db.py") == []


def test_pages_have_no_inline_script_style_or_handler():
    pages = templates()
    assert offences(pages, INLINE, ignore=JINJA) == []
    assert offences(pages, INLINE_SCRIPT) == []
    assert offences(pages, TRIGGER_FILTER) == []


def test_pages_escape_everything():
    assert offences(templates(mail=True), UNESCAPED) == []


def test_every_form_that_posts_carries_a_token():
    without = [
        named(path)
        for path in templates()
        for form in re.findall(r"<form\b.*?</form>", path.read_text(encoding="utf-8"), re.S)
        if re.search(r'method="post"', form, re.I) and not re.search(r"csrf|hidden_tag|form_token", form)
    ]
    # A link that no longer works has nothing to bind a token to; it mails the stored address only. Unsubscribing is
    # one post by a mail program, which knows no token (RFC 8058).
    assert without == ["templates/aftercare/gone.html", "templates/aftercare/unsubscribe.html"]


def test_no_test_is_skipped():
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path.name != "test_sources.py"]
    assert offences(tests, LOOPHOLES) == []
