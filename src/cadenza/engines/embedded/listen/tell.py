"""What was heard, told in plain words and numbers: from a portrait and its recording to findings."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from cadenza.audio.features import Array, analysis_mono
from cadenza.audio.signal import Signal
from cadenza.engines.embedded.listen.harmony import chord_clarity
from cadenza.engines.embedded.listen.phrases import Phrases, find_breaths, find_phrases
from cadenza.engines.embedded.listen.sections import Form, bar_lines, find_form
from cadenza.engines.embedded.listen.sound import hear_loudness, hear_registers, hear_stereo
from cadenza.engines.embedded.listen.voices import FRAMES_PER_S, find_glides
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
    FoundTempo,
    FoundTuning,
    FoundVoice,
    Stretch,
    TempoStretch,
)
from cadenza.music.portrait import NO_CHORD, PITCH_NAMES, Floats, Ints, Portrait

LEAST_KEY_CONFIDENCE = 0.03
# Of the tones about their tuning: noise and speech have 0.01, dense rock 0.06, a choir of strings 0.4.
_LEAST_AGREEMENT, _FULL_AGREEMENT = 0.03, 0.3
# Speech and rain have a beat of about 0.2 somewhere: where no tones speak for music, it must be clear.
_LEAST_BEAT, _LEAST_BEAT_OF_NOISE = 0.15, 0.5
_BEATS_PER_TEMPO, _SAME_TEMPO = 8, 0.02
_CLEAR_CHORDS, _UNCLEAR_CHORDS = 0.85, 0.55
_GLIDING = 0.03  # share of bands: instruments of steady pitch stay below 0.025 nine tenths of the time
_SHORTEST_VOICE_S, _BREATH_S = 1.0, 0.6
_MOST_CONFIDENCE_IN_VOICES = 0.6  # fiddles and whistles glide like a voice


def tell(source: Signal, portrait: Portrait) -> Findings:
    """Tell what ``listen`` heard in a recording, and hear what only those want to know who look at it."""
    loudness = hear_loudness(source)
    beats_s = _beats_s(portrait)
    bars = _bars(portrait)
    return Findings(
        duration_s=portrait.duration_s,
        music=Stretch(start_s=portrait.music_start_s, end_s=portrait.music_end_s),
        character=_character(portrait),
        tempo=_tempo(portrait, beats_s),
        beats_s=tuple(beats_s.tolist()),
        metre=_metre(portrait),
        downbeats_s=tuple(bar.start_s for bar in bars),
        bars=bars,
        key=_key(portrait),
        tuning=_tuning(portrait),
        chords=_chords(portrait, len(beats_s)),
        form=_form(portrait, loudness),
        loudness=loudness,
        voice=_voice(source),
        stereo=hear_stereo(source),
        sound=hear_registers(portrait.moments.power),
    )


def _has_tones(portrait: Portrait) -> bool:
    return portrait.tuning_confidence > _LEAST_AGREEMENT


def _has_key(portrait: Portrait) -> bool:
    return portrait.key.confidence > LEAST_KEY_CONFIDENCE and _has_tones(portrait)


def _has_beat(portrait: Portrait) -> bool:
    least = _LEAST_BEAT if _has_tones(portrait) else _LEAST_BEAT_OF_NOISE
    return portrait.pulse.steady and portrait.pulse.confidence > least


def _character(portrait: Portrait) -> Character:
    if _has_beat(portrait):
        return Character.RHYTHMIC if _has_key(portrait) else Character.PERCUSSIVE
    return Character.FLOATING if _has_key(portrait) else Character.UNPITCHED


def _beats_s(portrait: Portrait) -> Floats:
    """Return the beats within the recording; none without a steady pulse."""
    beats_s = portrait.pulse.beats_s
    inside = (beats_s >= 0) & (beats_s <= portrait.duration_s) & _has_beat(portrait)
    return np.asarray(beats_s[inside])


def _bars(portrait: Portrait) -> tuple[Stretch, ...]:
    if not _has_beat(portrait):
        return ()
    beats_s, bar = portrait.pulse.beats_s, portrait.metre.beats_per_bar
    spans = [(float(beats_s[at]), float(beats_s[at + bar])) for at in portrait.downbeats]
    return tuple(Stretch(start_s=a, end_s=b) for a, b in spans if a >= 0 and b <= portrait.duration_s)


def _tempo(portrait: Portrait, beats_s: Floats) -> FoundTempo:
    if not _has_beat(portrait):
        return FoundTempo(bpm=None, confidence=0.0)
    stretches: list[TempoStretch] = []
    for first in range(0, len(beats_s) - 1, _BEATS_PER_TEMPO):
        last = min(first + _BEATS_PER_TEMPO, len(beats_s) - 1)
        bpm = 60 * (last - first) / (beats_s[last] - beats_s[first])
        begin_s, end_s = float(beats_s[first]), float(beats_s[last])
        if stretches and abs(bpm / stretches[-1].bpm - 1) < _SAME_TEMPO:
            before = stretches.pop()
            # By the time that each takes, so that the tempo of a long stretch does not wander with its end.
            old_s, new_s = before.end_s - before.start_s, end_s - begin_s
            bpm = (before.bpm * old_s + bpm * new_s) / (old_s + new_s)
            begin_s = before.start_s
        stretches.append(TempoStretch(start_s=begin_s, end_s=end_s, bpm=float(bpm)))
    return FoundTempo(bpm=portrait.pulse.bpm, confidence=portrait.pulse.confidence, map=tuple(stretches))


def _metre(portrait: Portrait) -> FoundMetre:
    if not _has_beat(portrait):
        return FoundMetre(beats_per_bar=None, confidence=0.0)
    return FoundMetre(beats_per_bar=portrait.metre.beats_per_bar, confidence=portrait.metre.confidence)


def _key(portrait: Portrait) -> FoundKey:
    key = portrait.key
    if not _has_key(portrait):
        return FoundKey(name=None, tonic=None, mode=None, confidence=0.0)
    mode = "minor" if key.minor else "major"
    return FoundKey(name=str(key), tonic=PITCH_NAMES[key.tonic], mode=mode, confidence=key.confidence)


def _tuning(portrait: Portrait) -> FoundTuning:
    if not _has_tones(portrait):
        return FoundTuning(cents=None, confidence=0.0)
    agreement = min(1.0, portrait.tuning_confidence / _FULL_AGREEMENT)
    return FoundTuning(cents=100 * portrait.tuning_semitones, confidence=agreement)


def _chords(portrait: Portrait, beat_count: int) -> FoundChords:
    if not _has_tones(portrait):
        return FoundChords(by_beat=(None,) * beat_count, spans=(), confidence=0.0)
    names = [chord_name(int(chord)) for chord in portrait.chords]
    beats_s = portrait.pulse.beats_s
    spans, at = [], 0
    for name, run in groupby(names):
        until = at + len(list(run))
        start_s, end_s = max(0.0, float(beats_s[at])), min(portrait.duration_s, float(beats_s[until]))
        if name is not None and start_s < end_s:
            spans.append(FoundChord(name=name, start_s=start_s, end_s=end_s))
        at = until
    first = int(np.searchsorted(beats_s, 0.0))
    by_beat = [*names, None, None][first : first + beat_count] if _has_beat(portrait) else []
    clarity = chord_clarity(portrait.views.chroma, portrait.chords)
    confidence = float(np.clip((clarity - _UNCLEAR_CHORDS) / (_CLEAR_CHORDS - _UNCLEAR_CHORDS), 0, 1))
    return FoundChords(by_beat=tuple(by_beat), spans=tuple(spans), confidence=confidence)


def chord_name(chord: int) -> str | None:
    """Return "A minor"; None where there is no chord."""
    if chord == NO_CHORD:
        return None
    return f"{PITCH_NAMES[chord % 12]} {'minor' if chord >= 12 else 'major'}"


def _form(portrait: Portrait, loudness: FoundLoudness) -> FoundForm:
    lines = bar_lines(portrait)
    form = _one_section(lines) if _character(portrait) is Character.UNPITCHED else find_form(portrait, lines)
    if _has_beat(portrait):
        phrases = find_phrases(portrait, form, lines)
    else:
        course = np.array(loudness.momentary_lufs)
        phrases = Phrases(ends_s=find_breaths(course, loudness.rate_hz) + 0.2, bars=None)
    inside = (phrases.ends_s > portrait.music_start_s) & (phrases.ends_s <= portrait.music_end_s)
    return FoundForm(
        sections=_sections(portrait, form),
        phrase_ends_s=tuple(np.unique(phrases.ends_s[inside]).tolist()),
        bars_per_phrase=phrases.bars,
        confidence=form.confidence,
    )


def _one_section(lines: Ints) -> Form:
    """Return the form of what has none: speech and noise change, but nothing returns."""
    return Form(edges=lines[[0, -1]], labels=(0,), confidence=0.0)


def _sections(portrait: Portrait, form: Form) -> tuple[FoundSection, ...]:
    """Return the sections, the first and the last reaching as far as the music."""
    inner = portrait.pulse.beats_s[form.edges[1:-1]]
    edges = [portrait.music_start_s, *inner.tolist(), portrait.music_end_s]
    return tuple(
        FoundSection(start_s=float(start_s), end_s=float(end_s), label=_letter(label))
        for start_s, end_s, label in zip(edges[:-1], edges[1:], form.labels, strict=True)
    )


def _letter(label: int) -> str:
    return chr(ord("A") + label % 26) + (str(label // 26 + 1) if label >= 26 else "")


def _voice(source: Signal) -> FoundVoice:
    glides = find_glides(analysis_mono(source))
    spans = _runs(glides > _GLIDING)
    share = sum(span.end_s - span.start_s for span in spans) / max(source.duration_s, 1e-9)
    return FoundVoice(spans=spans, share=min(1.0, share), confidence=_confidence(glides))


def _runs(is_on: NDArray[np.bool_]) -> tuple[Stretch, ...]:
    """Return the stretches that last, those with a breath between them as one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_on, [False]]).astype(np.int8))) / FRAMES_PER_S
    spans: list[Stretch] = []
    for start_s, end_s in edges.reshape(-1, 2).tolist():
        if spans and start_s - spans[-1].end_s < _BREATH_S:
            spans[-1] = Stretch(start_s=spans[-1].start_s, end_s=end_s)
        else:
            spans.append(Stretch(start_s=start_s, end_s=end_s))
    return tuple(span for span in spans if span.end_s - span.start_s >= _SHORTEST_VOICE_S)


def _confidence(glides: Array) -> float:
    """Return how clearly the moments lie on one side or the other: all near the limit is a guess."""
    if not len(glides):
        return 0.0
    octaves = np.abs(np.log2((glides + 0.004) / (_GLIDING + 0.004)))
    return float(np.clip(octaves.mean() / 2, 0, 1)) * _MOST_CONFIDENCE_IN_VOICES
