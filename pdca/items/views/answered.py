"""What was answered already: as the browser would send it back, and in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask_babel import format_decimal, gettext

from pdca.items import words
from pdca.items.forms.gate import Sent
from pdca.items.models import Item
from pdca.items.terms import CustomerType

# The name under which a guessed part of an answer is kept.
GUESSED_PART = {"customer": "customer_type"}


def stored(item: Item) -> dict[str, Sent]:
    """Per answered question what its inputs hold."""
    found = {name: read(item) for name, read in _STORED.items()}
    return {name: _sent(values) for name, values in found.items() if values}


def is_defaulted(item: Item, name: str) -> bool:
    """Whether nobody gave this answer (or the guessed part of it)."""
    return name in item.defaulted or GUESSED_PART.get(name, "") in item.defaulted


def words_of(item: Item, name: str, today: date) -> str:
    """An answer in one line; empty when there is none."""
    return _WORDS[name](item, today) if name in _WORDS else ""


def _sent(values: dict[str, Any]) -> Sent:
    return {name: _texts(value) for name, value in values.items()}


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, list):
        return [str(one) for one in value]
    if isinstance(value, date):
        return [value.isoformat()]
    return [str(getattr(value, "value", value))]


# --- as sent ---------------------------------------------------------------------------------------------


def _column(name: str) -> Callable[[Item], dict[str, Any]]:
    def read(item: Item) -> dict[str, Any]:
        value = getattr(item, name)
        return {name: value} if value not in (None, "") else {}

    return read


def _round(name: str) -> Callable[[Item], dict[str, Any]]:
    def read(item: Item) -> dict[str, Any]:
        value = getattr(item.round, name)
        return {name: value} if value not in (None, "") else {}

    return read


def _customer(item: Item) -> dict[str, Any]:
    if item.customer_type is None:
        return {}
    return {
        "customer": contact_line(item),
        "customer_type": item.customer_type,
        "customer_locale": item.contacts[-1].locale if item.contacts else None,
    }


def contact_line(item: Item) -> str:
    """ "Mirte Aalbers, mirte@example.org", as it was typed."""
    if item.customer_type is CustomerType.UNKNOWN or not item.contacts:
        return item.customer_name
    contact = item.contacts[-1]
    return ", ".join(part for part in (contact.name, contact.email, contact.phone) if part)


def _need(item: Item) -> dict[str, Any]:
    if not item.needs:
        return {}
    need = item.needs[-1]
    return {
        "need_who": need.who,
        "need_how_many": need.how_many,
        "need_channel": words.said(need.channel),
        "need_quote": need.quote,
    }


def _agreed(item: Item) -> dict[str, Any]:
    if not item.agreed_with:
        return {}
    return {"agreed_with": item.agreed_with, "agreed_on": item.agreed_on, "agreed_how": words.said(item.agreed_how)}


def _aftercare(item: Item) -> dict[str, Any]:
    if item.care_method is None:
        return {}
    return {
        "care_method": item.care_method,
        "care_asker_id": item.care_asker_id,
        "care_criterion": words.said(item.care_criterion),
    }


def _baseline(item: Item) -> dict[str, Any]:
    row = item.round
    if row.baseline_on is None:
        return {}
    names = ("baseline_on", "baseline_mark", "baseline_good", "baseline_better", "baseline_change")
    return {name: getattr(row, name) for name in names}


def _small_test(item: Item) -> dict[str, Any]:
    row = item.round
    if not row.test_where or row.test_until is None:
        return {}
    names = ("test_where", "test_with", "test_until", "prediction", "how_we_know")
    return {name: getattr(row, name) for name in names}


def _groups(item: Item) -> dict[str, Any]:
    return {"groups": [group.id for group in item.groups]} if item.groups else {}


def _touchpoint(item: Item) -> dict[str, Any]:
    if not item.touchpoint or not item.contact_role:
        return {}
    return {"touchpoint": item.touchpoint, "contact_role": item.contact_role}


def _carried_out(item: Item) -> dict[str, Any]:
    row = item.round
    if row.carried_out_on is None:
        return {}
    return {
        "carried_out_on": "other",
        "carried_out_on_other": row.carried_out_on,
        "carried_out": "other",
        "carried_out_other": words.said(row.carried_out),
    }


def _prediction(item: Item) -> dict[str, Any]:
    row = item.round
    if row.prediction_result is None:
        return {}
    return {"prediction_result": row.prediction_result, "result": row.result}


def _standard(item: Item) -> dict[str, Any]:
    row = item.round
    if not row.standard_where:
        return {}
    return {"standard_where": row.standard_where, "standard_keeper_id": row.standard_keeper_id}


def _due_on(item: Item) -> dict[str, Any]:
    return {"due_on": "other", "due_on_other": item.due_on} if item.due_on else {}


_STORED: dict[str, Callable[[Item], dict[str, Any]]] = {
    **{name: _column(name) for name in ("title", "problem", "noticeable", "kind", "importance")},
    "channel": lambda item: {"channel": words.said(item.channel)} if item.channel else {},
    **{name: _column(name) for name in ("service_id", "owner_id", "purpose", "catalogue_changes", "last_useful_on")},
    "no_survey": lambda item: {"no_survey": item.no_survey_reason} if item.no_survey_reason else {},
    "share": _column("share"),
    "root_cause": _round("root_cause"),
    "customer": _customer,
    "need": _need,
    "due_on": _due_on,
    "agreed": _agreed,
    "aftercare": _aftercare,
    "baseline": _baseline,
    "small_test": _small_test,
    "groups": _groups,
    "touchpoint": _touchpoint,
    "carried_out": _carried_out,
    "prediction_result": _prediction,
    "standard": _standard,
}


# --- in words --------------------------------------------------------------------------------------------


def customer_words(item: Item) -> str:
    """Who the customer is, and what kind."""
    if item.customer_type is None:
        return ""
    kind = str(words.CUSTOMER_NAMES[item.customer_type])
    return f"{item.customer_name}, {kind}" if item.customer_name else kind


def _need_words(item: Item) -> str:
    if not item.needs:
        return ""
    need = item.needs[-1]
    many = gettext("%(count)s people", count=format_decimal(need.how_many)) if need.how_many > 1 else ""
    return ", ".join(part for part in (need.who, many, words.said(need.channel)) if part)


def _agreed_words(item: Item, today: date) -> str:
    if not item.agreed_with or item.agreed_on is None:
        return ""
    return f"{item.agreed_with}, {words.day(item.agreed_on, today)}, {words.said(item.agreed_how)}"


def _aftercare_words(item: Item) -> str:
    if item.care_method is None:
        return ""
    return ". ".join(
        part for part in (str(words.METHOD_NAMES[item.care_method]), words.said(item.care_criterion)) if part
    )


def baseline_words(item: Item, today: date) -> str:
    """The mark or the observation, with its day; or that it can no longer be taken."""
    row = item.round
    if row.baseline_on is None:
        return gettext("no baseline (promoted)") if row.baseline_lost else ""
    what = gettext("mark %(mark)s", mark=row.baseline_mark) if row.baseline_mark else row.baseline_change
    return f"{what}, {words.day(row.baseline_on, today)}"


def _carried_out_words(item: Item, today: date) -> str:
    row = item.round
    if row.carried_out_on is None:
        return ""
    return f"{words.day(row.carried_out_on, today)}: {words.said(row.carried_out)}"


def _small_test_words(item: Item, today: date) -> str:
    row = item.round
    if not row.test_where or row.test_until is None:
        return ""
    until = gettext("until %(day)s", day=words.day(row.test_until, today))
    return f"{row.test_where}, {row.test_with}, {until}. {row.prediction}"


def yes_no(value: bool) -> str:
    """Yes or no."""
    return gettext("Yes") if value else gettext("No")


_WORDS: dict[str, Callable[[Item, date], str]] = {
    "title": lambda item, _: item.title,
    "problem": lambda item, _: item.problem,
    "noticeable": lambda item, _: item.noticeable,
    "customer": lambda item, _: customer_words(item),
    "kind": lambda item, _: str(words.KIND_NAMES[item.kind]) if item.kind else "",
    "importance": lambda item, _: str(words.IMPORTANCE_NAMES[item.importance]),
    "channel": lambda item, _: words.said(item.channel),
    "service_id": lambda item, _: item.service.name if item.service else "",
    "owner_id": lambda item, _: item.owner.name if item.owner else "",
    "purpose": lambda item, _: item.purpose,
    "need": lambda item, _: _need_words(item),
    "no_survey": lambda item, _: item.no_survey_reason,
    "due_on": lambda item, today: words.day(item.due_on, today) if item.due_on else "",
    "agreed": _agreed_words,
    "aftercare": lambda item, _: _aftercare_words(item),
    "catalogue_changes": lambda item, _: yes_no(item.catalogue_changes),
    "last_useful_on": lambda item, _: words.long_day(item.last_useful_on) if item.last_useful_on else "",
    "baseline": baseline_words,
    "root_cause": lambda item, _: item.round.root_cause,
    "small_test": _small_test_words,
    "groups": lambda item, _: ", ".join(group.name for group in item.groups),
    "touchpoint": lambda item, _: ", ".join(part for part in (item.touchpoint, item.contact_role) if part),
    "carried_out": _carried_out_words,
    "prediction_result": lambda item, _: (
        str(words.PREDICTION_NAMES[item.round.prediction_result]) if item.round.prediction_result else ""
    ),
    "standard": lambda item, _: item.round.standard_where,
    "share": lambda item, _: yes_no(item.share),
}
