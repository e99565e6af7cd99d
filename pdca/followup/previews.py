"""Every kind of mail with made-up people in it, to be looked at: nothing is read from or written to the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from pdca.errors import N_, NotFound
from pdca.followup.asks import AFTERCARE_SILENT, ASKS, PROMISE_PASSED, Ask
from pdca.followup.digest import LEADERS, Digest, Section, Stalled
from pdca.followup.grouped import Letter
from pdca.followup.lines import Line, Why, urgency_of
from pdca.followup.news_lines import SENTENCES, NewsLine
from pdca.followup.terms import DutyKind
from pdca.followup.wording import due_words, news_words, sentences, urgency_words
from pdca.mail.rendering import Rendered, render_mail
from pdca.web import settings

# Monday 2 November 2026, nine o'clock in Amsterdam.
AT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
TODAY = date(2026, 11, 2)
TOKEN = "•" * 6
TEXTS: dict[str, dict[str, str]] = {
    "nl": {
        "title": "Wachtrij aan de balie op donderdag korter",
        "other": "Brief over kwijtschelding in gewone taal",
        "noticeable": "U bent binnen tien minuten aan de beurt.",
        "delay": "De leverancier van de zuil heeft een week vertraging.",
        "next": "De zuil stond achter de deur. We zetten hem ervoor en vragen het u over twee weken opnieuw.",
        "lesson": "Een zuil werkt, als hij vóór de deur staat.",
        "why_not": "Dit valt onder de provincie; we hebben uw brief doorgestuurd.",
        "name": "mevrouw B. Hendriks",
    },
    "en": {
        "title": "A shorter queue at the desk on Thursdays",
        "other": "The letter about remission in plain words",
        "noticeable": "It is your turn within ten minutes.",
        "delay": "The supplier of the ticket pillar is a week late.",
        "next": "The pillar stood behind the door. We put it in front, and ask you again in two weeks.",
        "lesson": "A pillar works when it stands in front of the door.",
        "why_not": "This is up to the province; we passed your letter on.",
        "name": "Mrs B. Hendriks",
    },
}
Make = Callable[[dict[str, str]], tuple[str, dict[str, Any]]]


def names() -> list[str]:
    """What can be looked at, in the order of a matter's life."""
    return list(PREVIEWS)


def preview(name: str, lang: str) -> Rendered:
    """One mail in one language; NotFound for what is none."""
    if name not in PREVIEWS or lang not in TEXTS:
        raise NotFound
    template, context = PREVIEWS[name](TEXTS[lang])
    given = {"at": AT, "due_words": due_words, "news_words": news_words, "sentences": sentences}
    words = render_mail(template, lang, "Europe/Amsterdam", **given, urgency_words=urgency_words, **context)
    return Rendered(*words)


# --- customers -------------------------------------------------------------------------------------------


def _customer(template: str, text: str = "", **more: object) -> Make:
    def make(t: dict[str, str]) -> tuple[str, dict[str, Any]]:
        item = SimpleNamespace(title=t["title"], noticeable=t["noticeable"], review_on=date(2027, 1, 4))
        word = SimpleNamespace(text=t.get(text, ""))
        given = {"name": t["name"], "item": item, "word": word, "url": _url("a"), "until": date(2027, 5, 3)}
        return template, {**given, "carried_out_on": date(2026, 10, 19), "due_on": date(2026, 11, 9), **more}

    return make


def _url(path: str) -> str:
    return f"{settings().links}/{path}/{TOKEN}"


# --- people ----------------------------------------------------------------------------------------------


def _person(template: str, path: str = "sign-in", **more: object) -> Make:
    def make(_t: dict[str, str]) -> tuple[str, dict[str, Any]]:
        person = SimpleNamespace(name="Mila Jansen", email="mila@gemeente.example")
        given = {"person": person, "url": _url(path), "inviter": "Bo Kuipers", "teams": ["Burgerzaken"]}
        return template, {**given, "new": "mila.jansen@gemeente.example", "what": "password", **more}

    return make


# --- the day's mail --------------------------------------------------------------------------------------


def _grouped(*, is_weekly: bool = False, is_news: bool = False, is_empty: bool = False) -> Make:
    def make(t: dict[str, str]) -> tuple[str, dict[str, Any]]:
        lines = () if is_news or is_empty else tuple(_lines(t))
        letter = Letter(
            lines=lines,
            piles=(),
            news=_news(t) if is_news else (),
            digest=_digest(t, is_empty=is_empty) if is_weekly else None,
            more=0 if is_news or is_empty else 2,
        )
        acts = {line.duty_id: _url("act") for line in lines if line.kind in (DutyKind.PROMISE, DutyKind.HANDOVER)}
        return "grouped", {"person": SimpleNamespace(name="Mila Jansen"), "letter": letter, "acts": acts}

    return make


def _lines(t: dict[str, str]) -> list[Line]:
    return [
        _line(1, DutyKind.PROMISE, t["title"], Ask(PROMISE_PASSED, "next"), TODAY - timedelta(days=3), "do"),
        _line(2, DutyKind.HANDOVER, t["other"], _ask(DutyKind.HANDOVER), TODAY, "plan", why=Why.RECEIVER),
        _line(
            3,
            DutyKind.AFTERCARE,
            t["title"],
            Ask(AFTERCARE_SILENT, "aftercare", {"customer": t["name"]}),
            TODAY + timedelta(days=2),
            "check",
        ),
    ]


def _ask(kind: DutyKind) -> Ask:
    text, anchor = ASKS[kind]
    return Ask(text, anchor)


def _line(  # noqa: PLR0917 - a row of the table above
    number: int, kind: DutyKind, title: str, ask: Ask, due_on: date, phase: str, why: Why = Why.OWNER
) -> Line:
    return Line(
        duty_id=number,
        occurrence=f"{kind.value}:1",
        kind=kind,
        item_id=number,
        number=140 + number,
        title=title,
        phase=phase,
        team_id=1,
        team="Burgerzaken",
        ask=ask,
        due_on=due_on,
        today=TODAY,
        urgency=urgency_of(due_on, TODAY),
        why=why,
        holder_id=1,
        holder="Mila Jansen",
        is_own=True,
    )


def _digest(t: dict[str, str], *, is_empty: bool) -> Digest:
    if is_empty:
        return Digest(LEADERS, "2026-W45", ())
    decide = _line(4, DutyKind.DECISION, t["other"], _ask(DutyKind.DECISION), TODAY, "do", why=Why.LEADER)
    stands_still = N_("%(days)s days without progress")
    since = TODAY - timedelta(days=20)
    stalled = Stalled(9, 149, t["title"], 1, stands_still, since, "Omar Bakker", {"days": 20})
    return Digest(LEADERS, "2026-W45", (Section(N_("Decisions that wait for you"), (decide,)),), (stalled,))


def _news(t: dict[str, str]) -> tuple[NewsLine, ...]:
    promised = {"owner": "Omar Bakker"}
    given = {"who": "Bo Kuipers", "why": t["delay"]}
    return (
        NewsLine(1, 141, t["title"], 1, SENTENCES["started"], promised, day=TODAY + timedelta(days=7)),
        NewsLine(1, 141, t["title"], 1, SENTENCES["date_moved"], given, day=TODAY + timedelta(days=14)),
        NewsLine(2, 142, t["other"], 1, SENTENCES["taken_up"], given),
    )


PREVIEWS: dict[str, Make] = {
    "aftercare": _customer("aftercare"),
    "aftercare_reminder": _customer("aftercare_reminder"),
    "word_new_date": _customer("word_new_date", "delay"),
    "word_next_round": _customer("word_next_round", "next", url=""),
    "word_closed": _customer("word_closed", "lesson"),
    "word_declined": _customer("word_declined", "why_not", url=""),
    "word_parked": _customer("word_parked", "delay", url=""),
    "word_stopped": _customer("word_stopped", "why_not", url=""),
    "recurrence": _customer("recurrence"),
    "grouped": _grouped(),
    "grouped_news": _grouped(is_news=True),
    "digest": _grouped(is_weekly=True),
    "digest_empty": _grouped(is_weekly=True, is_empty=True),
    "invitation": _person("invitation", "invitation"),
    "sign_in": _person("sign_in"),
    "password_reset": _person("password_reset", "reset"),
    "new_address": _person("new_address", "new-address"),
    "account_changed": _person("account_changed"),
    "test": _person("test"),
}
