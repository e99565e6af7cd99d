"""The unit of work: who may write, who waits, and that no follow-up is skipped."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from pdca import db as ground
from pdca.db import db, touch
from pdca.engines import Mode, WriteInRead
from pdca.people.models import Team


def new_team(name, at):
    return Team(name=name, timezone="Europe/Amsterdam", created_at=at)


def test_an_instant_comes_back_aware_and_in_utc(session, at):
    session.add(new_team("A", at.astimezone(timezone(timedelta(hours=5)))))
    session.commit()
    assert session.scalars(select(Team.created_at)).one() == at
    assert session.scalars(select(Team.created_at)).one().tzinfo == UTC


def test_a_naive_instant_is_refused(session):
    session.add(new_team("A", datetime(2026, 3, 2, 9, 0)))  # noqa: DTZ001
    with pytest.raises(StatementError, match="needs a time zone"):
        session.flush()


def test_an_unknown_enum_value_is_refused_by_the_database(session, at):
    session.add(new_team("A", at))
    session.flush()
    with pytest.raises(Exception, match="ck_journal_actor_kind_known"):
        session.execute(
            text(
                "INSERT INTO journal (at, actor_kind, what, field, why, team_id)"
                " VALUES ('2026-03-02 09:00:00', 'ghost', 'x', '', '', 1)"
            )
        )


def test_a_read_cannot_write(app, at):
    with app.app_context():
        db.session.add(new_team("A", at))
        with pytest.raises(WriteInRead, match="announce it"):
            db.session.flush()


def test_after_a_single_commit_a_request_only_reads(app, at):
    with app.app_context():
        before = db.set_mode(Mode.WRITE_ONCE)
        try:
            db.session.add(new_team("A", at))
            db.session.commit()
            assert db.mode is Mode.READ
        finally:
            db.set_mode(before)


def test_what_is_not_committed_is_undone_on_leaving(app, at):
    with app.app_context():
        with db.writing():
            db.session.add(new_team("A", at))
            db.session.flush()
        assert db.session.scalars(select(Team)).all() == []


def test_changing_the_mode_with_uncommitted_work_is_refused(session, at):
    session.add(new_team("A", at))
    session.flush()
    with pytest.raises(RuntimeError, match="uncommitted work"), db.reading():
        pass


def test_reading_releases_before_writing_goes_on(session, at):
    session.add(new_team("A", at))
    session.commit()
    with db.reading():
        name = session.scalars(select(Team.name)).one()
    session.add(new_team(name + "B", at))
    session.commit()
    assert session.scalars(select(Team.name).order_by(Team.name)).all() == ["A", "AB"]


def test_writers_take_turns(app, at):
    """Read-then-write in many threads: nobody fails, nothing is lost."""

    def grow() -> None:
        with app.app_context(), db.writing():
            team = db.session.scalars(select(Team).with_for_update()).one()
            team.next_number += 1
            db.session.commit()

    with app.app_context(), db.writing():
        db.session.add(new_team("A", at))
        db.session.commit()
    threads = [threading.Thread(target=grow) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        assert db.session.scalars(select(Team.next_number)).one() == 13


class TestReconciling:
    @pytest.fixture
    def calls(self, monkeypatch):
        calls = []
        monkeypatch.setattr(ground, "_reconcilers", [calls.append])
        return calls

    def test_what_was_touched_is_reconciled_once_before_the_commit(self, session, at, calls):
        touch("item", 7, at)
        touch("item", 7, at)
        session.commit()
        session.commit()
        assert calls == [{("item", 7): at}]

    def test_nothing_touched_means_nothing_reconciled(self, session, at, calls):
        session.add(new_team("A", at))
        session.commit()
        assert calls == []

    def test_a_rolled_back_change_is_forgotten(self, session, at, calls):
        touch("team", 1, at)
        session.execute(text("SELECT 1"))
        session.rollback()
        session.commit()
        assert calls == []

    def test_a_savepoint_waits_for_the_whole(self, session, at, calls):
        with session.begin_nested():
            touch("item", 1, at)
        assert calls == []
        session.commit()
        assert calls == [{("item", 1): at}]

    def test_without_a_reconciler_nothing_commits(self, session, at, monkeypatch):
        monkeypatch.setattr(ground, "_reconcilers", [])
        touch("item", 7, at)
        with pytest.raises(RuntimeError, match="reconciler"):
            session.commit()


def test_the_migrations_equal_the_models(app):
    with app.app_context():
        check()


def test_the_migrations_go_down_and_up(app):
    with app.app_context():
        downgrade(revision="base")
        upgrade()
        check()
