"""Reading the mailbox of answers: what is new, each mail in a unit of work of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pdca.db import db
from pdca.engines import REFUSED
from pdca.errors import DomainError
from pdca.installation import recall, remember
from pdca.mail.postbox import Postbox, PostboxError, opened
from pdca.mail.replies import take
from pdca.mail.silence import is_news, note_silence
from pdca.web import settings

log = logging.getLogger("pdca.mail.replies")

# How far the mailbox was read: "UIDVALIDITY:UID".
PLACE = "mail.replies.place"
# One pass; the next one goes on.
AT_MOST = 100
# A mailbox that was never read, or is numbered anew, is read from here.
LOOKS_BACK = timedelta(days=14)


@dataclass(frozen=True)
class Told:
    """What one pass found."""

    taken: int = 0
    left: int = 0


def read_replies(now: datetime, *, go_on: Callable[[], bool] = lambda: True) -> Told:
    """Read what is new, each mail in a unit of work of its own. Commits; call it outside a transaction."""
    url = settings().imap_url
    if url is None:
        return Told()
    taken = left = 0
    try:
        with opened(url) as box:
            for uid in _new(box, now):
                if not go_on():
                    break
                if _take_one(box, uid, now):
                    taken += 1
                else:
                    left += 1
    except PostboxError as error:
        log.warning("answers by mail can't be read: %s", error)
        _note(str(error), now)
    else:
        _note("", now)
    return Told(taken, left)


def _note(silence: str, now: datetime) -> None:
    with db.reading():
        if not is_news(silence):
            return
    with db.writing():
        note_silence(silence, now)
        db.session.commit()


def _new(box: Postbox, now: datetime) -> list[int]:
    with db.reading():
        validity, _, uid = recall(PLACE).get(PLACE, "").partition(":")
    found = box.after(int(uid)) if validity == str(box.validity) else box.since(now - LOOKS_BACK)
    return found[:AT_MOST]


def _take_one(box: Postbox, uid: int, now: datetime) -> bool:
    raw = box.fetch(uid)
    is_taken = raw is not None and _in_a_unit(raw, uid, now)
    with db.writing():
        remember(PLACE, f"{box.validity}:{uid}")
        db.session.commit()
    if is_taken:
        # When this is missed it is read once more, and known.
        box.mark_read(uid)
    return is_taken


def _in_a_unit(raw: bytes, uid: int, now: datetime) -> bool:
    try:
        with db.writing():
            if not take(raw, now):
                db.session.rollback()
                return False
            db.session.commit()
            return True
    except REFUSED:
        # The place was not remembered: the next pass begins with this one.
        raise
    except DomainError as refused:
        log.info("mail %s stays in the mailbox: %s", uid, type(refused).__name__)
    except Exception:
        # Whatever somebody sends, the mails behind it are read.
        log.exception("mail %s stays in the mailbox", uid)
    return False
