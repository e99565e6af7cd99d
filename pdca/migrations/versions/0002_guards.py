"""What the database itself refuses: a changed journal, a changed frozen round, a closed item with open aftercare.

Operations keep these rules too; the triggers stand guard against every other way in.

Revision: 0002
"""

from dataclasses import dataclass

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Guard:
    """Refuse `event` on `table` when `when` is true; `says` is what the writer reads."""

    name: str
    table: str
    event: str
    when: str
    says: str


GUARDS = (
    Guard("journal_no_update", "journal", "UPDATE", "1 = 1", "the journal can only be added to"),
    Guard("journal_no_delete", "journal", "DELETE", "1 = 1", "the journal can only be added to"),
    Guard("attempt_no_update", "attempt", "UPDATE", "1 = 1", "an attempt can only be added"),
    Guard("attempt_no_delete", "attempt", "DELETE", "1 = 1", "an attempt can only be added"),
    # Taking back a closing or a stop unfreezes the round that runs, in one go; nothing else changes a frozen round.
    Guard(
        "round_frozen",
        "round",
        "UPDATE",
        "OLD.frozen_at IS NOT NULL AND (NEW.frozen_at IS NOT NULL OR EXISTS (SELECT 1 FROM item i "
        "WHERE i.id = OLD.item_id AND i.round_number > OLD.number))",
        "a frozen round never changes",
    ),
    Guard(
        "round_kept",
        "round",
        "DELETE",
        "OLD.frozen_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM item i JOIN team t ON t.id = i.team_id "
        "WHERE i.id = OLD.item_id AND t.is_practice)",
        "a frozen round never changes",
    ),
    # I4
    Guard(
        "message_accepted",
        "message",
        "UPDATE",
        "OLD.state = 'accepted' AND NEW.state <> 'accepted'",
        "an accepted message never goes back",
    ),
    # I2, from both sides
    Guard(
        "item_closes_settled",
        "item",
        "UPDATE",
        "NEW.phase = 'closed' AND EXISTS (SELECT 1 FROM aftercare_check c WHERE c.item_id = NEW.id "
        "AND c.state IN ('planned', 'asked'))",
        "an item with an open aftercare check cannot be closed",
    ),
    *(
        Guard(
            f"check_of_closed_{event.lower()}",
            "aftercare_check",
            event,
            "NEW.state IN ('planned', 'asked') AND EXISTS (SELECT 1 FROM item i WHERE i.id = NEW.item_id "
            "AND i.phase = 'closed')",
            "a closed item has no open aftercare check",
        )
        for event in ("INSERT", "UPDATE")
    ),
)


def upgrade() -> None:
    """Set the guards."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in GUARDS:
        for statement in _sqlite(guard) if sqlite else _postgresql(guard):
            op.execute(statement)


def downgrade() -> None:
    """Take the guards away."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in GUARDS:
        if sqlite:
            op.execute(f"DROP TRIGGER {guard.name}")
        else:
            op.execute(f"DROP TRIGGER {guard.name} ON {guard.table}")
            op.execute(f"DROP FUNCTION {guard.name}()")


def _sqlite(guard: Guard) -> list[str]:
    return [
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} FOR EACH ROW WHEN {guard.when} "
        f"BEGIN SELECT RAISE(ABORT, '{guard.says}'); END"
    ]


def _postgresql(guard: Guard) -> list[str]:
    row = "OLD" if guard.event == "DELETE" else "NEW"
    return [
        f"CREATE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {guard.when} THEN "
        f"RAISE EXCEPTION '{guard.says}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        f"RETURN {row}; END $$",
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} FOR EACH ROW "
        f"EXECUTE FUNCTION {guard.name}()",
    ]
