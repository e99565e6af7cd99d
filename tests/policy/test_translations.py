"""Both languages are complete, and nobody guessed."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from babel.messages.mofile import write_mo

from tools import messages

# The same word in both languages, on purpose.
# Words that plain Dutch shares with English, and patterns without a word.
SAME = {
    "Filter", "Label", "Mail", "Quick win", "Quick wins", "Team", "Teams", "%(num)s team", "Labels", "Plan", "Do",
    "Check", "Compact", "team", "Act", "OK", "open", "%(count)s×", "%(days)s d", "%(name)s, %(day)s", "%(number)s MB",
    "%(number)s kB",
}  # fmt: skip
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%")


@pytest.fixture(scope="module")
def found():
    return {messages.parts(message.id) for message in messages.texts(messages.extract())}


@pytest.mark.parametrize("language", messages.LANGUAGES)
class TestACatalogue:
    def test_has_every_text_of_the_code_and_no_other(self, language, found):
        held = {messages.parts(message.id) for message in messages.texts(messages.load(language))}
        assert {"missing": sorted(found - held), "left over": sorted(held - found)} == {
            "missing": [],
            "left over": [],
        }

    def test_leaves_nothing_untranslated(self, language):
        assert messages.untranslated(messages.load(language)) == []

    def test_guesses_nothing(self, language):
        assert [message.id for message in messages.texts(messages.load(language)) if message.fuzzy] == []

    def test_keeps_every_placeholder(self, language):
        wrong = [
            message.id
            for message in messages.texts(messages.load(language))
            for text in messages.parts(message.string)
            if text and not _required(message.id) <= _placeholders(text) | {"num"} <= _allowed(message.id)
        ]
        assert wrong == []

    def test_is_compiled_as_it_stands(self, language):
        compiled = BytesIO()
        write_mo(compiled, messages.load(language))
        assert messages.path(language).with_suffix(".mo").read_bytes() == compiled.getvalue()


def _placeholders(text):
    return set(PLACEHOLDER.findall(text)) - {""}


def _allowed(text):
    return {"num"}.union(*(_placeholders(part) for part in messages.parts(text)))


def _required(text):
    return set.intersection(*(_placeholders(part) for part in messages.parts(text)))


def test_dutch_is_dutch():
    same = {
        messages.parts(message.id)[0]
        for message in messages.texts(messages.load("nl"))
        if messages.parts(message.id) == messages.parts(message.string)
    }
    assert same - SAME == set()
