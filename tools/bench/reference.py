"""The least that a board can cost: Flask, SQLite, a signed session, one user look-up, stored HTML from one SELECT.

It has no rules, no journal and no permissions. What ours costs more is the price of those.
"""

from __future__ import annotations

import os
import sqlite3
import threading

from flask import Flask, Response, abort, request, session

KEY = "reference-only-0123456789"
SCHEMA = """
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE card (
  id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL, phase INTEGER NOT NULL, rank INTEGER NOT NULL,
  title TEXT NOT NULL, html TEXT NOT NULL
);
CREATE INDEX card_place ON card (team_id, phase, rank, id);
CREATE VIRTUAL TABLE found USING fts5(title, problem, tokenize='porter unicode61');
"""
CARD = '<li class="card" id="card-{id}"><h3>{title}</h3></li>'
SHOWN = 5
MOST_FOUND = 50

app = Flask(__name__)
app.secret_key = KEY
_own = threading.local()


def database() -> sqlite3.Connection:
    """This thread's connection, as careful as ours: what was committed survives a power cut."""
    if not hasattr(_own, "connection"):
        _own.connection = sqlite3.connect(os.environ["REFERENCE_DATABASE"], isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 10000"):
            _own.connection.execute(f"PRAGMA {pragma}")
    connection: sqlite3.Connection = _own.connection
    return connection


@app.before_request
def who() -> None:
    """One look-up per request."""
    if request.path == "/health":
        return
    found = database().execute("SELECT id, name FROM person WHERE id = ?", (session.get("person", 0),)).fetchone()
    if found is None:
        abort(401)


@app.get("/health")
def health() -> str:
    """It runs."""
    return "ok"


@app.get("/board/<int:team_id>")
def board(team_id: int) -> Response:
    """The stored cards, joined."""
    rows = database().execute(
        "SELECT html FROM card WHERE team_id = ? AND phase < ? ORDER BY phase, rank, id", (team_id, SHOWN)
    )
    return Response("<!doctype html><title>Board</title><ol>" + "".join(row[0] for row in rows) + "</ol>")


@app.post("/cards/<int:card_id>/moves")
def move(card_id: int) -> str:
    """One indexed update in one transaction."""
    connection = database()
    connection.execute("BEGIN IMMEDIATE")
    place = int(request.form["phase"]), int(request.form["rank"])
    connection.execute("UPDATE card SET phase = ?, rank = ? WHERE id = ?", (*place, card_id))
    connection.execute("COMMIT")
    return ""


@app.post("/teams/<int:team_id>/cards")
def capture(team_id: int) -> str:
    """A new card."""
    connection, title = database(), request.form["title"]
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "INSERT INTO card (team_id, phase, rank, title, html) VALUES (?, 0, 0, ?, ?)",
        (team_id, title, CARD.format(id=0, title=title)),
    )
    connection.execute("COMMIT")
    return ""


@app.get("/search")
def search() -> Response:
    """The fifty best."""
    rows = database().execute(
        "SELECT rowid, title FROM found WHERE found MATCH ? ORDER BY rank LIMIT ?", (request.args["q"], MOST_FOUND)
    )
    return Response("<ol>" + "".join(f"<li>{row[0]} {row[1]}</li>" for row in rows) + "</ol>")
