"""Files: taken up to a size, given back as a download that cannot run."""

from __future__ import annotations

from pathlib import Path

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pdca import clock
from pdca.errors import N_, FieldError, Invalid, NotFound
from pdca.items import files
from pdca.items.forms.acts import NothingForm, UploadForm
from pdca.items.routes import bp
from pdca.items.routes.acting import Doing, attempt, begin, me, press
from pdca.items.views.page import item_page
from pdca.web import accepts_upload, settings

CHOOSE_A_FILE = N_("Choose a file.")
# Whatever it is: it comes as bytes, is never shown by the browser, and could do nothing if it were.
BYTES = "application/octet-stream"
LOCKED = "sandbox; default-src 'none'; frame-ancestors 'none'"


@bp.post("/items/<int:item_id>/files")
@accepts_upload
def add_file(item_id: int) -> ResponseReturnValue:
    """Keep an uploaded file."""
    form, doing = UploadForm(), begin(item_id)
    refused = attempt(form, lambda: _add(doing))
    if refused is None:
        flash(gettext("The file was added."))
        return redirect(f"{url_for('items.show', item_id=item_id)}#files", 303)
    view = item_page(me(), item_id, clock.now(), file_refused=refused)
    return render_template("items/item.html", page_=view), refused.status


@bp.get("/items/<int:item_id>/files/<int:file_id>")
def file(item_id: int, file_id: int) -> ResponseReturnValue:
    """A download."""
    row = files.file_of(begin(item_id).item, file_id)
    path = files.path_of(folder(), row)
    if not path.is_file():
        raise NotFound
    response = send_file(path, mimetype=BYTES, as_attachment=True, download_name=row.name, max_age=0)
    response.headers["Content-Security-Policy"] = LOCKED
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/items/<int:item_id>/files/<int:file_id>/removal")
def remove_file(item_id: int, file_id: int) -> ResponseReturnValue:
    """Take a file away; the journal keeps that it was there."""
    return press(
        item_id,
        NothingForm(),
        lambda d: files.remove_file(d.item, file_id, folder(), by=d.by, at=d.at),
        gettext("The file was taken away."),
    )


def folder() -> Path:
    """Where files lie, outside of everything that is served."""
    return Path(settings().instance) / "files"


def _add(doing: Doing) -> None:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise Invalid([FieldError("file", CHOOSE_A_FILE)])
    files.add_file(doing.item, upload.filename, upload.stream, folder(), by=doing.by, at=doing.at)
