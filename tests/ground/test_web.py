"""The edge: who gets in, what every answer carries, and how a refusal looks."""

from __future__ import annotations

import logging
from io import BytesIO

import pytest
from flask import Blueprint, request
from sqlalchemy import select
from wtforms import PasswordField, StringField, TextAreaField

from pdca.db import db
from pdca.errors import FieldError, Invalid, Missing, NotAllowed, NotFound, Stale
from pdca.people.models import Team
from pdca.web import (
    Form,
    Probe,
    accepts_upload,
    changed,
    load_or_404,
    own_path,
    public,
    redacted,
    region,
    register_probe,
    say,
    writes_itself,
)

HTMX = {"HX-Request": "true"}


class Sample(Form):
    title = StringField()
    story = TextAreaField()
    secret = PasswordField()


@pytest.fixture
def app(own_app):  # noqa: C901 - a handful of routes side by side
    bp = Blueprint("sample", __name__, url_prefix="/sample")

    @bp.get("/closed")
    def closed():
        return "in"

    @bp.get("/open")
    @public
    def opened():
        return "open"

    @bp.post("/teams")
    @public
    def add():
        db.session.add(Team(name=request.form["name"], timezone="UTC", created_at=own_app.extensions["at"]))
        db.session.commit()
        return changed(location="/sample/open")

    @bp.route("/sneaky", methods=["GET", "POST"])
    @public
    @writes_itself
    def sneaky():
        db.session.add(Team(name="X", timezone="UTC", created_at=own_app.extensions["at"]))
        db.session.commit()
        return ""

    @bp.get("/refused/<kind>")
    @public
    def refused(kind):
        raise {
            "gate": NotAllowed([Missing("R2", "purpose", "Say %(what)s first", params={"what": "why"})]),
            "input": Invalid([FieldError("title", "Too long")]),
            "gone": NotFound(),
            "stale": Stale(),
            "bug": ZeroDivisionError("a secret detail"),
        }[kind]

    @bp.get("/teams/<int:team_id>")
    @public
    def show(team_id):
        return load_or_404(select(Team).where(Team.id == team_id)).name

    @bp.post("/form")
    @public
    def form():
        form = Sample()
        return [form.validate(), form.title.data, form.story.data, form.secret.data]

    @bp.post("/upload")
    @public
    @accepts_upload
    def upload():
        return {"size": len(request.files["file"].read())}

    @bp.post("/regions")
    @public
    def regions():
        return changed(region("shared/_flash.html"), location="/sample/open")

    own_app.register_blueprint(bp)
    return own_app


@pytest.fixture
def client(app, at):
    app.extensions["at"] = at
    return app.test_client()


class TestWhoGetsIn:
    def test_a_stranger_is_sent_to_the_door_and_comes_back(self, client):
        answer = client.get("/sample/closed?a=1")
        assert answer.status_code == 303
        assert answer.location == "/sign-in?next=%2Fsample%2Fclosed%3Fa%3D1"

    def test_htmx_goes_to_the_door_as_a_whole_page(self, client):
        answer = client.get("/sample/closed", headers=HTMX | {"HX-Current-URL": "http://localhost/items/7?a=b"})
        assert answer.status_code == 401
        assert answer.headers["HX-Redirect"] == "/sign-in?next=%2Fitems%2F7%3Fa%3Db"

    def test_a_public_view_is_for_everybody(self, client):
        assert client.get("/sample/open").text == "open"

    @pytest.mark.parametrize(
        "target",
        [
            *("//evil.example", "/\\evil.example", "https://evil.example", "/%2f%2fevil.example", "/%5Cevil"),
            *("javascript:x", "/a\r\nSet-Cookie: x", "evil.example", "", None, "/a b", "/" + "x" * 600),
        ],
    )
    def test_nobody_is_sent_elsewhere(self, target):
        assert own_path(target) == "/"

    @pytest.mark.parametrize("target", ["/", "/items/7", "/teams/1/board?q=a%2Fb", "/me/list#top"])
    def test_own_paths_are_kept(self, target):
        assert own_path(target) == target


class TestWriting:
    def test_a_post_without_a_token_changes_nothing(self, client, session):
        assert client.post("/sample/teams", data={"name": "A"}, csrf=False).status_code == 400
        assert session.scalars(select(Team)).all() == []

    def test_a_post_with_a_wrong_token_is_refused(self, client):
        data = {"name": "A", "csrf_token": "wrong"}
        assert client.post("/sample/teams", data=data, csrf=False).status_code == 400

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_another_site_cannot_post_even_with_a_token(self, client, site):
        answer = client.post("/sample/teams", data={"name": "A"}, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 400

    def test_another_origin_cannot_post(self, client):
        answer = client.post("/sample/teams", data={"name": "A"}, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 400

    def test_our_own_page_can(self, client, session):
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
        answer = client.post("/sample/teams", data={"name": "A"}, headers=headers)
        assert (answer.status_code, answer.location) == (303, "/sample/open")
        assert session.scalars(select(Team.name)).all() == ["A"]

    def test_a_get_cannot_write(self, app, client, session):
        app.testing = False
        assert client.get("/sample/sneaky").status_code == 500
        assert session.scalars(select(Team)).all() == []

    def test_a_view_that_writes_itself_has_to_say_so(self, app, client, session):
        app.testing = False
        assert client.post("/sample/sneaky").status_code == 500
        assert session.scalars(select(Team)).all() == []


class TestRefusals:
    @pytest.mark.parametrize(("kind", "status"), [("gate", 409), ("input", 422), ("gone", 404), ("stale", 409)])
    def test_each_has_its_status_as_page_and_as_sheet(self, client, kind, status):
        page, sheet = (
            client.get(f"/sample/refused/{kind}"),
            client.get(f"/sample/refused/{kind}", headers=HTMX),
        )
        assert (page.status_code, sheet.status_code) == (status, status)
        assert "<html" in page.text
        assert "<html" not in sheet.text
        assert sheet.headers["HX-Retarget"] == "#sheet"

    def test_what_is_missing_is_named(self, client):
        assert "Say why first" in client.get("/sample/refused/gate").text

    def test_a_bug_shows_a_number_and_no_trace(self, app, client, caplog):
        app.testing = False
        answer = client.get("/sample/refused/bug")
        assert answer.status_code == 500
        assert "secret detail" not in answer.text
        number = next(r.getMessage().split()[1] for r in caplog.records if r.levelno == logging.ERROR)
        assert number in answer.text

    def test_an_unknown_row_and_an_unknown_page_look_alike(self, client):
        row, page = client.get("/sample/teams/1"), client.get("/sample/nothing")
        assert (row.status_code, page.status_code) == (404, 404)
        assert row.text == page.text

    def test_a_wrong_method_says_what_is_allowed(self, client):
        answer = client.post("/sample/open")
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]

    def test_in_dutch_for_a_dutch_browser(self, client):
        answer = client.get("/sample/nothing", headers={"Accept-Language": "nl"})
        assert '<html lang="nl"' in answer.text


class TestEveryAnswer:
    @pytest.mark.parametrize("path", ["/sample/open", "/sample/nothing", "/sample/closed", "/health"])
    def test_carries_the_protection(self, client, path):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert "HX-Request" in headers["Vary"]

    def test_static_files_may_be_kept_when_their_content_is_named(self, app, client):
        with app.test_request_context():
            url = app.url_for("static", filename="img/favicon.svg")
        assert "immutable" in client.get(url).headers["Cache-Control"]
        assert client.get("/static/img/favicon.svg").headers["Cache-Control"] == "no-cache"

    def test_a_foreign_host_gets_nothing(self, client):
        answer = client.get("/sample/open", headers={"Host": "evil.example"})
        assert (answer.status_code, "<" in answer.text) == (400, False)


class TestForms:
    def test_text_arrives_clean_and_a_password_as_typed(self, client):
        data = {"title": " a\x00\u202eb\n c ", "story": " x\r\ny\u200b ", "secret": "  p\u200b "}
        assert client.post("/sample/form", data=data).json == [True, "ab c", "x\ny", "  p\u200b "]

    def test_an_unknown_field_is_refused_by_name(self, client):
        answer = client.post("/sample/form", data={"title": "a", "closed_at": "now"})
        assert answer.status_code == 422
        assert "closed_at" in answer.text

    def test_a_large_body_is_refused_and_an_upload_may_be_larger(self, client):
        big = "x" * 3_000_000
        assert client.post("/sample/form", data={"story": big}).status_code == 413
        answer = client.post("/sample/upload", data={"file": (BytesIO(big.encode()), "a.txt")})
        assert answer.json == {"size": 3_000_000}
        huge = BytesIO(b"x" * 11 * 1024 * 1024)
        assert client.post("/sample/upload", data={"file": (huge, "a.txt")}).status_code == 413


class TestChanged:
    def test_htmx_gets_the_regions_out_of_band(self, client):
        answer = client.post("/sample/regions", headers=HTMX)
        assert answer.status_code == 200
        assert 'hx-swap-oob="innerHTML"' in answer.text
        assert "<html" not in answer.text

    def test_a_browser_goes_where_it_can_see_it(self, client):
        answer = client.post("/sample/regions")
        assert (answer.status_code, answer.location) == (303, "/sample/open")

    def test_htmx_without_regions_goes_there_too(self, client):
        answer = client.post("/sample/teams", data={"name": "A"}, headers=HTMX)
        assert answer.headers["HX-Redirect"] == "/sample/open"


class TestHealth:
    def test_all_is_well(self, client):
        answer = client.get("/health")
        assert answer.status_code == 200
        assert answer.json["status"] == "ok"
        assert answer.json["database"] == "ok"
        assert set(answer.json["scheduler"]) >= {"last_run", "age_s"}
        assert set(answer.json["mail"]) >= {"queued", "dead"}

    def test_a_room_that_is_ill_makes_it_503(self, app, client):
        register_probe(app, "mail", lambda _at: Probe(False, {"queued": 3, "dead": 1}))
        answer = client.get("/health")
        assert (answer.status_code, answer.json["mail"]) == (503, {"queued": 3, "dead": 1})


class TestTheLog:
    @pytest.mark.parametrize(
        ("path", "line"),
        [
            ("/a/abc_-123", "/a/***"),
            ("/a/abc/answers?x=1", "/a/***/answers?x=1"),
            ("/reset/abc", "/reset/***"),
            ("/sign-in/abc", "/sign-in/***"),
            ("/sign-in?next=/a", "/sign-in?next=/a"),
            ("/x?token=abc&b=1", "/x?token=***&b=1"),
            ("/x\r\nfaked line", "/x??faked line"),
        ],
    )
    def test_shows_no_key_and_stays_on_one_line(self, path, line):
        assert redacted(path) == line

    def test_a_request_is_one_line(self, client, caplog):
        caplog.set_level(logging.INFO, "pdca.request")
        client.get("/a/SECRET")
        assert [r.getMessage().split()[:3] for r in caplog.records if r.name == "pdca.request"] == [
            ["GET", "/a/***", "404"]
        ]


def test_a_domain_text_is_said_with_its_placeholders(app):
    with app.test_request_context():
        assert say(Missing("R2", "x", "%(n)s of %(name)s", params={"n": 2, "name": "it"})) == "2 of it"
