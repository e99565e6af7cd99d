"""The edge in a real browser."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_a_page_runs_under_the_strict_policy_without_a_complaint(page, live):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(f"{live}/sign-in")
    page.wait_for_load_state("networkidle")
    assert answer.status == 200
    assert complaints == []


def test_what_the_policy_refuses_is_heard_in_every_test(page, live, policy_refused):
    page.goto(f"{live}/sign-in")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
    page.wait_for_function("() => window.ran === undefined")
    page.goto("about:blank")
    assert len(policy_refused) == 1
    policy_refused.clear()
