"""The whole demo in one transaction: the people, every story in the order of its day, then the days that passed."""

from __future__ import annotations

from datetime import datetime

from pdca.config import Settings
from pdca.demo.days import Days
from pdca.demo.past import nobody_was_mailed
from pdca.demo.people import set_stage
from pdca.demo.stories import in_order
from pdca.demo.walk import Walk

FILES_FOLDER = "files"


def build(settings: Settings, now: datetime) -> int:
    """Fill an empty installation; gives the number of items. The caller commits, once."""
    days = Days(now, settings.timezone)
    stage = set_stage(days, settings.instance / FILES_FOLDER)
    stories = in_order()
    for told in stories:
        walk = Walk(stage, told.team).on(told.began)
        told.tell(walk)
        walk.arrive()
    nobody_was_mailed(days)
    return len(stories)
