-- The tables of schema 1, as the first program made them on SQLite. Statements are parted by lines of two dashes.

CREATE TABLE accounts (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    webhook_secret TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
);
--
CREATE TABLE schema_version (
    version INTEGER NOT NULL,
    PRIMARY KEY (version)
);
--
CREATE TABLE workers (
    id TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started_at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT NOT NULL,
    is_live BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);
--
CREATE TABLE keys (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    last4 TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    revoked_at_ms BIGINT,
    PRIMARY KEY (id),
    FOREIGN KEY(account_id) REFERENCES accounts (id)
);
--
CREATE TABLE ledger (
    account_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    credits BIGINT NOT NULL,
    delta BIGINT NOT NULL,
    balance BIGINT NOT NULL,
    task_id TEXT,
    note TEXT NOT NULL,
    recorded_at_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, seq),
    CONSTRAINT ledger_credits_positive CHECK (credits > 0),
    CONSTRAINT ledger_never_negative CHECK (balance >= 0),
    CONSTRAINT ledger_kind CHECK (kind IN ('grant', 'hold', 'capture', 'release')),
    CONSTRAINT ledger_once_per_task UNIQUE (task_id, kind),
    FOREIGN KEY(account_id) REFERENCES accounts (id)
);
--
CREATE UNIQUE INDEX ledger_settled_once ON ledger (task_id) WHERE kind IN ('capture', 'release');
--
CREATE TABLE tasks (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    dialect TEXT NOT NULL,
    operation TEXT NOT NULL,
    request TEXT NOT NULL,
    wire_model TEXT NOT NULL,
    wire_body TEXT NOT NULL,
    unknown_fields TEXT NOT NULL,
    callback_url TEXT,
    parent_take_id TEXT,
    state TEXT NOT NULL,
    failure_kind TEXT,
    failure_reason TEXT,
    credits BIGINT NOT NULL,
    engine TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    losses INTEGER NOT NULL,
    worker_id TEXT,
    stage TEXT NOT NULL,
    fraction FLOAT NOT NULL,
    honoured TEXT NOT NULL,
    accepted_at_ms BIGINT NOT NULL,
    started_at_ms BIGINT,
    finished_at_ms BIGINT,
    change_seq INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(account_id) REFERENCES accounts (id)
);
--
CREATE INDEX tasks_by_account ON tasks (account_id, accepted_at_ms, id);
--
CREATE INDEX tasks_waiting ON tasks (accepted_at_ms) WHERE state = 'queued';
--
CREATE TABLE uploads (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    upload_path TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uploads_overwrite_by_name UNIQUE (account_id, upload_path, file_name),
    FOREIGN KEY(account_id) REFERENCES accounts (id)
);
--
CREATE TABLE callbacks (
    id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    dialect TEXT NOT NULL,
    stage TEXT NOT NULL,
    url TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    next_at_ms BIGINT,
    last_status INTEGER,
    last_reason TEXT,
    created_at_ms BIGINT NOT NULL,
    settled_at_ms BIGINT,
    PRIMARY KEY (id),
    CONSTRAINT callbacks_once_per_stage UNIQUE (task_id, stage),
    FOREIGN KEY(task_id) REFERENCES tasks (id),
    FOREIGN KEY(account_id) REFERENCES accounts (id)
);
--
CREATE TABLE events (
    task_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (task_id, seq),
    FOREIGN KEY(task_id) REFERENCES tasks (id)
);
--
CREATE TABLE takes (
    id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    take_index INTEGER NOT NULL,
    title TEXT NOT NULL,
    style TEXT NOT NULL,
    prompt TEXT NOT NULL,
    lyrics TEXT NOT NULL,
    model_name TEXT NOT NULL,
    is_ready BOOLEAN NOT NULL,
    duration_s FLOAT,
    joined_at_s FLOAT,
    seed BIGINT,
    bpm FLOAT,
    musical_key TEXT,
    loudness_lufs FLOAT,
    lines TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT takes_once_per_index UNIQUE (task_id, take_index),
    FOREIGN KEY(task_id) REFERENCES tasks (id)
);
--
CREATE TABLE artefacts (
    take_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    PRIMARY KEY (take_id, kind),
    FOREIGN KEY(take_id) REFERENCES takes (id)
);
--
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
        BEGIN SELECT RAISE(ABORT, 'ledger entries are immutable'); END;
--
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
        BEGIN SELECT RAISE(ABORT, 'ledger entries are immutable'); END;
--
INSERT INTO schema_version (version) VALUES (1);
