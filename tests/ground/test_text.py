"""What people type arrives the same on both databases, and cannot hide anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdca.text import clean, clean_line


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\x00b", "ab"),
        ("a\ud800b", "ab"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("\u2066name\u2069", "name"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("e\u0301", "\u00e9"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\u2028b", "a\nb"),
        ("  both ends \n", "both ends"),
        ("a\x0bb\x1bc\x85d", "abc\nd"),
        ("👩\u200d👧 stays", "👩\u200d👧 stays"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_clean(typed, kept):
    assert clean(typed) == kept


def test_a_line_is_one_line():
    assert clean_line(" a\n b\t\tc ") == "a b c"


def test_nothing_is_cut_off_in_silence():
    assert clean("abc", 3) == "abc"
    with pytest.raises(ValueError, match="longer than 3"):
        clean("abcd", 3)


@given(st.text())
def test_cleaning_twice_changes_nothing_more(typed):
    once = clean(typed)
    assert clean(once) == once
    assert clean_line(clean_line(typed)) == clean_line(typed)


@given(st.text())
def test_what_is_kept_can_be_stored_on_both_databases(typed):
    assert "\x00" not in clean(typed)
    clean(typed).encode("utf-8")
