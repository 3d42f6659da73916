"""The ports on SQLite and PostgreSQL, on disk and on the job engine."""
