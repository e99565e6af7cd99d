"""What the installation remembers: one value per name, whoever says it."""

from __future__ import annotations

import threading
import time

from pdca.db import db
from pdca.installation import forget, recall, remember


def test_what_is_said_last_is_remembered_until_it_is_forgotten(app):
    with app.app_context(), db.writing():
        remember("name", "one")
        remember("name", "two")
        assert recall("name", "other") == {"name": "two"}
        forget("name")
        assert recall("name") == {}


def test_two_who_say_it_for_the_first_time_at_once_do_not_trip_over_each_other(app):
    """As processes do that make their first pass in the same second."""
    failed = []

    def the_other():
        try:
            with app.app_context(), db.writing():
                remember("name", "other")
                db.session.commit()
        except Exception as error:
            failed.append(error)

    with app.app_context():
        thread = threading.Thread(target=the_other)
        with db.writing():
            remember("name", "one")
            db.session.flush()
            thread.start()
            # Long enough to come to its insert, or to the queue of writers.
            time.sleep(0.3)
            db.session.commit()
        thread.join(20)
        assert failed == []
        with db.reading():
            assert recall("name") == {"name": "other"}
