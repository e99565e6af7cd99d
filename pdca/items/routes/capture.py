"""One line and Enter; and the order of the cards."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pdca import clock
from pdca.items.capture import capture as capture_item
from pdca.items.forms.acts import CaptureForm, PlaceForm
from pdca.items.ranking import Place
from pdca.items.routes import bp
from pdca.items.routes.acting import News, attempt, me, news_of, press, sheet, with_news
from pdca.items.views.refused import Refused
from pdca.items.views.sheet import QuestionView, SheetView, summary_of
from pdca.items.work import reorder
from pdca.people.models import Team
from pdca.people.queries import team_for
from pdca.web import own_path
from pdca.web.answers import is_fragment


@bp.post("/teams/<int:team_id>/items")
def capture(team_id: int) -> ResponseReturnValue:
    """A new item in the inbox; the rest is asked when it is taken up."""
    form = CaptureForm()
    team, _standing = team_for(me(), team_id)
    made: list[tuple[int, News]] = []
    title, once = form.title.data or "", form.once.data or ""

    def write_down() -> None:
        item = capture_item(team, title, by=me(), at=clock.now(), once=once)
        made.append((item.number, news_of(item)))

    refused = attempt(form, write_down)
    if refused is not None:
        team, _standing = team_for(me(), team_id)
        return sheet(_again(team, refused), refused.status)
    number, news = made[0]
    flash(gettext("Number %(number)s is written down.", number=number))
    if not is_fragment():
        return redirect(_board(team_id, own_path(request.form.get("next"))), 303)
    return with_news(make_response(render_template("shared/_flash.html", oob=True)), news)


@bp.post("/items/<int:item_id>/order")
def order(item_id: int) -> ResponseReturnValue:
    """Another place in the same column."""
    form = PlaceForm()
    place = Place(form.after.data, form.before.data)
    return press(item_id, form, lambda d: reorder(d.item, place, by=d.by, at=d.at))


def _board(team_id: int, wanted: str) -> str:
    """Where the line was typed, else the board."""
    return wanted if wanted != "/" else f"/teams/{team_id}/board"


def _again(team: Team, refused: Refused) -> SheetView:
    """The line as it was typed, with what is wrong."""
    typed = request.form.getlist("title")
    question = QuestionView(
        name="line",
        label=gettext("Improvement"),
        no=1,
        prefix="f",
        values={"title": typed},
        errors={k: v for k, v in refused.errors.items() if k == "title"},
    )
    return SheetView(
        item_id="",
        title=gettext("Write down an improvement"),
        lead=team.name,
        action=url_for("items.capture", team_id=team.id),
        submit=gettext("Write it down"),
        back=f"/teams/{team.id}/board",
        questions=(question,),
        summary=summary_of(refused, (question,)),
        refused=refused.names,
    )
