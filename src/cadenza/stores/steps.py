"""The steps from one schema to the next, oldest first. What is released is never edited: add another.

To change a table:

1. change ``schema.py``: a fresh database is made of it at once, without any step;
2. append a ``Step`` here with the next number and the SQL that brings an older database to the same
   tables; SQL that SQLite and PostgreSQL both understand goes in as text, the rest as a text for each;
3. say in ``compatible_from`` which programs can go on with the stepped-up database: the number of the
   step before stays where an older program neither notices nor needs the change (a new table or index, a
   new column that is nullable or has a server default), and this step's own number where it would.

``tests/stores/test_migrations.py`` compares a fresh database with one that went all the way, on both kinds.
Steps speak SQL and not the tables of ``schema.py``, because those will have changed again when the step
is run on somebody's old database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    """One step up, applied in one transaction.

    ``number`` is the schema that it leads to, ``compatible_from`` the oldest program, by the newest schema
    that it knows, that still works on the result.
    """

    number: int
    title: str
    compatible_from: int
    statements: Sequence[str | Mapping[str, str]]

    def sql(self, dialect: str) -> list[str]:
        """Return the statements for ``sqlite`` or ``postgresql``, in order."""
        return [one if isinstance(one, str) else one[dialect] for one in self.statements]


_IDEMPOTENCY: Final = """CREATE TABLE IF NOT EXISTS idempotency (
    account_id TEXT NOT NULL REFERENCES accounts (id), key TEXT NOT NULL, body_digest TEXT NOT NULL,
    status INTEGER NOT NULL, body {bytes} NOT NULL, created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, key))"""

STEPS: Final = (
    Step(
        2,
        "what the first schema gained before its changes were numbered; which programs a schema suits",
        # Programs of schema 1 take nothing but schema 1.
        compatible_from=2,
        statements=(
            {
                "sqlite": _IDEMPOTENCY.format(bytes="BLOB"),
                "postgresql": _IDEMPOTENCY.format(bytes="BYTEA"),
            },
            """CREATE TABLE IF NOT EXISTS callback_attempts (
            callback_id TEXT NOT NULL, attempt INTEGER NOT NULL, started_at_ms BIGINT NOT NULL,
            elapsed_ms BIGINT, status INTEGER, reason TEXT, PRIMARY KEY (callback_id, attempt),
            FOREIGN KEY (callback_id) REFERENCES callbacks (id) ON DELETE CASCADE)""",
            """CREATE TABLE IF NOT EXISTS disabled_endpoints (
            account_id TEXT NOT NULL REFERENCES accounts (id), endpoint TEXT NOT NULL,
            since_ms BIGINT NOT NULL, PRIMARY KEY (account_id, endpoint))""",
            """CREATE TABLE IF NOT EXISTS webhook_overlaps (
            account_id TEXT NOT NULL REFERENCES accounts (id), secret TEXT NOT NULL,
            until_ms BIGINT NOT NULL, PRIMARY KEY (account_id))""",
            """CREATE TABLE IF NOT EXISTS chores (
            name TEXT NOT NULL, taken_at_ms BIGINT NOT NULL, PRIMARY KEY (name))""",
            "CREATE INDEX IF NOT EXISTS idempotency_by_age ON idempotency (created_at_ms)",
            """CREATE INDEX IF NOT EXISTS tasks_unfinished ON tasks (account_id, finished_at_ms)
            WHERE finished_at_ms IS NULL""",
            "CREATE INDEX IF NOT EXISTS artefacts_by_content ON artefacts (sha256)",
            "CREATE INDEX IF NOT EXISTS artefacts_to_expire ON artefacts (expires_at_ms) WHERE sha256 != ''",
            "CREATE INDEX IF NOT EXISTS uploads_by_content ON uploads (sha256)",
            "CREATE INDEX IF NOT EXISTS uploads_to_expire ON uploads (expires_at_ms) WHERE sha256 != ''",
            "CREATE INDEX IF NOT EXISTS events_to_forget ON events (at_ms) WHERE kind = 'progress'",
            "ALTER TABLE schema_version ADD COLUMN compatible_from INTEGER NOT NULL DEFAULT 1",
        ),
    ),
    Step(
        3,
        "what workers count for operators",
        compatible_from=2,
        statements=(
            """CREATE TABLE IF NOT EXISTS tallies (
            series TEXT NOT NULL, amount FLOAT NOT NULL, PRIMARY KEY (series))""",
        ),
    ),
    Step(
        4,
        "how long an uploaded recording is",
        compatible_from=2,
        statements=(
            "ALTER TABLE uploads ADD COLUMN duration_s FLOAT",
            "ALTER TABLE uploads ADD COLUMN sample_rate INTEGER",
            "ALTER TABLE uploads ADD COLUMN channel_count INTEGER",
        ),
    ),
    Step(
        5,
        "whose turn it is among the accounts; which request made a task",
        compatible_from=2,
        statements=(
            "ALTER TABLE tasks ADD COLUMN turn INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE tasks ADD COLUMN request_id TEXT",
            "CREATE INDEX tasks_by_turn ON tasks (turn, accepted_at_ms) WHERE state = 'queued'",
            "CREATE INDEX tasks_turns ON tasks (turn)",
            "CREATE INDEX tasks_turns_of_account ON tasks (account_id, turn)",
        ),
    ),
    Step(
        6,
        "scopes, expiry and budgets of keys; limits of accounts",
        # A program that knows no scopes would let every key do everything.
        compatible_from=6,
        statements=(
            """CREATE TABLE budgets (
            id TEXT NOT NULL, cap BIGINT NOT NULL, spent BIGINT NOT NULL, PRIMARY KEY (id),
            CONSTRAINT budgets_never_overspent CHECK (spent >= 0 AND spent <= cap))""",
            "ALTER TABLE keys ADD COLUMN scopes TEXT NOT NULL DEFAULT 'read create upload manage'",
            "ALTER TABLE keys ADD COLUMN expires_at_ms BIGINT",
            "ALTER TABLE keys ADD COLUMN budget_id TEXT REFERENCES budgets (id)",
            "ALTER TABLE accounts ADD COLUMN tasks_per_day BIGINT",
            "ALTER TABLE accounts ADD COLUMN storage_bytes BIGINT",
            "ALTER TABLE tasks ADD COLUMN key_id TEXT",
            "CREATE INDEX takes_by_account ON takes (account_id)",
        ),
    ),
    Step(
        7,
        "when each word is sung",
        compatible_from=6,
        statements=("ALTER TABLE takes ADD COLUMN words TEXT",),
    ),
)
