"""What happened to each item. Written for this product; nobody in it exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pdca.demo.people import DESK
from pdca.demo.walk import Walk

Tell = Callable[[Walk], None]


@dataclass(frozen=True)
class Story:
    """One item: when it came in (days from today), on which board, and what was done."""

    began: int
    team: str
    tell: Tell


STORIES: list[Story] = []


def story(began: int, team: str = DESK) -> Callable[[Tell], Tell]:
    """This happened, beginning so many days before today."""

    def keep(tell: Tell) -> Tell:
        STORIES.append(Story(began, team, tell))
        return tell

    return keep


def in_order() -> list[Story]:
    """The oldest first, so that numbers rise with the days."""
    from pdca.demo.stories import asking, doing, done, starting, streets

    assert all((asking, doing, done, starting, streets))
    return sorted(STORIES, key=lambda told: told.began)
