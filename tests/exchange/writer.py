"""A process that works while a backup is made: `python -m tests.exchange.writer TEAM PERSON`, until it is killed.

Each unit of work writes an item, its journal and its mail together, so that half of one would show.
"""

from __future__ import annotations

import sys

from pdca import clock, create_app
from pdca.db import db
from pdca.items.capture import capture
from pdca.items.talk import comment
from pdca.mail.operations import queue
from pdca.people.models import Person, Team


def main(team_id: int, person_id: int) -> None:
    app = create_app()
    with app.app_context():
        number = 0
        while True:
            with db.writing():
                at = clock.now()
                team, by = db.session.get_one(Team, team_id), db.session.get_one(Person, person_id)
                item = capture(team, f"Tijdens de back-up {number}", by=by, at=at, answers={"problem": "é\n“ĳ” 🎉"})
                comment(item, "Eén geheel.", by=by, at=at)
                queue("pair", address="a@example.org", about={"item": item.id}, dedupe_key=f"pair:{item.id}", at=at)
                db.session.commit()
            number += 1
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
