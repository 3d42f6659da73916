"""The life of a task: its states, the moves between them, and what readers see of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from cadenza.domain.abilities import Honoured
from cadenza.domain.request import GenerationRequest

# When the files of a pinned task go: the last second that every database and format can tell.
PINNED_UNTIL = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class Dialect(enum.Enum):
    """The wire format a task was created in; its callbacks speak the same."""

    CRUN = "crun"
    SUNOAPI = "sunoapi"
    APIIN = "apiin"
    NATIVE = "native"


class Operation(enum.Enum):
    """What kind of work a task is."""

    GENERATE = "generate"
    EXTEND = "extend"  # continues an earlier take
    UPLOAD_EXTEND = "upload_extend"  # continues a recording that the caller brought
    ADD_VOCALS = "add_vocals"  # sings over a recording that the caller brought
    ADD_INSTRUMENTAL = "add_instrumental"  # accompanies one
    LYRICS = "lyrics"  # writes words and makes no sound


class TaskState(enum.Enum):
    """Where a task is. The stages of the wire (text, first, complete) are states of their own."""

    QUEUED = "queued"  # accepted and held; no worker has it
    RUNNING = "running"  # a worker has it
    TEXT_READY = "text_ready"  # title, style and words are known
    FIRST_READY = "first_ready"  # at least one take can be fetched, not all
    COMPLETE = "complete"  # all takes can be fetched; the hold was captured
    FAILED = "failed"  # the hold was released
    CANCELLED = "cancelled"  # by the caller; the hold was released

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return not MOVES[self]


_S = TaskState
MOVES: Mapping[TaskState, frozenset[TaskState]] = MappingProxyType(
    {
        _S.QUEUED: frozenset({_S.RUNNING, _S.FAILED, _S.CANCELLED}),
        _S.RUNNING: frozenset({_S.TEXT_READY, _S.FAILED, _S.CANCELLED}),
        _S.TEXT_READY: frozenset({_S.FIRST_READY, _S.COMPLETE, _S.FAILED, _S.CANCELLED}),
        _S.FIRST_READY: frozenset({_S.COMPLETE, _S.FAILED, _S.CANCELLED}),
        _S.COMPLETE: frozenset(),
        _S.FAILED: frozenset(),
        _S.CANCELLED: frozenset(),
    }
)


class FailureKind(enum.Enum):
    """Why a task failed, by who can put it right."""

    SOURCE_UNUSABLE = "source_unusable"  # the recording cannot be fetched, decoded or continued
    GENERATION_FAILED = "generation_failed"  # the engine gave up
    WORKER_LOST = "worker_lost"  # every attempt ended without an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a task failed; ``reason`` is a sentence for the caller, without internals."""

    kind: FailureKind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a task is.

    ``fraction`` is 0 to 1 over the whole task, ``queue_place`` 1 for the next to start and None
    once running, ``left_s`` an estimate and None while there is nothing to base one on.
    """

    stage: str
    fraction: float
    queue_place: int | None = None
    left_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LyricWord:
    """One word as written, from its first vowel to the end of its last note, in seconds of the take."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LyricLine:
    """One line of words and when it sounds, in seconds from the start of the take.

    ``words`` may be unknown; where they are known, they are exact: the voice is placed by them.
    """

    text: str
    start_s: float
    end_s: float
    words: tuple[LyricWord, ...] = ()

    def later(self, by_s: float) -> LyricLine:
        """Return the line ``by_s`` later (earlier where that is below 0)."""
        return LyricLine(
            text=self.text,
            start_s=self.start_s + by_s,
            end_s=self.end_s + by_s,
            words=tuple(
                LyricWord(text=word.text, start_s=word.start_s + by_s, end_s=word.end_s + by_s)
                for word in self.words
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeView:
    """What readers see of one take. URLs are absolute; None until there is something behind them.

    ``prompt`` is what the wire calls prompt on a track: the sung words, or the description where
    nothing is sung. ``style`` is the wire's tags. ``more_urls`` are those of the names in
    ``links.MORE_NAMES``.
    """

    id: str
    index: int
    title: str
    style: str
    prompt: str
    lyrics: str
    model_name: str
    created_at: datetime
    is_ready: bool
    stream_url: str
    audio_url: str | None = None
    image_url: str | None = None
    image_large_url: str | None = None
    new_part_url: str | None = None
    flac_url: str | None = None
    more_urls: Mapping[str, str] = field(default_factory=dict)
    duration_s: float | None = None
    joined_at_s: float | None = None
    seed: int | None = None
    bpm: float | None = None
    key: str | None = None
    loudness_lufs: float | None = None
    lines: tuple[LyricLine, ...] = ()
    expires_at: datetime | None = None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """What readers see of one task: all that the encoders of every dialect need.

    ``wire_model`` is the model name as the caller wrote it, ``wire_body`` the decoded JSON body of
    the creating request (for the dialects that give it back), ``unknown_fields`` the names in it
    that meant nothing to us. ``state_changed_seq`` grows with every change of the task. ``request_id``
    is that of the creating request, for the log.
    """

    id: str
    account_id: str
    dialect: Dialect
    operation: Operation
    request: GenerationRequest
    wire_model: str
    wire_body: Mapping[str, Any]
    unknown_fields: tuple[str, ...]
    callback_url: str | None
    parent_take_id: str | None
    state: TaskState
    failure: Failure | None
    progress: Progress
    credits: int
    accepted_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    engine: str
    takes: tuple[TakeView, ...] = ()
    honoured: Mapping[str, Honoured] = field(default_factory=dict)
    state_changed_seq: int = 0
    request_id: str | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When the first of the files goes or went; None while there is none, or while all are pinned."""
        known = [take.expires_at for take in self.takes if take.expires_at is not None]
        return min(known) if known and not self.is_pinned else None

    @property
    def is_pinned(self) -> bool:
        """Whether the files are kept without end."""
        return any(take.expires_at == PINNED_UNTIL for take in self.takes)

    @property
    def are_files_deleted(self) -> bool:
        """Whether there were files, and their bytes are gone."""
        files = [take for take in self.takes if take.expires_at is not None]
        return bool(files) and all(take.is_deleted for take in files)

    def are_files_gone(self, now: datetime) -> bool:
        """Answer whether there were files and they are deleted, or their time is over."""
        files = [(take.is_deleted, take.expires_at) for take in self.takes if take.expires_at is not None]
        return bool(files) and all(is_deleted or expires_at <= now for is_deleted, expires_at in files)


class CallbackStage(enum.Enum):
    """The moments a receiver is told of, in their order."""

    TEXT = "text"
    FIRST = "first"
    COMPLETE = "complete"
    ERROR = "error"

    @property
    def sequence(self) -> int:
        """A number that grows from stage to stage, 1 for the first."""
        return tuple(CallbackStage).index(self) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a dialect's decoder hands to intake: one creating request, understood.

    ``wire_body`` is kept as sent (minus nothing); ``unknown_fields`` are top-level or input names
    that are not in the dialect's documents, or mean nothing in the mode that was asked for.
    """

    dialect: Dialect
    operation: Operation
    request: GenerationRequest
    wire_model: str
    wire_body: Mapping[str, Any]
    unknown_fields: tuple[str, ...] = ()
    callback_url: str | None = None
