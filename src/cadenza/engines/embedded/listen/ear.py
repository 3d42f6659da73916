"""Listening as a whole: one recording in, its portrait out."""

from __future__ import annotations

from cadenza.audio.features import analysis_mono
from cadenza.audio.signal import Signal
from cadenza.domain.errors import SourceUnusable
from cadenza.engines.embedded.listen.bars import find_metre
from cadenza.engines.embedded.listen.beats import find_pulse
from cadenza.engines.embedded.listen.extent import SHORTEST_MUSIC_S, find_music
from cadenza.engines.embedded.listen.harmony import CHROMA_RATE, find_chords, find_key, hear_chroma
from cadenza.engines.embedded.listen.onsets import FRAMES_PER_S, find_onsets
from cadenza.engines.embedded.listen.views import view_beats, view_moments
from cadenza.music.portrait import Portrait


def listen(source: Signal) -> Portrait:
    """Hear a recording of any rate: tempo, beats, bars, key, chords, and what each beat sounds like.

    Raises
    ------
    SourceUnusable
        If it is silent or has too little music.
    """
    if source.duration_s < SHORTEST_MUSIC_S:
        raise SourceUnusable(
            f"The recording lasts {source.duration_s:.1f} s; at least {SHORTEST_MUSIC_S} s are needed."
        )
    mono = analysis_mono(source)
    onsets = find_onsets(mono)
    start_s, end_s = find_music(onsets.power)
    pulse = find_pulse(onsets, source.duration_s)
    chroma, tuning, agreement = hear_chroma(mono)
    views = view_beats(onsets, chroma, CHROMA_RATE, pulse.beats_s)
    key = find_key(views.chroma)
    return Portrait(
        duration_s=source.duration_s,
        music_start_s=start_s,
        music_end_s=end_s,
        pulse=pulse,
        metre=find_metre(views),
        key=key,
        tuning_semitones=tuning,
        tuning_confidence=agreement,
        chords=find_chords(views.chroma, key),
        views=views,
        moments=view_moments(onsets, chroma, CHROMA_RATE),
        novelty=onsets.novelty,
        novelty_rate_hz=FRAMES_PER_S,
    )
