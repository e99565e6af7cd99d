"""What is next: the step the page asks about, what it has already, and the other ways."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import gettext, ngettext

from pdca.items import words
from pdca.items.criteria import last_verdict
from pdca.items.facts import Facts
from pdca.items.lifecycle import Step, concerns, next_step, step_between
from pdca.items.taking_back import may_take_back
from pdca.items.terms import (
    Phase,
    Verdict,
)
from pdca.items.views import stations
from pdca.items.views.reading import Reading
from pdca.items.views.sheet import NOTE, Link, SheetView


def next_gate(facts: Facts) -> Step | None:
    """The step the page asks about: on, or back when the verdict says so; a parked item goes on."""
    if facts.phase is Phase.PARKED and facts.resumes_in is not None:
        return step_between(Phase.PARKED, facts.resumes_in)
    if facts.phase in (Phase.CHECK, Phase.ACT) and last_verdict(facts) is Verdict.NOT_EFFECTIVE:
        return step_between(facts.phase, Phase.PLAN)
    return next_step(facts)


def _settles(view: SheetView, name: str) -> bool:
    """Whether this question can be answered with the step: no note stands in the way of it."""
    names = [q.name for q in view.questions]
    return name in names and NOTE not in names


def heading(step: Step | None, view: SheetView | None) -> str:
    if step is None or view is None:
        return ""
    left = view.total
    phase = str(words.PHASE_NAMES[step.target])
    if step.name == "next_round":
        return gettext("It did not work: on to the next round")
    if step.name == "resume":
        return gettext("Take it out of the park")
    if view.runs:
        return view.runs
    if not view.questions:
        return gettext("It may go to %(phase)s", phase=phase)
    if not left:
        return gettext("Before it can go to %(phase)s", phase=phase)
    return ngettext("To %(phase)s: %(num)s more answer", "To %(phase)s: %(num)s more answers", left, phase=phase)


def settled_line(step: Step | None, facts: Facts) -> tuple[str, ...]:
    """What the gate has already, in a few words each."""
    if step is None:
        return ()
    open_names = {m.name for m in step.missing(facts)}
    texts = {
        "need": gettext("Somebody asked for it"),
        "purpose": gettext("We know why"),
        "aftercare": gettext("Aftercare is planned"),
        "baseline": gettext("There is a baseline"),
        "small_test": gettext("There is a small test"),
        "carried_out": gettext("Carried out"),
        "announced": gettext("Announced") if facts.catalogue_changes else "",
        "called": gettext("The customer was called") if facts.calls_during_work else "",
        "answered": ngettext("%(num)s answer", "%(num)s answers", _answers(facts)) if _answers(facts) else "",
        "verdict": gettext("There is a verdict"),
        "checks_settled": gettext("All checks are answered"),
        "standard": gettext("The new standard is written down") if facts.is_action else "",
        "lesson": gettext("There is a lesson"),
    }
    met = [c.name for c in step.needs if c.name not in open_names and concerns(c, facts)]
    return tuple(texts[name] for name in met if texts.get(name))


def _answers(facts: Facts) -> int:
    return sum(len(c.answers) for c in facts.live_checks)


def other_steps(r: Reading) -> Iterator[Link]:
    """Other steps that are open to this person now, beside the one that is asked about."""
    asked = next_gate(r.facts)
    names = {
        "next_round": gettext("Start the next round"),
        "finish_the_rest": gettext("Finish the rest"),
        "back_to_plan": gettext("Back to Plan"),
        "park": gettext("Park"),
        "decline": gettext("Decline"),
        "stop": gettext("Stop"),
        "reopen": gettext("Reopen"),
    }
    for target in Phase:
        step = step_between(r.facts.phase, target)
        if step is None or step is asked or step.name not in names or not r.may(step):
            continue
        if stations.makes_sense(r.facts, step):
            yield (r.url("items.step", to=target.value), names[step.name])


def acts(r: Reading) -> Iterator[Link]:
    """The acts beside the gate's own button."""
    if r.facts.phase is Phase.DO:
        yield (r.url("items.new_date"), gettext("New date"))
    if r.facts.phase in (Phase.CHECK, Phase.ACT) and any(c.due_on for c in r.facts.open_checks):
        yield (r.url("items.new_date"), gettext("Another day for this check"))
    if r.facts.is_open:
        yield (r.url("items.help"), gettext("Need help"))


def more(r: Reading) -> Iterator[Link]:
    facts = r.facts
    if facts.phase is Phase.DO and not facts.is_frozen:
        yield (r.url("items.waiting"), gettext("Waiting on others"))
        yield (r.url("items.call"), gettext("Call during the work"))
        yield (r.url("items.announcement"), gettext("Announce the change"))
    if facts.is_open and facts.phase is not Phase.NEW:
        yield (r.url("items.waivers"), gettext("Waiver"))
    yield from other_steps(r)


def waiting(facts: Facts) -> str:
    if not facts.waiting_on or facts.waiting_until is None:
        return ""
    until = words.day(facts.waiting_until, facts.today)
    return gettext("Waits for %(what)s until %(day)s", what=facts.waiting_on, day=until)


def take_back_url(r: Reading) -> str:
    last = may_take_back(r.item, r.person, r.at, r.facts.settings.take_back_minutes)
    return r.url("items.taking_back") if last is not None else ""
