"""What the follow-up hangs on the application."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import Flask
from sqlalchemy import select

from pdca import doctor
from pdca.db import db, register_reconciler, touch
from pdca.followup import (
    after_mail,
    customer_mails,
    customers,
    grouped,
    invariants,
    nav,
    nodes,
    replies,
    routes,
    routes_previews,
)
from pdca.followup.gather import KIND, take_over
from pdca.followup.giving_up import give_up
from pdca.followup.mine import nav_count
from pdca.followup.models import Duty, DutyState
from pdca.followup.reconcile import reconcile
from pdca.mail.operations import on_accepted, on_dead
from pdca.mail.rendering import register_check, register_renderer
from pdca.mail.replies import register_taker
from pdca.mail.standstill import register_merging, when_discarding
from pdca.people.accounts import when_administrators_change
from pdca.people.erasing import when_erasing
from pdca.people.models import Person
from pdca.web import Probe, register_probe


def install(app: Flask) -> None:
    """The reconciler, who writes which mail, what happens after a mail, and the questions about our health."""
    register_reconciler(reconcile)
    _mails()
    on_accepted(after_mail.accepted)
    on_dead(after_mail.dead)
    when_erasing(still_owing)
    when_administrators_change(hand_on)
    register_probe(app, "scheduler", probe)
    doctor.register_check(app, invariants.complaints)
    app.add_url_rule("/admin/mail-previews", endpoint="admin.previews", view_func=routes_previews.show_all)
    app.add_url_rule(
        "/admin/mail-previews/<name>/<lang>", endpoint="admin.preview_html", view_func=routes_previews.show_html
    )
    app.add_url_rule("/admin/followup", endpoint="admin.followup", view_func=routes.admin)
    nav.register_count(app, "my_list", nav_count)
    nav.install(app)


def _mails() -> None:
    register_renderer(KIND, grouped.write_grouped)
    register_check(KIND, grouped.may_leave)
    register_merging(KIND, take_over)
    when_discarding(give_up)
    for kind in ("aftercare", "aftercare_reminder"):
        register_renderer(kind, customer_mails.write_aftercare)
    register_renderer("recurrence", customer_mails.write_recurrence)
    register_renderer("word", customer_mails.write_word)
    register_taker(KIND, replies.colleague_replied)
    for kind in customers.KINDS:
        register_check(kind, customer_mails.may_leave)
        register_taker(kind, replies.customer_replied)


def still_owing(person: Person) -> Iterator[str]:
    """Open duties that this very person still holds."""
    theirs = select(Duty.occurrence).where(Duty.state == DutyState.OPEN, Duty.holder_id == person.id)
    yield from db.session.scalars(theirs.order_by(Duty.id))


def hand_on(person: Person, at: datetime) -> None:
    """Where nobody else is left an administrator owes what is owed: there somebody else may owe it from now on."""
    by_one = Duty.holder_id.in_(select(Person.id).where(Person.is_administrator)) | (Duty.holder_id == person.id)
    alone = Duty.holder_id == Duty.not_person_id
    teams = select(Duty.team_id).where(Duty.state == DutyState.OPEN, by_one | alone).distinct()
    for team_id in db.session.scalars(teams):
        touch("team", team_id, at)


def probe(at: datetime) -> Probe:
    """503 when no pass ended for five minutes. Before the very first one: when something is waiting for it."""
    pulse = nodes.pulse(at)
    age = round(pulse.age.total_seconds()) if pulse.age is not None else None
    facts = {"last_run": pulse.last_run.isoformat() if pulse.last_run else None, "age_s": age}
    return Probe(pulse.is_alive if pulse.last_run else not _is_missed(at), facts)


def _is_missed(at: datetime) -> bool:
    overdue = select(Duty.id).where(Duty.state == DutyState.OPEN, Duty.next_step_at < at - nodes.SILENT).limit(1)
    return db.session.scalar(overdue) is not None
