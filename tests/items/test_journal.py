"""The journal: a row for every fact, and nothing that can be changed afterwards. And what the database guards."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from pdca.db import db
from pdca.items.answers import Answers, BaselineAnswer
from pdca.items.checks import CheckAnswer, answer_by_link
from pdca.items.edit import edit
from pdca.items.files import add_file
from pdca.items.journal import PROGRESS, record
from pdca.items.models import Entry
from pdca.items.promises import change_date
from pdca.items.talk import comment
from pdca.items.terms import ActorKind, CheckState, Kind, Phase, Solved, Verdict
from pdca.items.work import wait_on
from pdca.mail.models import Attempt, Message, MessageState
from tests.conftest import MONDAY
from tests.stories import walk


def entries(story, *what):
    rows = db.session.query(Entry).filter_by(item_id=story.item.id).order_by(Entry.id).all()
    return [e for e in rows if not what or e.what in what]


def test_a_row_says_who_when_what_old_new_and_why(crew):
    story = walk(crew, Phase.DO, at=MONDAY).later(days=1)
    later = story.today + timedelta(days=30)
    change_date(story.item, due_on=later, reason="De leverancier is ziek.", by=crew.keeper, at=story.at)
    [row] = entries(story, "date_moved")
    assert {c.name: getattr(row, c.key) for c in Entry.__table__.columns if c.name != "id"} == {
        "item_id": story.item.id,
        "team_id": crew.team.id,
        "at": story.at,
        "actor_kind": ActorKind.PERSON,
        "actor_id": crew.keeper.id,
        "on_behalf_of_id": crew.owner.id,
        "what": "date_moved",
        "field": "due_on",
        "old": "2026-03-23",
        "new": later.isoformat(),
        "why": "De leverancier is ziek.",
    }


def test_the_whole_life_of_an_action_can_be_read_back(crew):
    story = walk(crew, Phase.CLOSED, Kind.IMPROVEMENT, at=MONDAY)
    # Each thing once, in the order in which it happened first.
    told = list(dict.fromkeys(e.what for e in entries(story)))
    assert told == [
        *("captured", "edited", "defaulted", "owner", "handover_opened", "taken_up", "handover_accepted"),
        *("aftercare_planned", "started", "finished", "asked", "answered", "verdict", "embedded"),
        *("lesson", "closed"),
    ]
    assert all(e.at.tzinfo and e.actor_kind for e in entries(story))


def test_a_customer_is_named_as_customer_and_the_clock_as_clock(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer()
    [asked], [answered] = entries(story, "asked"), entries(story, "answered")
    assert (asked.actor_kind, answered.actor_kind, answered.actor_id) == (
        ActorKind.CLOCK,
        ActorKind.CUSTOMER,
        None,
    )
    assert answered.new == {"check": 1, "solved": "yes", "mark": 8, "source": "link"}


def test_what_was_there_before_is_kept(crew):
    story = walk(crew, Phase.PLAN, Kind.IMPROVEMENT, at=MONDAY)
    for mark in (4, 6):
        edit(story.item, Answers(baseline=BaselineAnswer(story.today, mark)), by=story.owner, at=story.at)
    rows = [e for e in entries(story, "edited") if e.field == "baseline"]
    assert [(e.old and e.old["mark"], e.new["mark"]) for e in rows] == [(None, 4), (4, 6)]


def test_the_same_answer_again_is_no_fact(crew):
    story = walk(crew, Phase.PLAN, at=MONDAY)
    before = len(entries(story))
    edit(story.item, Answers(title=story.item.title), by=story.owner, at=story.at)
    assert len(entries(story)) == before


def test_every_fact_raises_the_version_and_marks_the_item(crew):
    story = walk(crew, Phase.PLAN, at=MONDAY)
    version = story.item.version
    db.session.info.pop("touched", None)
    edit(story.item, Answers(purpose="Om rust te hebben."), by=story.owner, at=story.at)
    assert story.item.version == version + 1
    assert db.session.info["touched"] == {("item", story.item.id): story.at}


def test_progress_is_made_by_people_and_not_by_dates_titles_or_the_clock(crew, tmp_path):
    story = walk(crew, Phase.DO, at=MONDAY)
    began = story.at
    story.later(days=1)
    edit(story.item, Answers(title="Anders"), by=story.owner, at=story.at)
    due_on = story.today + timedelta(days=30)
    change_date(story.item, due_on=due_on, reason="Ziek.", by=story.owner, at=story.at)
    wait_on(story.item, "De drukker", story.today, by=story.owner, at=story.at)
    record(story.item, "verdict", by=None, at=story.at, kind=ActorKind.CLOCK)
    assert story.item.last_progress_at == began
    comment(story.item, "Bijna klaar.", by=story.owner, at=story.at)
    assert story.item.last_progress_at == story.at
    add_file(story.item, "a.txt", BytesIO(b"a"), tmp_path, by=story.owner, at=story.later(days=1).at)
    assert story.item.last_progress_at == story.at
    assert {"answered", "observed", "called", "commented", "file_added"} <= PROGRESS
    assert not {"edited", "date_moved", "check_moved", "asked", "reminded", "waiting"} & PROGRESS


# --- what the database refuses -----------------------------------------------------------------------------


def refused(statement, match):
    with pytest.raises(DatabaseError, match=match), db.session.begin_nested():
        db.session.execute(text(statement))


def test_the_journal_is_only_ever_added_to(crew):
    walk(crew, Phase.PLAN, at=MONDAY)
    for statement in ("UPDATE journal SET why = 'anders'", "DELETE FROM journal"):
        refused(statement, "the journal can only be added to")


def test_a_frozen_round_is_never_changed_unfrozen_or_removed(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer(Solved.NO, 2).judge(Verdict.NOT_EFFECTIVE)
    story.move(Phase.PLAN, why_not="Te klein.")
    db.session.flush()
    for change in ("why_not = 'anders'", "frozen_at = NULL", "frozen_at = NULL, why_not = 'anders'"):
        refused(f"UPDATE round SET {change} WHERE number = 1", "a frozen round never changes")
    refused("DELETE FROM round WHERE number = 1", "a frozen round never changes")
    db.session.execute(text("UPDATE round SET root_cause = 'rooster' WHERE number = 2"))


def test_an_item_with_an_open_check_is_not_closed_by_any_way_in(crew):
    story = walk(crew, Phase.ACT, Kind.IMPROVEMENT, at=MONDAY)
    db.session.flush()
    said = "an item with an open aftercare check cannot be closed"
    refused(f"UPDATE item SET phase = 'closed' WHERE id = {story.item.id}", said)


@pytest.mark.parametrize("state", ["planned", "asked"])
def test_a_closed_item_gets_no_open_check_by_any_way_in(crew, state):
    story = walk(crew, Phase.CLOSED, at=MONDAY)
    db.session.flush()
    said = "a closed item has no open aftercare check"
    refused(f"UPDATE aftercare_check SET state = '{state}' WHERE item_id = {story.item.id}", said)
    refused(
        "INSERT INTO aftercare_check (item_id, round_number, number, series, offset_days, method, criterion, state,"
        f" times_moved, evidence) VALUES ({story.item.id}, 1, 9, 1, 14, 'mail', '', '{state}', 0, '')",
        said,
    )


def test_attempts_are_only_added_and_what_was_accepted_stays_accepted(crew):
    sent = Message(
        dedupe_key="a",
        message_id="<a@b>",
        kind="word",
        about={},
        address="a@b.example",
        created_at=MONDAY,
        not_before=MONDAY,
        state=MessageState.ACCEPTED,
        accepted_at=MONDAY,
    )
    db.session.add(sent)
    db.session.flush()
    db.session.add(Attempt(message_id=sent.id, at=MONDAY, node="n", outcome="accepted"))
    db.session.flush()
    refused("UPDATE message SET state = 'pending'", "an accepted message never goes back")
    refused("UPDATE attempt SET outcome = 'lost'", "an attempt can only be added")
    refused("DELETE FROM attempt", "an attempt can only be added")


def test_what_the_guards_refuse_the_operations_never_try(crew):
    """A correction, a late word of a group and the telling after a failed round touch no frozen round."""
    from pdca.items.telling import tell_next

    story = walk(crew, Phase.CHECK, at=MONDAY).answer(Solved.YES, 8)
    answer_by_link(story.item.checks[0], story.contact, CheckAnswer(Solved.NO, 3), at=story.at)
    story.judge(Verdict.NOT_EFFECTIVE).move(Phase.PLAN, why_not="Te klein.")
    tell_next(story.item, "Wij gaan verder.", by=story.owner, at=story.at)
    db.session.flush()
    assert story.item.checks[0].state is CheckState.ANSWERED
