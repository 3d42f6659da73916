"""The tables, once for SQLite and PostgreSQL. Times are Unix milliseconds; JSON is text.

The database itself keeps the promises that money needs: a balance is never negative, an entry is
numbered once per account, a task is held once and settled once, and no entry is ever changed.

These are the tables of a fresh database. Databases that are there already need a step for every change
made here: see ``steps.py``.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("webhook_secret", sa.Text, nullable=False),
    sa.Column("created_at_ms", sa.BigInteger, nullable=False),
    # 0 is without end, NULL is what the settings say.
    sa.Column("tasks_per_day", sa.BigInteger),
    sa.Column("storage_bytes", sa.BigInteger),
)

# What keys may spend in all; a key and those it was rotated into share one.
budgets = sa.Table(
    "budgets",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("cap", sa.BigInteger, nullable=False),
    sa.Column("spent", sa.BigInteger, nullable=False),
    sa.CheckConstraint("spent >= 0 AND spent <= cap", name="budgets_never_overspent"),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("last4", sa.Text, nullable=False),
    sa.Column("created_at_ms", sa.BigInteger, nullable=False),
    sa.Column("revoked_at_ms", sa.BigInteger),
    sa.Column("scopes", sa.Text, nullable=False, server_default="read create upload manage"),
    sa.Column("expires_at_ms", sa.BigInteger),
    sa.Column("budget_id", sa.ForeignKey("budgets.id")),
)

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("account_id", sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("credits", sa.BigInteger, nullable=False),
    sa.Column("delta", sa.BigInteger, nullable=False),
    sa.Column("balance", sa.BigInteger, nullable=False),
    sa.Column("task_id", sa.Text),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("recorded_at_ms", sa.BigInteger, nullable=False),
    sa.CheckConstraint("credits > 0", name="ledger_credits_positive"),
    sa.CheckConstraint("balance >= 0", name="ledger_never_negative"),
    sa.CheckConstraint("kind IN ('grant', 'hold', 'capture', 'release')", name="ledger_kind"),
    sa.UniqueConstraint("task_id", "kind", name="ledger_once_per_task"),
)
_settled = ledger.c.kind.in_(["capture", "release"])
sa.Index(
    "ledger_settled_once", ledger.c.task_id, unique=True, sqlite_where=_settled, postgresql_where=_settled
)

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("dialect", sa.Text, nullable=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("wire_model", sa.Text, nullable=False),
    sa.Column("wire_body", sa.Text, nullable=False),
    sa.Column("unknown_fields", sa.Text, nullable=False),
    sa.Column("callback_url", sa.Text),
    sa.Column("parent_take_id", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("failure_kind", sa.Text),
    sa.Column("failure_reason", sa.Text),
    sa.Column("credits", sa.BigInteger, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("losses", sa.Integer, nullable=False),
    sa.Column("worker_id", sa.Text),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("fraction", sa.Float, nullable=False),
    sa.Column("honoured", sa.Text, nullable=False),
    sa.Column("accepted_at_ms", sa.BigInteger, nullable=False),
    sa.Column("started_at_ms", sa.BigInteger),
    sa.Column("finished_at_ms", sa.BigInteger),
    sa.Column("change_seq", sa.Integer, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("request_id", sa.Text),
    sa.Column("key_id", sa.Text),
)
sa.Index("tasks_by_account", tasks.c.account_id, tasks.c.accepted_at_ms, tasks.c.id)
_unfinished = tasks.c.finished_at_ms.is_(None)
# The second column makes this index, and not that of all tasks, the first choice.
sa.Index(
    "tasks_unfinished",
    tasks.c.account_id,
    tasks.c.finished_at_ms,
    sqlite_where=_unfinished,
    postgresql_where=_unfinished,
)
_waiting = tasks.c.state == "queued"
sa.Index("tasks_waiting", tasks.c.accepted_at_ms, sqlite_where=_waiting, postgresql_where=_waiting)
sa.Index(
    "tasks_by_turn", tasks.c.turn, tasks.c.accepted_at_ms, sqlite_where=_waiting, postgresql_where=_waiting
)
sa.Index("tasks_turns", tasks.c.turn)
sa.Index("tasks_turns_of_account", tasks.c.account_id, tasks.c.turn)

takes = sa.Table(
    "takes",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("task_id", sa.ForeignKey("tasks.id"), nullable=False),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("take_index", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("style", sa.Text, nullable=False),
    sa.Column("prompt", sa.Text, nullable=False),
    sa.Column("lyrics", sa.Text, nullable=False),
    sa.Column("model_name", sa.Text, nullable=False),
    sa.Column("is_ready", sa.Boolean, nullable=False),
    sa.Column("duration_s", sa.Float),
    sa.Column("joined_at_s", sa.Float),
    sa.Column("seed", sa.BigInteger),
    sa.Column("bpm", sa.Float),
    sa.Column("musical_key", sa.Text),
    sa.Column("loudness_lufs", sa.Float),
    sa.Column("lines", sa.Text, nullable=False),
    sa.Column("words", sa.Text),  # of each line; what was made before words had times has none
    sa.Column("created_at_ms", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("task_id", "take_index", name="takes_once_per_index"),
)

sa.Index("takes_by_account", takes.c.account_id)

artefacts = sa.Table(
    "artefacts",
    metadata,
    sa.Column("take_id", sa.ForeignKey("takes.id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
)
# An empty digest: the file was deleted.
_has_file = artefacts.c.sha256 != ""
sa.Index("artefacts_by_content", artefacts.c.sha256)
sa.Index("artefacts_to_expire", artefacts.c.expires_at_ms, sqlite_where=_has_file, postgresql_where=_has_file)

uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("upload_path", sa.Text, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("created_at_ms", sa.BigInteger, nullable=False),
    sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
    # What decoding it on arrival found; null where it came before that was done.
    sa.Column("duration_s", sa.Float),
    sa.Column("sample_rate", sa.Integer),
    sa.Column("channel_count", sa.Integer),
    sa.UniqueConstraint("account_id", "upload_path", "file_name", name="uploads_overwrite_by_name"),
)
_upload_has_file = uploads.c.sha256 != ""
sa.Index("uploads_by_content", uploads.c.sha256)
sa.Index(
    "uploads_to_expire",
    uploads.c.expires_at_ms,
    sqlite_where=_upload_has_file,
    postgresql_where=_upload_has_file,
)

replies = sa.Table(
    "idempotency",
    metadata,
    sa.Column("account_id", sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body_digest", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("created_at_ms", sa.BigInteger, nullable=False),
)
sa.Index("idempotency_by_age", replies.c.created_at_ms)

events = sa.Table(
    "events",
    metadata,
    sa.Column("task_id", sa.ForeignKey("tasks.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
)
_is_progress = events.c.kind == "progress"
sa.Index("events_to_forget", events.c.at_ms, sqlite_where=_is_progress, postgresql_where=_is_progress)

callbacks = sa.Table(
    "callbacks",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("task_id", sa.ForeignKey("tasks.id"), nullable=False),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("dialect", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("next_at_ms", sa.BigInteger),
    sa.Column("last_status", sa.Integer),
    sa.Column("last_reason", sa.Text),
    sa.Column("created_at_ms", sa.BigInteger, nullable=False),
    sa.Column("settled_at_ms", sa.BigInteger),
    sa.UniqueConstraint("task_id", "stage", name="callbacks_once_per_stage"),
)

# One row for each attempt, made before the request leaves: an open one has neither status nor reason.
callback_attempts = sa.Table(
    "callback_attempts",
    metadata,
    sa.Column("callback_id", sa.ForeignKey("callbacks.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("started_at_ms", sa.BigInteger, nullable=False),
    sa.Column("elapsed_ms", sa.BigInteger),
    sa.Column("status", sa.Integer),
    sa.Column("reason", sa.Text),
)

# Receivers that answered 410; ``endpoint`` is a digest of the URL, which may be longer than an index takes.
disabled_endpoints = sa.Table(
    "disabled_endpoints",
    metadata,
    sa.Column("account_id", sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("since_ms", sa.BigInteger, nullable=False),
)

# The signing secret before the present one, while both are valid.
webhook_overlaps = sa.Table(
    "webhook_overlaps",
    metadata,
    sa.Column("account_id", sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("until_ms", sa.BigInteger, nullable=False),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started_at_ms", sa.BigInteger, nullable=False),
    sa.Column("seen_at_ms", sa.BigInteger, nullable=False),
    sa.Column("is_live", sa.Boolean, nullable=False),
)

# What some worker does now and then for all of them, and when one took it last.
chores = sa.Table(
    "chores",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("taken_at_ms", sa.BigInteger, nullable=False),
)

# What all workers have counted since the beginning, for operators; ``series`` is a JSON list.
tallies = sa.Table(
    "tallies",
    metadata,
    sa.Column("series", sa.Text, primary_key=True),
    sa.Column("amount", sa.Float, nullable=False),
)

# One row for each step that was taken here; ``compatible_from``: the oldest program that works on its result.
schema_version = sa.Table(
    "schema_version",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("compatible_from", sa.Integer, nullable=False, server_default=sa.text("1")),
)

_IMMUTABLE = {
    "sqlite": (
        """CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
        BEGIN SELECT RAISE(ABORT, 'ledger entries are immutable'); END""",
        """CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
        BEGIN SELECT RAISE(ABORT, 'ledger entries are immutable'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION ledger_is_immutable() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'ledger entries are immutable'; END $$""",
        """CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE ON ledger
        FOR EACH ROW EXECUTE FUNCTION ledger_is_immutable()""",
    ),
}


@sa.event.listens_for(ledger, "after_create")
def _make_immutable(_table: sa.Table, connection: sa.Connection, **_options: object) -> None:
    for statement in _IMMUTABLE[connection.dialect.name]:
        connection.exec_driver_sql(statement)
