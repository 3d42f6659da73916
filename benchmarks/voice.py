"""Sing what the voice is judged by: six songs solo and in the mix, and the words of the rhyme test.

``python benchmarks/voice.py OUT [--what songs,mixes,rhymes,speed] [--every N]`` writes WAV files and
``cases.json`` into OUT. Then ``voice_judge.py OUT`` measures them, knowing nothing of how they were
made. Songs, words and speed take a quarter of a minute of CPU time each, the mixes two minutes.
"""

from __future__ import annotations

import argparse
import functools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from voice_words import LINES, SETS

from cadenza.domain.request import GenerationRequest, Specified
from cadenza.domain.request import Voice as Singer
from cadenza.engines.embedded.compose.compose import compose
from cadenza.engines.embedded.perform.perform import perform
from cadenza.engines.embedded.sing.choir import Choir
from cadenza.engines.embedded.sing.phrasing import place_line
from cadenza.engines.embedded.sing.pitch import Manners
from cadenza.engines.embedded.sing.voice import SAMPLE_RATE
from cadenza.engines.embedded.songs.song import SongPlan, make_song, plan_song
from cadenza.engines.embedded.songs.vocals import VocalTrack
from cadenza.music.dice import Dice
from cadenza.music.lyrics import VOWELS
from cadenza.music.performance import Performance
from cadenza.music.vocal import Compass, TimedLine, TimedSyllable, TimedTone
from cadenza.words.reading import read_line

SONGS = (
    ("folk", "folk, 90 bpm", Singer.MALE, 4),
    ("pop", "pop, 100 bpm", Singer.FEMALE, 5),
    ("rock", "rock 120 bpm", Singer.MALE, 6),
    ("soul", "soul, 85 bpm", Singer.FEMALE, 7),
    ("synthwave", "synthwave, 105 bpm", Singer.MALE, 8),
    ("indie", "indie folk, 95 bpm", Singer.FEMALE, 9),
)
RHYME_NOTES = {Compass.LOW: 50, Compass.HIGH: 60}  # 147 and 262 Hz
NOTE_LENGTHS_S = (0.8, 0.4)
_GAP_S = 0.6


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--what", default="songs,mixes,rhymes,speed")
    parser.add_argument("--every", type=int, default=1, help="sing every n-th set of rhymes only")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    rhymes = functools.partial(_rhymes, every=chosen.every)
    parts = {"songs": _songs, "mixes": _mixes, "rhymes": rhymes, "speed": _speed}
    cases: dict[str, Any] = {}
    for name in chosen.what.split(","):
        cases[name] = list(parts[name](chosen.out))
    (chosen.out / "cases.json").write_text(json.dumps(cases))


def _planned(
    style: str, voice: Singer, seed: int, duration_s: float | None = None
) -> tuple[SongPlan, Performance]:
    wish = Specified(title="River", style=style, lyrics=LINES)
    request = GenerationRequest(wish=wish, tier="v5", voice=voice, duration_s=duration_s)
    plan = plan_song(request, seed=seed, take_index=0)
    score = compose(plan.brief, plan.dice, plan.slots, plan.compass)
    return plan, perform(score, plan.brief, plan.dice)


def _songs(out: Path) -> Iterator[dict[str, Any]]:
    """Sing the lead alone, without double, harmonies, production and room."""
    for name, style, voice, seed in SONGS:
        plan, performance = _planned(style, voice, seed)
        choir = Choir(plan.compass, plan.dice, genre=plan.brief.genre.name)
        sound = np.zeros(round((performance.duration_s + 2) * SAMPLE_RATE), dtype=np.float32)
        vowels: list[tuple[float, float]] = []
        for index, line in enumerate(performance.sung):
            placed = choir.lead_phrase(line, index)
            if placed is None:
                continue
            lead = choir.lead.render(placed.phrase)
            begin = round(placed.begin_s * SAMPLE_RATE)
            inside = lead[max(0, -begin) :][: len(sound) - max(0, begin)]
            sound[max(0, begin) : max(0, begin) + len(inside)] += inside
            vowels += [
                (placed.begin_s + segment.begin_s, placed.begin_s + segment.end_s)
                for segment in placed.phrase.segments
                if segment.phone in VOWELS
            ]
        path = f"{name}-solo.wav"
        sf.write(out / path, sound, SAMPLE_RATE)
        told = _told(performance.sung) | {"vowels": vowels}
        yield {"file": path, "name": name, "low": plan.compass is Compass.LOW, **told}


def _told(lines: tuple[TimedLine, ...]) -> dict[str, Any]:
    syllables = [sung for line in lines for sung in line.syllables if not sung.syllable.is_backing]
    return {
        "notes": [(t.begin_s, t.end_s, t.midi_pitch) for sung in syllables for t in sung.tones],
        "lines": [
            {
                "begin_s": line.begin_s,
                "end_s": line.end_s,
                "text": line.line.text,
                "vowels_s": [sung.begin_s for sung in line.syllables],
            }
            for line in lines
        ],
    }


def _mixes(out: Path) -> Iterator[dict[str, Any]]:
    for name, style, voice, seed in SONGS:
        plan, performance = _planned(style, voice, seed)
        made = make_song(plan, progress=lambda *_: None, should_stop=lambda: False, preview=lambda _: None)
        path = f"{name}-mix.wav"
        sf.write(out / path, made.signal.samples.T, SAMPLE_RATE)
        yield {"file": path, "name": name, "low": plan.compass is Compass.LOW, **_told(performance.sung)}


def _rhymes(out: Path, every: int) -> Iterator[dict[str, Any]]:
    """Sing each word on one note between two rests, all words of one voice and length in one file."""
    for compass, note in RHYME_NOTES.items():
        for length_s in NOTE_LENGTHS_S:
            choir = Choir(compass, Dice(1, 0))
            sounds, words, at = [], [], 0
            chosen = ((row, word) for row in SETS[::every] for word in row.split())
            for index, (row, word) in enumerate(chosen):
                sung = _sung_word(choir, word, note, length_s, index)
                place = {"begin_s": at / SAMPLE_RATE, "length_s": len(sung) / SAMPLE_RATE}
                words.append({"word": word, "set": row, **place})
                sounds.append(sung)
                at += len(sung)
            path = f"rhymes-{compass.name.lower()}-{length_s}.wav"
            sf.write(out / path, np.concatenate(sounds), SAMPLE_RATE)
            yield {"file": path, "low": compass is Compass.LOW, "note_s": length_s, "words": words}


def _sung_word(choir: Choir, word: str, note: int, length_s: float, seed: int) -> np.ndarray[Any, Any]:
    (syllable, *_) = read_line(word).syllables
    tone = TimedTone(begin_s=0.0, end_s=length_s, midi_pitch=note)
    timed = TimedSyllable(syllable=syllable, tones=(tone,))
    placed = place_line((timed,), energy=0.6, breath_s=0.6, manners=Manners(), seed=(seed,))
    sound = choir.lead.render(placed.phrase)
    gap = np.zeros(round(_GAP_S / 2 * SAMPLE_RATE), dtype=np.float32)
    return np.concatenate([gap, sound, gap])


def _nowhere(_sound: np.ndarray[Any, Any], _begin: int) -> None:
    """Take a line and let it go."""


def _speed(_: Path) -> Iterator[dict[str, Any]]:
    """Sing songs of three minutes with all voices and their production; the first one twice, to warm up."""
    for name, style, voice, seed in (SONGS[0], *SONGS):
        plan, performance = _planned(style, voice, seed, duration_s=180.0)
        began_s = time.process_time()
        genre = plan.brief.genre.name
        track = VocalTrack(performance.sung, plan.compass, plan.dice, _nowhere, lambda: None, genre)
        track.sing_until(1 << 60)
        spent_s = time.process_time() - began_s
        sung_s = sum(line.end_s - line.begin_s for line in performance.sung)
        print(f"{name}: {spent_s:.1f} CPU s for {sung_s:.0f} s of singing in 180 s", flush=True)
        yield {"name": name, "cpu_s": spent_s, "sung_s": sung_s}


if __name__ == "__main__":
    main()
