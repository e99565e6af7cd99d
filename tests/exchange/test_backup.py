"""A backup is a whole copy of a living installation; restoring it gives everything back and mails nothing twice."""

from __future__ import annotations

import contextvars
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from flask import has_app_context
from sqlalchemy import func, select, text, update

from pdca import create_app
from pdca.db import db
from pdca.exchange import portable
from pdca.exchange.backup import snapshot
from pdca.installation import Installation
from pdca.items.capture import capture
from pdca.items.files import add_file
from pdca.items.models import Comment, Entry, File, Item
from pdca.items.terms import Phase
from pdca.mail.links import make_link, token_of
from pdca.mail.models import Attempt, Link, Message, MessageState
from pdca.mail.operations import queue
from pdca.people.models import Person, SignIn, SignInBy, Team
from tests.conftest import KEY, MONDAY, settings_for
from tests.peers import postgresql

ROOT = Path(__file__).resolve().parents[2]
# What restoring changes on purpose; see test_after_a_restore….
CHANGED = {"message", "attempt", "sign_in", "link", "installation"}


@pytest.fixture
def other(app, database, tmp_path, request):
    """Another installation on the same kind of database, without any table yet."""
    instance = tmp_path / "other"
    if database.startswith("sqlite"):
        yield create_app(settings_for(instance))
        return
    server, name = request.getfixturevalue("postgresql_server"), f"{database.rpartition('/')[2].partition('?')[0]}_b"
    postgresql.execute(server, f'CREATE DATABASE "{name}"')
    made = create_app(settings_for(instance, postgresql.named(server, name)))
    yield made
    with made.app_context():
        db.engine.dispose()
    postgresql.execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def filled(app, session, team, tmp_path):
    """Something in every corner: items, a file, mail in every state, links, sessions."""
    keeper, at = team.keeper, MONDAY
    keeper.deputy_id = team.viewer.id  # points at a row that comes later
    item = capture(team.team, "Bordje “ĳ” 🎉", by=keeper, at=at, answers={"problem": "a\n\nb"})
    add_file(item, "notitie.txt", BytesIO("é".encode()), tmp_path / "files", by=keeper, at=at)
    for state in MessageState:
        message = queue("x", address="a@example.org", about={"item": item.id}, dedupe_key=f"x:{state}", at=at)
        message.state = state
    session.add(SignIn(person_id=keeper.id, token_hash="h", by=SignInBy.DEMO, created_at=at, expires_at=at))
    session.add(Attempt(message_id=message.id, at=at, node="n", outcome="x", words="bytes"))
    message.mime = bytes(range(256))
    make_link("aftercare", 1, at=at, expires_at=at + timedelta(days=30), message_id=message.id)
    make_link("sign_in", 1, at=at, expires_at=at + timedelta(minutes=15), person_id=keeper.id)
    session.commit()
    return item


def everything(app):
    """Every line of a dump: all tables, all rows, all values."""
    with app.app_context(), snapshot() as connection:
        lines = {}
        for table, line in portable.dump(connection):
            lines.setdefault(table, []).append(line)
        return lines


def run(app, *args):
    """A command as a process of its own: no context, no session and no announced write of the test's."""
    if has_app_context():
        db.session.rollback()
    with time_machine.travel(MONDAY, tick=False):
        invoke = app.test_cli_runner().invoke
        return contextvars.Context().run(invoke, args=[str(arg) for arg in args])


@pytest.fixture
def kept(app, filled, tmp_path):
    path = tmp_path / "backup.zip"
    done = run(app, "backup", path)
    assert done.exit_code == 0, done.output
    return path


# --- the copy --------------------------------------------------------------------------------------------


def test_restored_elsewhere_everything_is_as_it_was(app, kept, other):
    done = run(other, "restore", kept)
    assert done.exit_code == 0, done.output
    before, after = everything(app), everything(other)
    assert before.keys() == after.keys()
    assert {t: before[t] for t in before if t not in CHANGED} == {t: after[t] for t in after if t not in CHANGED}
    assert {t: len(before[t]) for t in before} | {"installation": 3, "attempt": 5} == {t: len(after[t]) for t in after}


def test_files_and_journal_come_along_and_mail_stays_out(app, kept, other, tmp_path):
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail/1.eml").write_text("with a working link")
    (tmp_path / "accepted.jsonl").write_text(accept("elsewhere") + "\n")
    run(app, "backup", kept)
    with zipfile.ZipFile(kept) as archive:
        names = {name.partition("/")[0] for name in archive.namelist()}
    assert names == {"manifest.json", "database.jsonl", "accepted.jsonl", "files"}
    run(other, "restore", kept)
    instance = other.extensions["settings"].instance
    with app.app_context():
        row = db.session.scalars(select(File)).one()
    assert (instance / "files" / row.stored_name).read_bytes() == "é".encode()
    assert stat.S_IMODE((instance / "files" / row.stored_name).stat().st_mode) == 0o600
    assert "elsewhere" in (instance / "accepted.jsonl").read_text()


def test_only_its_owner_can_read_it(kept):
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_it_holds_no_working_link_and_no_key(app, kept):
    with app.app_context():
        tokens = [token_of(link) for link in db.session.scalars(select(Link))]
    with zipfile.ZipFile(kept) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert len(tokens) == 2
    assert [secret for secret in [*tokens, KEY] if secret.encode() in content] == []


def test_it_is_there_whole_or_not_at_all(app, filled, tmp_path, monkeypatch):
    path = tmp_path / "half.zip"
    path.write_text("the backup of yesterday")
    monkeypatch.setattr(portable, "_kept", lambda value: 1 / 0)
    assert run(app, "backup", path).exit_code != 0
    assert path.read_text() == "the backup of yesterday"
    assert [p.name for p in tmp_path.iterdir() if "half" in p.name] == ["half.zip"]


def test_the_manifest_tells_what_it_is(app, kept, filled):
    with zipfile.ZipFile(kept) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    with app.app_context():
        revision = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        instance = db.session.get(Installation, "instance_id").value
        assert manifest["rows"]["journal"] == db.session.scalar(select(func.count(Entry.id)))
    assert (manifest["revision"], manifest["instance_id"]) == (revision, instance)
    assert manifest["members"].keys() == {"database.jsonl", f"files/{filled.files[0].stored_name}"}


def test_a_file_that_is_gone_is_named_and_the_rest_is_kept(app, filled, tmp_path):
    name = filled.files[0].stored_name
    (tmp_path / "files" / name).unlink()
    done = run(app, "backup", tmp_path / "b.zip")
    assert done.exit_code == 0
    assert f"the file {name} is in the database, but not on disk" in done.output


def test_without_a_database_there_is_nothing_to_keep(other, tmp_path):
    done = run(other, "backup", tmp_path / "b.zip")
    assert (done.exit_code, "run `pdca setup`" in done.output) == (1, True)
    assert not (tmp_path / "b.zip").exists()


# --- while others work -----------------------------------------------------------------------------------


def test_a_backup_made_while_others_write_is_one_moment(app, team, database, other, tmp_path):
    command = [sys.executable, "-W", "ignore", "-m", "tests.exchange.writer", str(team.id), str(team.keeper.id)]
    db.session.rollback()
    environment = os.environ | {
        "PDCA_INSTANCE": str(tmp_path), "PDCA_DATABASE_URL": database, "PDCA_SECRET_KEY": KEY, "PYTHONPATH": str(ROOT)
    }  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as writer:
        for _ in range(5):
            writer.stdout.readline()
        backups = [tmp_path / f"{n}.zip" for n in range(2)]
        for path in backups:
            assert run(app, "backup", path).exit_code == 0
        still_writing = writer.poll() is None
        writer.kill()
    assert still_writing
    sizes = [_restored_size(other, path) for path in backups]
    assert sizes == sorted(sizes)
    assert 5 <= sizes[0] < sizes[-1]


def _restored_size(other, path):
    """How many items; each with its comment, its two facts and its mail."""
    done = run(other, "restore", path, "--force")
    assert done.exit_code == 0, done.output
    with other.app_context():
        items = db.session.scalars(select(Item.id).order_by(Item.id)).all()
        assert db.session.scalars(select(Comment.item_id).order_by(Comment.item_id)).all() == items
        facts = select(Entry.item_id).where(Entry.what.in_(("captured", "commented")))
        assert sorted(db.session.scalars(facts)) == sorted([*items, *items])
        mails = db.session.scalars(select(Message.about).where(Message.kind == "pair"))
        assert sorted(about["item"] for about in mails) == items
        assert db.session.scalar(select(Team.next_number)) == len(items) + 1
        return len(items)


# --- putting back ----------------------------------------------------------------------------------------


def test_work_goes_on_with_the_next_ids(app, kept, other):
    run(other, "restore", kept)
    with other.app_context(), db.writing():
        team, keeper = db.session.scalars(select(Team)).one(), db.session.get(Person, 1)
        last = db.session.scalar(select(func.max(Item.id)))
        item = capture(team, "Daarna", by=keeper, at=MONDAY)
        db.session.commit()
        assert (item.id, item.number, item.phase) == (last + 1, 2, Phase.NEW)


def test_the_database_still_guards_its_journal(app, kept, other):
    run(other, "restore", kept)
    with other.app_context(), db.writing(), pytest.raises(Exception, match="only be added to"):
        db.session.execute(update(Entry).values(what="forged"))


def test_foreign_keys_are_watched_again(app, kept, other):
    run(other, "restore", kept)
    with other.app_context(), db.writing(), pytest.raises(Exception, match=r"(?i)foreign key"):
        db.session.execute(update(Item).values(team_id=999))


def test_where_somebody_works_it_is_refused(app, kept, session, team):
    capture(team.team, "Na de back-up", by=team.keeper, at=MONDAY)
    session.commit()
    done = run(app, "restore", kept)
    assert done.exit_code == 1
    assert "somebody works in this installation already; --force replaces all of it" in done.output
    assert session.scalar(select(func.count(Item.id))) == 2


def test_with_force_it_replaces_all(app, kept, session, filled, tmp_path):
    by = session.get_one(Person, filled.team.memberships[0].person_id)
    name = filled.files[0].stored_name
    item = capture(filled.team, "Na de back-up", by=by, at=MONDAY)
    later = add_file(item, "later.txt", BytesIO(b"x"), tmp_path / "files", by=by, at=MONDAY).stored_name
    (tmp_path / "files" / name).unlink()
    session.commit()
    assert run(app, "restore", kept, "--force").exit_code == 0
    session.expire_all()
    assert session.scalars(select(Item.number)).all() == [1]
    assert (tmp_path / "files" / name).is_file()
    assert not (tmp_path / "files" / later).exists()


def test_a_set_up_installation_without_people_is_empty(app, kept, other):
    assert run(other, "setup").exit_code == 0
    assert run(other, "restore", kept).exit_code == 0


def test_a_restore_that_fails_changes_nothing(app, kept, session, filled, monkeypatch):
    before = everything(app)
    monkeypatch.setattr("pdca.exchange.restore.calm_down", lambda *a, **k: 1 / 0)
    assert isinstance(run(app, "restore", kept, "--force").exception, ZeroDivisionError)
    assert everything(app) == before


def _rewritten(path, change):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _other_manifest(**given):
    def change(parts):
        parts["manifest.json"] = json.dumps(json.loads(parts["manifest.json"]) | given).encode()

    return change


NOT_THE_BACKUP = {
    "database.jsonl is damaged": lambda parts: parts.update({"database.jsonl": parts["database.jsonl"][:-9]}),
    "are not the ones in its manifest": lambda parts: parts.pop("database.jsonl"),
    "the files in this backup are not": lambda parts: parts.update({"files/more": b"x"}),
    "this is not a backup": lambda parts: parts.pop("manifest.json"),
    "has format 2": _other_manifest(format=2),
    "made by a newer version (migration 9999): update first": _other_manifest(revision="9999"),
    "not the ones in the manifest": _other_manifest(rows={"item": 3}),
}


def test_what_is_not_the_backup_that_was_made_is_refused(app, kept, other, tmp_path):
    outputs = {}
    for reason, change in NOT_THE_BACKUP.items():
        changed = shutil.copyfile(kept, tmp_path / "changed.zip")
        _rewritten(changed, change)
        outputs[reason] = run(other, "restore", changed).output
    assert [reason for reason, output in outputs.items() if reason not in output] == []
    with other.app_context(), db.engine.connect() as connection:
        assert db.inspect(connection).get_table_names() == []


def test_a_member_may_not_leave_its_folder(app, kept, other, tmp_path):
    def add_evil(parts):
        manifest = json.loads(parts["manifest.json"])
        manifest["members"]["files/../../evil"] = {"size": 1, "sha256": hashlib.sha256(b"x").hexdigest()}
        parts.update({"files/../../evil": b"x", "manifest.json": json.dumps(manifest).encode()})

    _rewritten(kept, add_evil)
    assert "does not belong in a backup" in run(other, "restore", kept).output
    assert list(tmp_path.rglob("evil")) == []


def test_something_else_is_not_a_backup(other, tmp_path):
    (tmp_path / "b.zip").write_text("hello")
    assert "is not a whole backup" in run(other, "restore", tmp_path / "b.zip").output


# --- afterwards ------------------------------------------------------------------------------------------


def accept(key, message_id=None):
    line = {"message_id": message_id or f"<{key}@x>", "key": key, "at": MONDAY.isoformat(), "code": 250, "words": "ok"}
    return json.dumps(line)


def test_after_a_restore_what_waited_is_held_and_what_left_stays_so(app, kept, other):
    run(other, "restore", kept)
    with other.app_context():
        states = dict(db.session.execute(select(Message.dedupe_key, Message.state)).all())
        held = db.session.scalars(select(Attempt.words).where(Attempt.node == "restore")).all()
    waited = {f"x:{state}": MessageState.HELD for state in ("pending", "sending", "held")}
    assert states == {f"x:{state}": state for state in MessageState} | waited
    assert len(held) == 3


def test_what_this_machine_sent_since_the_backup_is_never_queued_again(app, kept, session, tmp_path):
    queue("y", address="b@example.org", about={}, dedupe_key="y:later", at=MONDAY)
    session.commit()
    pending = session.scalars(select(Message).where(Message.dedupe_key == "x:pending")).one()
    lines = [accept("y:later"), accept("x:pending", pending.message_id), '{"cut off']
    (tmp_path / "accepted.jsonl").write_text("\n".join(lines))
    done = run(app, "restore", kept, "--force")
    assert "2 waiting messages are held, 2 more are known to have left" in done.output
    session.expire_all()
    states = dict(session.execute(select(Message.dedupe_key, Message.state)).all())
    assert (states["x:pending"], states["y:later"]) == (MessageState.ACCEPTED, MessageState.ACCEPTED)
    assert queue("y", address="b@example.org", about={}, dedupe_key="y:later", at=MONDAY) is None
    assert (tmp_path / "accepted.jsonl").read_text().splitlines() == lines


def test_it_leaves_a_marker_for_the_engine(app, kept, other):
    run(other, "restore", kept)
    with other.app_context():
        assert db.session.get(Installation, "restored_at").value == MONDAY.isoformat()


def test_sessions_and_links_that_work_once_do_not_come_alive_again(app, kept, other):
    run(other, "restore", kept)
    with other.app_context():
        assert db.session.scalars(select(SignIn.revoked_at)).all() == [MONDAY]
        revoked = dict(db.session.execute(select(Link.purpose, Link.revoked_at)).all())
    assert revoked == {"aftercare": None, "sign_in": MONDAY}


def test_under_another_key_waiting_mail_is_written_anew(app, session, kept, other, tmp_path):
    waiting = session.scalars(select(Message).where(Message.dedupe_key == "x:held")).one()
    waiting.mime = b"with a placeholder"
    make_link("aftercare", 2, at=MONDAY, expires_at=MONDAY, message_id=waiting.id)
    session.commit()
    run(app, "backup", kept)
    other.config["SECRET_KEY"] = "another-key-0123456789-abcdefghijklmnop-xyz"
    assert "The key is not the one of then" in run(other, "restore", kept).output
    with other.app_context():
        assert db.session.scalars(select(Message.mime).where(Message.dedupe_key == "x:held")).one() is None
        assert db.session.scalars(select(Link.subject_id).order_by(Link.id)).all() == [1, 1]
