"""What is searched: SQLite gets a full-text table beside the texts, PostgreSQL an index on them.

Revision: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEX = "search_text_words"


def upgrade() -> None:
    """The database keeps it up to date by itself."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE VIRTUAL TABLE {INDEX} USING fts5(stems, content='search_text', content_rowid='id', "
            "tokenize='unicode61 remove_diacritics 2')"
        )
        add = f"INSERT INTO {INDEX}(rowid, stems) VALUES (NEW.id, NEW.stems);"  # noqa: S608 - our own words
        remove = f"INSERT INTO {INDEX}({INDEX}, rowid, stems) VALUES ('delete', OLD.id, OLD.stems);"  # noqa: S608
        for event, does in (("INSERT", add), ("DELETE", remove), ("UPDATE", remove + add)):
            op.execute(
                f"CREATE TRIGGER search_text_{event.lower()} AFTER {event} ON search_text FOR EACH ROW BEGIN {does} END"
            )
    else:
        op.execute(f"CREATE INDEX {INDEX} ON search_text USING gin (to_tsvector('simple', stems))")


def downgrade() -> None:
    """Take it away."""
    if op.get_bind().dialect.name == "sqlite":
        for event in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER search_text_{event}")
        op.execute(f"DROP TABLE {INDEX}")
    else:
        op.execute(f"DROP INDEX {INDEX}")
