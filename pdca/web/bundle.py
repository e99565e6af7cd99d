"""Style sheets and scripts are separate files in the repository, and one file each on the wire.

They are joined once, when the application starts: no build step, nothing to forget. A module keeps its own scope.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_IMPORT_CSS = re.compile(r'@import url\("([\w-]+\.css)"\) layer\((\w+)\);')
_COMMENT_CSS = re.compile(r"/\*.*?\*/", re.DOTALL)
_IMPORT_JS = re.compile(r'^import (?:\{([^}]*)\} from )?"\./([\w-]+)\.js";\n', re.MULTILINE)
_EXPORT_JS = re.compile(r"^export (?=(?:async )?function ([\w$]+)|const ([\w$]+))", re.MULTILINE)
_COMMENT_JS = re.compile(r"^\s*//.*\n", re.MULTILINE)


@dataclass(frozen=True)
class Joined:
    """One file for the browser, plain and compressed."""

    mimetype: str
    plain: bytes
    packed: bytes


def bundles(static: Path) -> dict[str, Joined]:
    """By the name under which the page asks for it."""
    return {
        "css/app.css": _joined("text/css", style_sheet(static / "css")),
        "js/app.js": _joined("text/javascript", script(static / "js")),
        "vendor/all.js": _joined("text/javascript", _others(static / "vendor")),
        "img/icons.svg": _joined("image/svg+xml", (static / "img" / "icons.svg").read_text(encoding="utf-8")),
    }


def _joined(mimetype: str, text: str) -> Joined:
    plain = text.encode()
    return Joined(mimetype, plain, gzip.compress(plain, 9, mtime=0))


def style_sheet(folder: Path) -> str:
    """`index.css` with the sheets that it imports, each in its layer."""
    index = (folder / "index.css").read_text(encoding="utf-8")
    whole = _IMPORT_CSS.sub(lambda found: f"@layer {found[2]} {{\n{(folder / found[1]).read_text('utf-8')}}}\n", index)
    return _COMMENT_CSS.sub("", whole)


def script(folder: Path) -> str:
    """`main.js` and all it leans on, each module once and after those it needs."""
    return "".join(_modules(folder, "main", set()))


def _modules(folder: Path, name: str, done: set[str]) -> Iterator[str]:
    if name in done:
        return
    done.add(name)
    text = (folder / f"{name}.js").read_text(encoding="utf-8")
    for _, other in _IMPORT_JS.findall(text):
        yield from _modules(folder, other, done)
    names = [one or other for one, other in _EXPORT_JS.findall(text)]
    body = _IMPORT_JS.sub(lambda found: f"const {{{found[1]}}} = {_scope(found[2])};\n" if found[1] else "", text)
    body = _COMMENT_JS.sub("", _EXPORT_JS.sub("", body))
    yield f"const {_scope(name)} = (() => {{\n{body}return {{ {', '.join(names)} }};\n}})();\n"


def _scope(name: str) -> str:
    return f"${name.replace('-', '_')}"


def _others(folder: Path) -> str:
    """Code of others, byte for byte, one after the other."""
    return ";\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.min.js")))
