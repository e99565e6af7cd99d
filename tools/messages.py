"""The texts of the product: `python -m tools.messages` reads them from the code and updates both catalogues.

English is the message id itself. A Dutch text is typed into pdca/translations/nl/LC_MESSAGES/messages.po;
nothing is ever guessed ("fuzzy"). The compiled catalogues are kept in the repository, so that a clone runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("nl", "en")
KEYWORDS = ("_", "_l", "N_", "lazy_gettext", "ngettext:1,2")
Text = str | tuple[str, ...] | list[str]
Given = Mapping[tuple[str, ...], Text]


def extract() -> Catalog:
    """Every text that stands in code and templates now."""
    with TemporaryDirectory() as folder:
        target = Path(folder) / "messages.pot"
        words = [part for word in KEYWORDS for part in ("-k", word)]
        subprocess.run(
            [Path(sys.executable).with_name("pybabel"), "-q", "extract", "-F", "babel.cfg", *words, "-o", target, "."],
            cwd=ROOT,
            check=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        with target.open("rb") as file:
            return read_po(file)


def path(language: str) -> Path:
    """The catalogue of a language."""
    return ROOT / "pdca/translations" / language / "LC_MESSAGES/messages.po"


def load(language: str) -> Catalog:
    """The catalogue as it was written down; empty when there is none yet."""
    if not path(language).is_file():
        return Catalog(locale=language)
    with path(language).open("rb") as file:
        return read_po(file, locale=language)


def texts(catalogue: Catalog) -> Iterator[Message]:
    """Its messages, without the header."""
    return (message for message in catalogue if message.id)


def updated(language: str, found: Catalog, given: Given | None = None) -> Catalog:
    """A catalogue with exactly the texts that were found; `given` translations win over those written down."""
    old, new = load(language), Catalog(locale=language, project="pdca-tracker", version="1", fuzzy=False)
    new.header_comment = "# The texts of pdca-tracker."
    # A fixed date: the file changes when a text does, and not otherwise.
    new.creation_date = new.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    for message in texts(found):
        new.add(message.id, _translation(language, message, old, given or {}), flags=message.flags - {"fuzzy"})
    return new


def _translation(language: str, message: Message, old: Catalog, given: Given) -> Text:
    if language == "en":
        return message.id
    known = old.get(message.id)
    empty: Text = "" if isinstance(message.id, str) else ("", "")
    return given.get(parts(message.id)) or (known.string if known else None) or empty


def parts(text: Text | None) -> tuple[str, ...]:
    """One text, or singular and plural."""
    return (text,) if isinstance(text, str) else tuple(text or ("",))


def untranslated(catalogue: Catalog) -> list[str]:
    """The ids that still need a translation."""
    return [parts(message.id)[0] for message in texts(catalogue) if not all(parts(message.string))]


def write(language: str, catalogue: Catalog) -> None:
    """Write the catalogue and its compiled twin."""
    path(language).parent.mkdir(parents=True, exist_ok=True)
    with path(language).open("wb") as file:
        write_po(file, catalogue, sort_output=True, width=110)
    with path(language).with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)


def main(given: Given | None = None) -> int:
    """Update both; exit code 1 while a Dutch text is missing."""
    found, missing = extract(), []
    for language in LANGUAGES:
        catalogue = updated(language, found, given)
        write(language, catalogue)
        missing += untranslated(catalogue)
    for text in missing:
        sys.stdout.write(f"no Dutch: {text!r}\n")
    sys.stdout.write(f"{len(list(texts(found)))} texts, {len(missing)} without Dutch\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
