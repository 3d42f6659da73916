"""What the books hold, one frozen record per thing; the ports in ``ports`` speak of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cadenza.domain.artefact import Artefact
from cadenza.domain.task import (
    CallbackStage,
    Dialect,
    LyricLine,
)
from cadenza.tasks.keys import AS_SET, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who a key belongs to.

    ``webhook_secret`` signs the account's callbacks; after a rotation ``previous_secret`` does so too,
    until ``previous_until``.
    """

    id: str
    name: str
    webhook_secret: str
    previous_secret: str | None = None
    previous_until: datetime | None = None
    limits: Limits = AS_SET

    def signing_secrets(self, now: datetime) -> tuple[str, ...]:
        """Return the secrets that are valid at ``now``, newest first: one, or two."""
        if self.previous_secret is None or self.previous_until is None or now >= self.previous_until:
            return (self.webhook_secret,)
        return (self.webhook_secret, self.previous_secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A worker's right to work on a task; a later attempt makes an earlier one void (fencing).

    ``losses`` counts the workers that died under the task before.
    """

    task_id: str
    number: int
    losses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeText:
    """What is known of a take at the text stage."""

    take_id: str
    take_index: int
    title: str
    style: str
    prompt: str
    lyrics: str
    model_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeResult:
    """What is known of a finished take; one of words alone has no sound to measure."""

    take_id: str
    duration_s: float | None
    joined_at_s: float | None
    seed: int
    bpm: float | None
    key: str | None
    loudness_lufs: float | None
    lines: tuple[LyricLine, ...]
    artefacts: tuple[Artefact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A published file, how it is served, and until when."""

    artefact: Artefact
    media_type: str
    expires_at: datetime
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A recording that a caller left here.

    ``duration_s`` and the two below were found by decoding it on arrival; None where that was not done.
    """

    id: str
    account_id: str
    upload_path: str
    file_name: str
    artefact: Artefact
    media_type: str
    created_at: datetime
    expires_at: datetime
    duration_s: float | None = None
    sample_rate: int | None = None
    channel_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One thing that happened to a task, numbered from 1 within the task."""

    seq: int
    kind: str
    data: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRecord:
    """One event for one receiver: its bytes are fixed, its attempts are counted."""

    id: str
    task_id: str
    account_id: str
    dialect: Dialect
    stage: CallbackStage
    url: str
    body: bytes
    state: str  # waiting, redelivering, delivered, gave_up, disabled
    attempt: int
    last_status: int | None
    last_reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAttempt:
    """One attempt at one callback. It is under way while it has neither status nor reason."""

    attempt: int
    started_at: datetime
    elapsed_ms: int | None
    status: int | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """How much there is of everything, for operators."""

    tasks: Mapping[str, int]
    callbacks: Mapping[str, int]
    worker_count: int
    oldest_queued_at: datetime | None
