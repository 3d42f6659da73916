"""What is told of a recording, against pieces whose answers are known."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from cadenza.audio.loudness import integrated_lufs
from cadenza.audio.signal import Signal
from cadenza.engines.embedded.listen import listen, tell
from cadenza.music.findings import Character, findings_to_json
from cadenza.testing.audio import noise

RATE_HZ = 22050


def heard(wave, channels=1):
    signal = Signal(
        np.ascontiguousarray(np.broadcast_to(wave, (channels, len(wave)))).astype(np.float32), RATE_HZ
    )
    return tell(signal, listen(signal))


def chatter(seconds, seed):
    """Gliding harmonics through wandering formants in uneven syllables with pauses: speech without words."""
    rng, out, hz = np.random.default_rng(seed), [np.zeros(10)], 120.0
    while sum(map(len, out)) < seconds * RATE_HZ:
        if rng.random() < 0.12:
            out.append(np.zeros(int(RATE_HZ * rng.uniform(0.2, 0.8))))
            continue
        t = np.linspace(0, 1, int(RATE_HZ * rng.uniform(0.1, 0.3)))
        to_hz = float(np.clip(hz * rng.uniform(0.8, 1.25), 85, 190))
        f0 = hz + (to_hz - hz) * t + 6 * np.sin(7 * t)
        phase, formants = np.cumsum(f0) / RATE_HZ, rng.uniform([300, 900, 2200], [800, 2000, 3000])
        partials = [
            sum(np.exp(-0.5 * ((f0 * h - peak) / 120) ** 2) for peak in formants)
            * np.sin(2 * np.pi * h * phase)
            for h in range(1, 40)
        ]
        out.append(sum(partials) * np.sqrt(np.hanning(len(t))))
        hz = to_hz
    wave = np.concatenate(out)
    return 0.3 * wave / np.abs(wave).max()


def held(pitches, seconds, vibrato_cents=0.0):
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sway = vibrato_cents / 1200 * np.log(2) * np.sin(2 * np.pi * 5.5 * t)
    tones = (440 * 2 ** ((pitch - 69) / 12) * np.exp(sway) for pitch in pitches)
    phases = [2 * np.pi * np.cumsum(hz) / RATE_HZ for hz in tones]
    return 0.03 * sum(np.sin(k * phase) / k for phase in phases for k in range(1, 9))


@pytest.fixture(scope="module")
def found(piece, portrait):
    return tell(piece, portrait)


def test_beats_bars_and_tempo_of_a_known_piece_are_told(found):
    assert found.character is Character.RHYTHMIC
    assert found.tempo.bpm == pytest.approx(120, abs=0.3)
    assert found.tempo.map[0].bpm == pytest.approx(120, abs=0.5)
    beats_s, true_s = np.array(found.beats_s), np.arange(0, 28, 0.5)
    assert max(np.abs(beats_s - at).min() for at in true_s[1:-1]) < 0.03
    assert found.metre.beats_per_bar == 4
    assert max(abs(bar.start_s / 2 - round(bar.start_s / 2)) for bar in found.bars) < 0.02
    assert found.downbeats_s == tuple(bar.start_s for bar in found.bars)
    assert all(one.end_s == other.start_s for one, other in pairwise(found.bars))


def test_key_tuning_and_chords_of_a_known_piece_are_told(found):
    assert (found.key.name, found.key.confidence > 0.03) in {("A minor", True), ("C major", True)}
    assert abs(found.tuning.cents) < 5
    assert len(found.chords.by_beat) == len(found.beats_s)
    told = [
        found.chords.by_beat[np.abs(np.array(found.beats_s) - at).argmin()] for at in (1.0, 3.0, 5.0, 7.0)
    ]
    assert told == ["A minor", "F major", "C major", "G major"]


def test_a_tuning_that_is_off_is_told_in_cents():
    wave = held((69.3, 73.3, 76.3), 8)
    assert heard(wave).tuning.cents == pytest.approx(30, abs=4)


def test_sections_begin_where_the_band_changes_and_like_ones_have_one_letter(song):
    full = song(bars=8, channels=1).samples[0]
    bare = 0.15 * song(bars=8, channels=1, drums=False, seed=3).samples[0]
    found = heard(np.concatenate([full, bare, full]))
    assert [part.label for part in found.form.sections] == ["A", "B", "A"]
    assert [part.start_s for part in found.form.sections[1:]] == pytest.approx([16, 32], abs=0.6)
    assert found.form.confidence > 0.5
    assert {round(end_s) for end_s in found.form.phrase_ends_s} >= {16, 32}


def test_speech_has_no_beat_no_key_and_no_form():
    found = heard(chatter(20, seed=2))
    assert found.character is Character.UNPITCHED
    assert (found.tempo.bpm, found.beats_s, found.bars, found.metre.beats_per_bar) == (None, (), (), None)
    assert (found.key.name, found.tuning.cents, found.chords.spans) == (None, None, ())
    assert len(found.form.sections) == 1
    assert found.voice.share > 0.6


def test_noise_has_nothing_but_a_loudness():
    signal = noise(20, sample_rate=RATE_HZ)
    found = tell(signal, listen(signal))
    assert found.character is Character.UNPITCHED
    assert (found.tempo.bpm, found.key.name, found.voice.spans) == (None, None, ())
    assert found.loudness.integrated_lufs == pytest.approx(integrated_lufs(signal))
    assert found.loudness.range_lu < 1


def test_a_held_chord_has_a_key_and_no_beat():
    t = np.arange(24 * RATE_HZ) / RATE_HZ
    found = heard(held((45, 57, 60, 64), 24) * (1 + 0.4 * np.sin(2 * np.pi * t / 7)))
    assert found.character is Character.FLOATING
    assert (found.tempo.bpm, found.beats_s, found.form.bars_per_phrase) == (None, (), None)
    assert found.key.name == "A minor"


def test_phrases_without_beats_end_where_the_music_breathes():
    t = np.arange(30 * RATE_HZ) / RATE_HZ
    swell = np.maximum(0.05, np.sin(np.pi * (t % 10) / 10))
    ends_s = heard(held((45, 57, 60, 64), 30) * swell).form.phrase_ends_s
    assert ends_s == pytest.approx([10, 20], abs=0.6)


def test_a_tone_with_vibrato_is_taken_for_a_voice_and_the_same_without_it_is_not():
    backing = 0.5 * held((45, 52), 16)
    sung = np.concatenate([np.zeros(8 * RATE_HZ), held((69,), 8, vibrato_cents=60)])
    (span,) = heard(backing + sung).voice.spans
    assert (span.start_s, span.end_s) == pytest.approx((8, 16), abs=0.7)
    assert heard(backing + held((69,), 16)).voice.spans == ()


def test_the_stereo_image_is_that_of_the_sides(piece, portrait):
    left = piece.samples[0]
    wide, one_sided = np.stack([left, -left]), np.stack([left, 0 * left])
    image = tell(replace(piece, samples=wide), portrait).stereo
    assert (image.width, image.correlation, round(image.balance, 3)) == (
        1.0,
        pytest.approx(-1, abs=1e-3),
        0.0,
    )
    assert tell(replace(piece, samples=one_sided), portrait).stereo.balance == -1
    assert tell(replace(piece, samples=left[None]), portrait).stereo.channels == 1


def test_findings_are_plain_values_in_order_of_time(found):
    told = json.loads(json.dumps(findings_to_json(found), allow_nan=False))
    assert told["object"] == "portrait"
    for times in (told["beats_s"], told["downbeats_s"], told["form"]["phrase_ends_s"]):
        assert times == sorted(times)
    edges = [(part["start_s"], part["end_s"]) for part in told["form"]["sections"]]
    assert all(one[1] == other[0] for one, other in pairwise(edges))
    assert {len(told[name]) >= 2 for name in ("tempo", "key", "loudness", "stereo", "sound")} == {True}
