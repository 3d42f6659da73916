"""What is heard in an upload: the reply, and the route for the API description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cadenza.dialects.describing import Parameter, Route
from cadenza.dialects.native.errors import MEDIA_TYPE
from cadenza.dialects.native.keeping import Replies
from cadenza.dialects.telling import Json
from cadenza.music.findings import (
    Character,
    Findings,
    FoundChord,
    FoundChords,
    FoundForm,
    FoundKey,
    FoundLoudness,
    FoundMetre,
    FoundSection,
    FoundSound,
    FoundStereo,
    FoundTempo,
    FoundTuning,
    FoundVoice,
    Stretch,
    TempoStretch,
    findings_to_json,
)

# Two bars of a piece at 120 beats per minute.
_SAMPLE = Findings(
    duration_s=4.2,
    music=Stretch(start_s=0.0, end_s=4.0),
    character=Character.RHYTHMIC,
    tempo=FoundTempo(bpm=120.0, confidence=0.92, map=(TempoStretch(start_s=0.0, end_s=4.0, bpm=120.0),)),
    beats_s=(0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0),
    metre=FoundMetre(beats_per_bar=4, confidence=0.8),
    downbeats_s=(0.0, 2.0),
    bars=(Stretch(start_s=0.0, end_s=2.0), Stretch(start_s=2.0, end_s=4.0)),
    key=FoundKey(name="A minor", tonic="A", mode="minor", confidence=0.6),
    tuning=FoundTuning(cents=-2.5, confidence=0.9),
    chords=FoundChords(
        by_beat=(*("A minor",) * 4, *("F major",) * 5),
        spans=(
            FoundChord(start_s=0.0, end_s=2.0, name="A minor"),
            FoundChord(start_s=2.0, end_s=4.2, name="F major"),
        ),
        confidence=0.7,
    ),
    form=FoundForm(
        sections=(FoundSection(start_s=0.0, end_s=4.0, label="A"),),
        phrase_ends_s=(4.0,),
        bars_per_phrase=2,
        confidence=0.0,
    ),
    loudness=FoundLoudness(
        integrated_lufs=-14.2, range_lu=0.4, rate_hz=10.0, momentary_lufs=(-14.3, -14.1, -14.2)
    ),
    voice=FoundVoice(spans=(Stretch(start_s=2.0, end_s=3.4),), share=0.333, confidence=0.5),
    stereo=FoundStereo(channels=2, width=0.21, balance=0.01, correlation=0.8),
    sound=FoundSound(bass=0.4, middle=0.5, treble=0.1, brightness_hz=812.0),
)
_PEAKS: Json = {
    "version": 2,
    "channels": 1,
    "sample_rate": 44100,
    "samples_per_pixel": 882,
    "bits": 8,
    "length": 3,
    "duration_s": 0.06,
    "data": [-12, 11, -64, 70, -33, 30],
}


def portrait(upload_id: str, heard: Mapping[str, Any]) -> Json:
    """Return the reply to GET /v1/uploads/{id}/portrait."""
    return {"upload_id": upload_id, **heard}


def describe(upload_id: str, replies: Replies) -> Route:
    """Describe GET /v1/uploads/{id}/portrait."""
    sample = portrait(upload_id, {**findings_to_json(_SAMPLE), "peaks": _PEAKS})
    return Route(
        method="get",
        path="/v1/uploads/{upload_id}/portrait",
        name="readPortrait",
        summary="What is heard in a recording: beats, bars, sections, key, tempo; and peaks to draw it",
        error_media=MEDIA_TYPE,
        parameters=(Parameter(name="upload_id", doc="The upload.", place="path"),),
        replies=replies(200, {"portrait": sample}),
    )
