"""Links: what opens, what does not, and what the database gives away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from pdca.mail.keys import fingerprint
from pdca.mail.links import (
    fill_in,
    find_any_link,
    find_link,
    make_link,
    masked,
    placeholder,
    revoke_links,
    spend_link,
    token_of,
    use_link,
)
from pdca.mail.models import Link
from pdca.mail.operations import queue

DAY = timedelta(days=1)


@pytest.fixture
def link(session, at):
    return make_link("aftercare", 7, at=at, expires_at=at + DAY)


def test_a_token_has_43_characters_and_finds_its_link(link, at):
    token = token_of(link)
    assert len(token) == 43
    assert find_link(token, "aftercare", at) is link


def test_every_link_has_its_own_token(session, at):
    links = [make_link("aftercare", 7, at=at, expires_at=at + DAY) for _ in range(20)]
    assert len({token_of(link) for link in links}) == 20


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "é" * 43, "x" * 44, "\0" * 43, "' OR 1=1 --"])
def test_an_unknown_token_finds_nothing(link, at, token):
    assert find_link(token, "aftercare", at) is None


def test_a_token_is_good_for_one_purpose(link, at):
    assert find_link(token_of(link), "sign_in", at) is None


def test_a_link_ends_at_its_hour(link, at):
    assert find_link(token_of(link), "aftercare", at + DAY - timedelta(seconds=1)) is link
    assert find_link(token_of(link), "aftercare", at + DAY) is None
    assert find_any_link(token_of(link), "aftercare") is link


def test_a_spent_link_opens_once(session, link, at):
    assert spend_link(link, at)
    assert not spend_link(link, at)
    assert find_link(token_of(link), "aftercare", at) is None
    session.refresh(link)
    assert link.uses == 1


def test_an_expired_link_cannot_be_spent(link, at):
    assert not spend_link(link, at + DAY)


def test_uses_are_counted(session, link):
    use_link(link)
    use_link(link)
    session.refresh(link)
    assert link.uses == 2


def test_links_are_revoked_by_subject(session, link, at):
    other = make_link("aftercare", 8, at=at, expires_at=at + DAY)
    assert revoke_links("aftercare", at=at, subject_id=7) == 1
    assert find_link(token_of(link), "aftercare", at) is None
    assert find_link(token_of(other), "aftercare", at) is other


def test_revoking_everybodys_links_by_mistake_is_refused(session, at):
    with pytest.raises(ValueError, match="whose"):
        revoke_links("aftercare", at=at)


def test_a_message_has_one_link_per_purpose_and_subject(session, at):
    message = queue("word", address="a@example.nl", about={}, dedupe_key="word:1:1", at=at)
    first = make_link("aftercare", 7, at=at, expires_at=at + DAY, message_id=message.id)
    again = make_link("aftercare", 7, at=at, expires_at=at + DAY, message_id=message.id)
    other = make_link("reopen", 7, at=at, expires_at=at + DAY, message_id=message.id)
    assert again is first
    assert other is not first


def test_no_row_holds_a_working_token(session, link):
    token = token_of(link)
    session.flush()
    row = session.execute(text("SELECT * FROM link")).one()
    assert token not in str(tuple(row))
    assert fingerprint(token) in str(tuple(row))


def test_links_live_on_when_the_key_is_rotated(link, at, app):
    token = token_of(link)
    app.config["SECRET_KEY_FALLBACKS"] = [app.config["SECRET_KEY"]]
    app.config["SECRET_KEY"] = "another key, as long as the one of before it 0123"
    assert find_link(token, "aftercare", at) is link
    assert token_of(link) == token
    newer = make_link("aftercare", 8, at=at, expires_at=at + DAY)
    app.config["SECRET_KEY_FALLBACKS"] = []
    assert find_link(token_of(newer), "aftercare", at) is newer


def test_a_key_that_is_gone_makes_no_token(session, link):
    link.token_hash = "0" * 64
    with pytest.raises(LookupError, match="key that is gone"):
        token_of(link)


class TestInAMail:
    def test_a_placeholder_is_as_long_as_a_token_and_is_none(self, link, at):
        assert len(placeholder(link)) == 43
        assert find_link(placeholder(link), "aftercare", at) is None

    def test_only_the_links_of_the_mail_are_filled_in(self, session, link, at):
        other = make_link("aftercare", 8, at=at, expires_at=at + DAY)
        mime = f"a {placeholder(link)} b {placeholder(other)}".encode()
        assert fill_in(mime, [link]) == f"a {token_of(link)} b {placeholder(other)}".encode()

    def test_the_app_shows_neither_placeholders_nor_tokens(self, link):
        shown = masked(f"see http://x.nl/a/{token_of(link)} or http://x.nl/a/{placeholder(link)}.")
        assert shown == "see http://x.nl/a/••• or http://x.nl/a/•••."

    def test_masking_leaves_other_words_alone(self):
        words = "A_very_long_name_of_exactly_43_characters__ and http://x.nl/teams/7/board"
        assert masked(words) == words


def test_link_rows_are_gone_with_their_message(session, at):
    message = queue("word", address="a@example.nl", about={}, dedupe_key="word:1:1", at=at)
    make_link("aftercare", 7, at=at, expires_at=at + DAY, message_id=message.id)
    session.execute(text("DELETE FROM message"))
    assert session.query(Link).count() == 0
