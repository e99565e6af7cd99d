"""Every route is closed unless it stands here, and every write asks for the form's token."""

from __future__ import annotations

import pytest

from pdca import create_app
from pdca.web.access import is_marked
from tests.conftest import settings_for

# Endpoint → why everybody may have it.
PUBLIC = {
    "health.show": "monitoring asks without a person",
    "people.sign_in": "the door",
    "people.sign_in_with_password": "the door",
    "people.sign_in_to_demo": "the door of the demo, shut elsewhere",
    "people.mail_link": "the door, by mail",
    "people.link_sent": "the door, by mail",
    "people.sign_out": "leaving works even when nobody is signed in any more",
    "people.ask_reset": "a forgotten password",
    "people.mail_reset": "a forgotten password",
    "people.open_sign_in_link": "a single-use token",
    "people.use_sign_in_link": "a single-use token",
    "people.open_invitation": "a single-use token",
    "people.take_invitation": "a single-use token",
    "people.open_reset": "a single-use token",
    "people.use_reset": "a single-use token",
    "people.open_new_address": "a single-use token",
    "people.use_new_address": "a single-use token",
    "people.open_set_up": "a single-use token",
    "people.use_set_up": "a single-use token",
    "offline.show": "kept on the device, knows no reader",
    "offline.manifest": "asked by the browser, without a cookie",
    "offline.worker": "asked by the browser, knows no reader",
    "aftercare.show": "the customer's link",
    "aftercare.answer": "the customer's link",
    "aftercare.correction": "the customer's link",
    "aftercare.correct": "the customer's link",
    "aftercare.privacy": "what customers may know of us",
    "aftercare.accessibility": "what customers may know of us",
    "aftercare.reopen": "the customer's link",
    "aftercare.not_me": "the customer's link",
    "aftercare.no_more_mail": "the customer's link",
    "aftercare.new_link": "the customer's link",
    "aftercare.ask_unsubscribe": "a link in somebody's own mail",
    "aftercare.unsubscribe": "one click in a mail program",
    "followup.act": "a link in somebody's own mail",
    "followup.do_act": "a link in somebody's own mail",
}
# Endpoint → what stands in for the form's token.
WITHOUT_TOKEN = {
    "aftercare.unsubscribe": "List-Unsubscribe-Post (RFC 8058): mail programs send no form token",
    "followup.do_act": "a token bound to this link: a mail is read where nobody is signed in",
    "aftercare.answer": "a token bound to this link: the customer has no session",
    "aftercare.correct": "a token bound to this link",
    "aftercare.reopen": "a token bound to this link",
    "aftercare.not_me": "a token bound to this link",
    "aftercare.no_more_mail": "a token bound to this link",
    "aftercare.new_link": "mails the stored address only, and seldom",
}
EXAMPLES = {"int": "1", "default": "x", "string": "x", "path": "x", "uuid": "0" * 32}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return create_app(settings_for(tmp_path_factory.mktemp("routes")))


def rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def test_what_is_public_is_listed_with_its_reason(app):
    marked = {rule.endpoint for rule in rules(app) if is_marked(app, rule.endpoint, "is_public")}
    assert marked <= set(PUBLIC), f"public, but without a reason here: {sorted(marked - set(PUBLIC))}"


def test_only_what_is_listed_goes_without_a_token(app):
    csrf = app.extensions["csrf"]
    exempt = {
        rule.endpoint
        for rule in rules(app)
        for view in [app.view_functions[rule.endpoint]]
        if f"{view.__module__}.{view.__name__}" in csrf._exempt_views
        or app.blueprints.get(rule.endpoint.rpartition(".")[0]) in csrf._exempt_blueprints
    }
    assert exempt == set(WITHOUT_TOKEN)


def _example(app, rule):
    values = {name: EXAMPLES[_kind(converter)] for name, converter in rule._converters.items()}
    adapter = app.url_map.bind("localhost")
    return adapter.build(rule.endpoint, values, method=next(iter(rule.methods - {"HEAD", "OPTIONS"})))


def _kind(converter):
    name = type(converter).__name__
    return {"IntegerConverter": "int", "UUIDConverter": "uuid", "PathConverter": "path"}.get(name, "string")


def test_a_stranger_meets_the_door_everywhere_else(app):
    client = app.test_client()
    open_doors = []
    for rule in rules(app):
        if rule.endpoint in PUBLIC or "GET" not in rule.methods:
            continue
        answer = client.get(_example(app, rule))
        if answer.status_code != 303 or not answer.location.startswith("/sign-in"):
            open_doors.append((rule.endpoint, answer.status_code))
    assert open_doors == []


def test_no_write_passes_without_the_token(app):
    client = app.test_client()
    passed = []
    for rule in rules(app):
        for method in rule.methods & {"POST", "PUT", "PATCH", "DELETE"}:
            answer = client.open(_example(app, rule), method=method)
            if rule.endpoint not in WITHOUT_TOKEN and answer.status_code != 400:
                passed.append((rule.endpoint, method, answer.status_code))
    assert passed == []
