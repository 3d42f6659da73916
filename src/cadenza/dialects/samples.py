"""Sample tasks for the examples of the API descriptions, and the documents' own example requests."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from cadenza.domain.abilities import Fidelity, Honoured
from cadenza.domain.errors import (
    CadenzaError,
    Fault,
    Forbidden,
    InsufficientCredits,
    Malformed,
    NotFound,
    RateLimited,
    SpendCapReached,
    StorageFull,
    Unauthenticated,
    Unavailable,
)
from cadenza.domain.request import GenerationRequest, Specified, Voice
from cadenza.domain.task import (
    Accepted,
    Dialect,
    Failure,
    FailureKind,
    LyricLine,
    LyricWord,
    Operation,
    Progress,
    TakeView,
    TaskState,
    TaskView,
)
from cadenza.domain.tiers import LYRICS_PRICE, TIERS, price

MEDIA = "https://music.example.com/media"
TASK_ID = "a3f0c2e19b7d4f6e8a1053c2e19b7d4f"
TAKE_IDS = ("7d1f6c2e-0000-4000-8000-000000000001", "7d1f6c2e-0000-4000-8000-000000000002")
_ACCEPTED_AT = dt.datetime(2026, 1, 20, 9, 12, 58, tzinfo=dt.UTC)  # Unix second 1768900378
_FINISHED_AT = _ACCEPTED_AT + dt.timedelta(seconds=93)
_WORDS = "[Verse 1]\nI still taste your words in the dark..."

_PROGRESS = {
    TaskState.QUEUED: Progress(stage="queued", fraction=0.0, queue_place=1),
    TaskState.RUNNING: Progress(stage="listen", fraction=0.05, left_s=88.0),
    TaskState.TEXT_READY: Progress(stage="compose", fraction=0.2, left_s=74.0),
    TaskState.FIRST_READY: Progress(stage="mix", fraction=0.6, left_s=37.0),
    TaskState.COMPLETE: Progress(stage="complete", fraction=1.0, left_s=0.0),
    TaskState.FAILED: Progress(stage="failed", fraction=0.4),
    TaskState.CANCELLED: Progress(stage="cancelled", fraction=0.4),
}
_READY_COUNT = {TaskState.FIRST_READY: 1, TaskState.COMPLETE: 2}
_HAVE_TAKES = {TaskState.TEXT_READY, TaskState.FIRST_READY, TaskState.COMPLETE}


def task(accepted: Accepted, state: TaskState) -> TaskView:
    """Return how the task of a decoded request looks in a state."""
    wire_model = accepted.wire_model or "suno-v4-5"
    tier = accepted.request.tier or "v4.5"
    request = dataclasses.replace(accepted.request, tier=tier, seed=accepted.request.seed or 20260120)
    takes = _takes(request, _READY_COUNT.get(state, 0)) if state in _HAVE_TAKES else ()
    if accepted.operation is Operation.LYRICS:
        takes = tuple(_of_words(take) for take in takes)
    failed = state is TaskState.FAILED
    return TaskView(
        id=TASK_ID,
        account_id="account_1",
        dialect=accepted.dialect,
        operation=accepted.operation,
        request=request,
        wire_model=wire_model,
        wire_body=accepted.wire_body,
        unknown_fields=accepted.unknown_fields,
        callback_url=accepted.callback_url,
        parent_take_id=None,
        state=state,
        failure=_FAILURE if failed else None,
        progress=_PROGRESS[state],
        credits=LYRICS_PRICE
        if accepted.operation is Operation.LYRICS
        else price(TIERS[tier], accepted.dialect),
        accepted_at=_ACCEPTED_AT,
        started_at=None if state is TaskState.QUEUED else _ACCEPTED_AT + dt.timedelta(seconds=2),
        finished_at=_FINISHED_AT if state.is_final else None,
        engine="embedded",
        takes=takes,
        honoured={"style": Honoured(fidelity=Fidelity.EXACT)} if takes else {},
        state_changed_seq=list(TaskState).index(state),
    )


_FAILURE = Failure(
    kind=FailureKind.SOURCE_UNUSABLE, reason="The source audio could not be fetched: the host did not answer."
)


def _takes(request: GenerationRequest, ready_count: int) -> tuple[TakeView, ...]:
    ids = TAKE_IDS[: request.take_count]
    return tuple(_take(index, request, is_ready=index < ready_count) for index in range(len(ids)))


def _take(index: int, request: GenerationRequest, *, is_ready: bool) -> TakeView:
    take_id = TAKE_IDS[index]
    wish = request.wish
    specified = wish if isinstance(wish, Specified) else None
    lyrics = "" if request.voice is Voice.NOBODY else (specified and specified.lyrics) or _WORDS
    rendering = TakeView(
        id=take_id,
        index=index,
        title=(specified and specified.title) or "Late Light",
        style=(specified and specified.style) or "Western R&B, dark, sensual",
        prompt=lyrics or (specified and specified.description) or "",
        lyrics=lyrics,
        model_name=TIERS[request.tier].upstream_name,
        created_at=_ACCEPTED_AT + dt.timedelta(seconds=10),
        is_ready=False,
        stream_url=f"{MEDIA}/{take_id}/stream.mp3",
        seed=20260120 + index,
    )
    if not is_ready:
        return rendering
    over = request.continuation is not None and request.continuation.overlay is not None
    continued = request.continuation is not None and not over
    return dataclasses.replace(
        rendering,
        is_ready=True,
        audio_url=f"{MEDIA}/{take_id}/audio.mp3",
        image_url=f"{MEDIA}/{take_id}/cover.jpeg",
        image_large_url=f"{MEDIA}/{take_id}/cover-large.jpeg",
        new_part_url=f"{MEDIA}/{take_id}/new-part.mp3" if continued or over else None,
        flac_url=f"{MEDIA}/{take_id}/audio.flac",
        more_urls={"wav16": f"{MEDIA}/{take_id}/audio.wav", "peaks": f"{MEDIA}/{take_id}/peaks.json"},
        duration_s=187.2,
        joined_at_s=30.0 if continued else None,
        bpm=82.0,
        key="A minor",
        loudness_lufs=-14.0,
        lines=(_line(lyrics.splitlines()[-1]),) if lyrics else (),
        expires_at=_FINISHED_AT + dt.timedelta(days=14),
    )


def _line(text: str) -> LyricLine:
    """Return a line from 32.5 to 36 s whose words last equally long."""
    words = text.split()
    step_s = 3.5 / len(words)
    timed = tuple(
        LyricWord(
            text=word, start_s=round(32.5 + place * step_s, 3), end_s=round(32.5 + (place + 1) * step_s, 3)
        )
        for place, word in enumerate(words)
    )
    return LyricLine(text=text, start_s=32.5, end_s=36.0, words=timed)


def _of_words(take: TakeView) -> TakeView:
    """Return a take of words alone: nothing of it sounds."""
    return dataclasses.replace(
        take, audio_url=None, image_url=None, image_large_url=None, flac_url=None, more_urls={},
        duration_s=None, bpm=None,
        key=None, loudness_lufs=None, lines=(), expires_at=None,
    )  # fmt: skip


ERRORS: dict[str, CadenzaError] = {
    "unauthenticated": Unauthenticated(),
    "out of scope": Forbidden("The API key lacks the scope create."),
    "no credits": InsufficientCredits(needed=12, available=3),
    "spend cap of the key": SpendCapReached(needed=12, available=3),
    "storage full": StorageFull(limit=5_000_000_000, actual=5_000_000_001),
    "malformed": Malformed(
        Fault("title", "is required when the mode is custom"),
        Fault("style_weight", "must lie between 0 and 1", 1, 1.5),
    ),
    "unknown task": NotFound("task"),
    "too often": RateLimited(retry_after_s=10),
    "unavailable": Unavailable("The database does not answer."),
}

_CRUN_CUSTOM_EXTEND = {
    "audio_url": "https://example.com/uploaded-audio.mp3",
    "mode": "custom",
    "model": "v5",
    "instrumental": False,
    "continue_at": 30,
    "title": "Midnight Addiction (Extended)",
    "tags": "Western R&B, female vocal, dark, sensual",
    "lyrics": _WORDS,
    "vocal_gender": "f",
    "style_weight": 0.85,
    "audio_weight": 0.6,
    "weirdness_constraint": 0.2,
    "negative_tags": "metal, aggressive",
}
_CRUN_SIMPLE_EXTEND = {
    "audio_url": "https://example.com/uploaded-audio.mp3",
    "mode": "simple",
    "model": "v5",
    "instrumental": False,
    "prompt": "Extend this track with a dreamy outro, keep the mood soft and warm.",
    "continue_at": 180,
}
_CRUN_SIMPLE = {
    "mode": "simple",
    "model": "v5",
    "instrumental": False,
    "prompt": "A dark and sensual Western R&B song with smooth and breathy female vocals, slow tempo.",
}
_CRUN_CUSTOM = {
    "mode": "custom",
    "model": "v5",
    "instrumental": False,
    "title": "Midnight Addiction",
    "tags": "Western R&B, female vocal, dark, sensual, slow tempo, moody",
    "lyrics": _WORDS,
    "vocal_gender": "f",
    "style_weight": 0.85,
    "weirdness_constraint": 0.2,
    "negative_tags": "metal, aggressive",
}
_CALLBACK_URL = "https://your-domain.com/api/callback"


def _crun(model: str, inner: dict[str, Any]) -> dict[str, Any]:
    return {"model": model, "callback_url": _CALLBACK_URL, "input": inner}


# By dialect and by the name of an example.
REQUESTS: dict[Dialect, dict[str, dict[str, Any]]] = {
    Dialect.CRUN: {
        "generate simple": _crun("suno/music-generate", _CRUN_SIMPLE),
        "generate custom": _crun("suno/music-generate", _CRUN_CUSTOM),
        "extend simple": _crun("suno/music-extend-upload", _CRUN_SIMPLE_EXTEND),
        "extend custom": _crun("suno/music-extend-upload", _CRUN_CUSTOM_EXTEND),
    },
    Dialect.SUNOAPI: {
        "generate": {
            "customMode": True,
            "instrumental": False,
            "model": "V5",
            "prompt": _WORDS,
            "style": "Western R&B",
            "title": "Midnight Addiction",
            "callBackUrl": "https://api.example.com/callback",
        },
        "generate simple": {
            "customMode": False,
            "instrumental": True,
            "model": "V5",
            "prompt": "Warm lo-fi piano, 80 bpm",
        },
        "extend": {
            "audioId": TAKE_IDS[0],
            "defaultParamFlag": False,
            "model": "V5",
            "callBackUrl": "https://api.example.com/callback",
        },
        "upload-extend": {
            "uploadUrl": "https://storage.example.com/upload",
            "defaultParamFlag": True,
            "instrumental": True,
            "prompt": "Extend the music with more relaxing notes",
            "style": "Classical",
            "title": "Peaceful Piano Extended",
            "continueAt": 60,
            "model": "V3_5",
            "negativeTags": "Relaxing Piano",
            "vocalGender": "m",
            "styleWeight": 0.65,
            "weirdnessConstraint": 0.65,
            "audioWeight": 0.65,
            "callBackUrl": "https://api.example.com/callback",
        },
        "add-vocals": {
            "uploadUrl": "https://storage.example.com/backing.mp3",
            "prompt": _WORDS,
            "title": "Midnight Addiction",
            "style": "Western R&B, female vocal",
            "negativeTags": "metal, aggressive",
            "model": "V4_5PLUS",
            "vocalGender": "f",
            "callBackUrl": "https://api.example.com/callback",
        },
        "add-instrumental": {
            "uploadUrl": "https://storage.example.com/voice.mp3",
            "title": "Midnight Addiction",
            "tags": "soft piano, warm bass",
            "negativeTags": "drums",
            "model": "V4_5PLUS",
            "callBackUrl": "https://api.example.com/callback",
        },
        "lyrics": {
            "prompt": "A nostalgic song about growing up in a small town by the sea",
            "callBackUrl": "https://api.example.com/callback",
        },
        "upload-extend inherit": {
            "uploadUrl": "https://storage.example.com/upload",
            "defaultParamFlag": False,
            "model": "V4_5PLUS",
        },
    },
    Dialect.APIIN: {
        "music inspiration": {
            "model": "suno-v4-5",
            "gpt_description_prompt": "A calm song about the sea, soft guitar",
        },
        "music custom": {
            "model": "chirp-v4-5",
            "prompt": _WORDS,
            "style": "pop",
            "title": "T",
            "tags": "metal",
            "gender": "female",
            "make_instrumental": False,
        },
        "extend inherit": {
            "origin_task_id": "gen20e094aeaadfe494ea33a5c80ee596083bksv",
            "extend_audio_index": 0,
            "custom_mode": False,
        },
        "extend custom": {
            "origin_task_id": "gen20e094aeaadfe494ea33a5c80ee596083bksv",
            "extend_audio_index": 0,
            "custom_mode": True,
            "prompt": "Change the music style to be calm and lyrical.",
            "style": "lyrical",
            "title": "lyrical song",
            "extensionStartTime": 150,
        },
    },
    Dialect.NATIVE: {
        "describe": {"prompt": "warm lo-fi piano, 80 bpm", "vocal": "none", "duration_s": 60, "seed": 7},
        "continue": {
            "source": {"url": "https://example.com/uploaded-audio.mp3"},
            "continue_at_s": 60,
            "duration_s": 40,
            "audio_weight": 0.8,
            "takes": 1,
        },
        "specify": {
            "title": "Midnight Addiction",
            "style": "Western R&B, dark, 82 bpm",
            "lyrics": _WORDS,
            "vocal": "female",
            "negative_tags": "metal, aggressive",
            "callback_url": _CALLBACK_URL,
        },
    },
}
