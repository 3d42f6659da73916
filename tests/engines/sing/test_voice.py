"""The voice by measurement: in tune, on time, the right vowels, no clicks, the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal as dsp

from cadenza.domain.request import Voice
from cadenza.engines.embedded.sing.choir import TIMBRES, Choir
from cadenza.engines.embedded.sing.phones import PHONES, Manner
from cadenza.engines.embedded.sing.phrasing import place_line
from cadenza.engines.embedded.sing.pitch import Manners
from cadenza.engines.embedded.sing.source_filter import SourceFilterVoice
from cadenza.engines.embedded.sing.voice import FRAME_S, SAMPLE_RATE, SILENCE, Phrase, Segment
from cadenza.music.dice import Dice
from cadenza.music.lyrics import VOWELS, Stress, Syllable
from cadenza.music.pitch import midi_to_hz
from cadenza.music.vocal import Compass, TimedSyllable, TimedTone

CONSONANTS = set(
    "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split()  # noqa: SIM905 - a list to read
)
VOICES = {compass: [SourceFilterVoice(timbre) for timbre in TIMBRES[compass]] for compass in Compass}


def spoken(phones, *, f0_hz=110.0, vowel_s=0.3, seed=1):
    """Return a phrase of ``phones`` at an even pitch, between two silences."""
    segments, at_s = [], 0.0
    for phone in (SILENCE, *phones, SILENCE):
        length_s = vowel_s if phone in VOWELS else 0.1
        segments.append(Segment(phone=phone, begin_s=at_s, end_s=at_s + length_s))
        at_s += length_s
    frames = int(at_s / FRAME_S) + 2
    return Phrase(
        segments=tuple(segments), f0_hz=np.full(frames, f0_hz), energy=np.ones(frames), seed=(seed,)
    )


def level_db(sound):
    return 10 * np.log10(np.mean(np.square(sound, dtype=float)) + 1e-12)


def during(sound, segment):
    return sound[round(segment.begin_s * SAMPLE_RATE) : round(segment.end_s * SAMPLE_RATE)]


@pytest.mark.parametrize("compass", Compass)
@pytest.mark.parametrize("timbre", [0, 1])
@pytest.mark.parametrize("vowel", ["AA", "IY"])
def test_a_held_vowel_is_in_tune_within_four_cents(compass, timbre, vowel, pitch_track):
    low = compass is Compass.LOW
    for midi_pitch in (compass.lowest, compass.highest):
        f0_hz = midi_to_hz(midi_pitch)
        sound = VOICES[compass][timbre].render(spoken([vowel], f0_hz=f0_hz, vowel_s=0.6))
        held = sound[round(0.2 * SAMPLE_RATE) : round(0.6 * SAMPLE_RATE)]
        _, found_hz = pitch_track(held, SAMPLE_RATE, lowest_hz=80 if low else 150, highest_hz=700)
        assert abs(1200 * np.log2(np.median(found_hz) / f0_hz)) <= 4


@pytest.mark.parametrize("phone", sorted(set(PHONES) - VOWELS - {SILENCE}))
def test_every_consonant_sounds_and_none_shouts(phone):
    phrase = spoken(["AH", phone, "AH"])
    sound = VOICES[Compass.LOW][0].render(phrase)
    assert np.isfinite(sound).all()
    vowel, consonant = during(sound, phrase.segments[1]), during(sound, phrase.segments[2])
    assert -40 < level_db(consonant) - level_db(vowel) < 1


@pytest.mark.parametrize("stop", ["P", "T", "K", "CH"])
def test_a_voiceless_stop_is_closed_before_it_bursts(stop):
    phrase = spoken(["AH", stop, "AH"])
    sound = VOICES[Compass.LOW][0].render(phrase)
    segment = phrase.segments[2]
    closed = sound[
        round((segment.begin_s + 0.015) * SAMPLE_RATE) : round((segment.begin_s + 0.03) * SAMPLE_RATE)
    ]
    assert level_db(closed) < level_db(during(sound, phrase.segments[1])) - 30


def first_formants(sound):
    """Return the two lowest resonances by linear prediction at 8 kHz, order 10."""
    down = dsp.resample_poly(sound.astype(float), 80, 441)
    emphasised = np.append(down[0], down[1:] - 0.9 * down[:-1]) * np.hamming(len(down))
    acf = np.correlate(emphasised, emphasised, "full")[len(down) - 1 :][:11]
    matrix = acf[np.abs(np.subtract.outer(np.arange(10), np.arange(10)))]
    roots = np.roots(np.concatenate([[1.0], -np.linalg.solve(matrix, acf[1:])]))
    roots = roots[(roots.imag > 0) & (np.abs(roots) > 0.85)]
    hz = np.sort(np.angle(roots)) * 8000 / (2 * np.pi)
    return hz[hz > 150][:2]


@pytest.mark.parametrize("vowel", ["IY", "EH", "AE", "AA", "UH", "ER"])
def test_vowels_have_the_formants_of_the_literature(vowel):
    sound = VOICES[Compass.LOW][0].render(spoken([vowel], f0_hz=95.0, vowel_s=0.6))
    found = first_formants(sound[round(0.25 * SAMPLE_RATE) : round(0.5 * SAMPLE_RATE)])
    for hz, expected_hz in zip(found, PHONES[vowel].formants_hz[:2], strict=True):
        assert abs(hz - expected_hz) < max(70.0, 0.12 * expected_hz)


def test_the_same_phrase_sounds_the_same_and_another_seed_differs():
    voice = VOICES[Compass.HIGH][0]
    phones = ["S", "IH", "NG", "M", "AY"]
    one = voice.render(spoken(phones, f0_hz=260.0))
    assert one.tobytes() == voice.render(spoken(phones, f0_hz=260.0)).tobytes()
    assert not np.array_equal(one, voice.render(spoken(phones, f0_hz=260.0, seed=2)))


def syllable(onset, nucleus, coda=()):
    return Syllable(text="x", onset=onset, nucleus=nucleus, coda=coda, stress=Stress.PRIMARY)


def sung(syllables, pitches, *, length_s=0.4, start_s=0.5):
    return [
        TimedSyllable(
            syllable=one,
            tones=(
                TimedTone(
                    begin_s=start_s + i * length_s, end_s=start_s + (i + 1) * length_s, midi_pitch=pitch
                ),
            ),
        )
        for i, (one, pitch) in enumerate(zip(syllables, pitches, strict=True))
    ]


@pytest.mark.parametrize("onset", [("T",), ("S",), ("P", "L"), ("S", "T"), ("K",)])
def test_vowels_begin_on_their_beat_within_fifteen_milliseconds(onset):
    syllables = sung([syllable(onset, vowel) for vowel in ("AA", "IY", "OW", "EH", "AY", "UW")], [50] * 6)
    placed = place_line(syllables, energy=0.6, breath_s=0.5, manners=Manners(), seed=(1,))
    sound = VOICES[Compass.LOW][0].render(placed.phrase).astype(float)
    # The vowel is where the voice is at full strength again: the band of the first formants returns.
    band = dsp.sosfiltfilt(dsp.butter(4, [100, 1200], "bandpass", fs=SAMPLE_RATE, output="sos"), sound)
    envelope = np.sqrt(np.convolve(band**2, np.ones(441) / 441, "same"))
    late_s = []
    for one in syllables:
        at = round((one.begin_s - placed.begin_s) * SAMPLE_RATE)
        full = np.median(envelope[at + 3000 : at + 7000])
        low = envelope[at - 4000 : at].argmin() + at - 4000
        late_s.append((low + np.argmax(envelope[low : at + 6000] > 0.5 * full) - at) / SAMPLE_RATE)
    assert np.median(np.abs(late_s)) <= 0.015


def test_consonants_are_longer_sung_than_spoken_and_before_the_beat():
    syllables = sung([syllable(("M",), "AA"), syllable(("M",), "AA")], [50, 52], length_s=0.8)
    placed = place_line(syllables, energy=0.6, breath_s=0.5, manners=Manners(), seed=(1,))
    second = [s for s in placed.phrase.segments if s.phone == "M"][1]
    assert second.end_s + placed.begin_s == pytest.approx(syllables[1].begin_s)
    assert second.end_s - second.begin_s == pytest.approx(2.0 * PHONES["M"].length_s)


def test_a_breath_is_drawn_where_there_is_time_for_one():
    line = sung([syllable((), "AA")], [50], start_s=2.0)
    with_time = place_line(line, energy=0.6, breath_s=1.0, manners=Manners(), seed=(1,))
    without = place_line(line, energy=0.6, breath_s=0.1, manners=Manners(), seed=(1,))
    assert "%" in [s.phone for s in with_time.phrase.segments]
    assert "%" not in [s.phone for s in without.phrase.segments]


@pytest.mark.parametrize("compass", Compass)
def test_sung_lines_keep_their_notes(compass, planned, pitch_track):
    voice = Voice.MALE if compass is Compass.LOW else Voice.FEMALE
    plan, _, performance = planned(voice=voice)
    choir = Choir(compass, plan.dice)
    notes_off, frames_off = [], []
    for index, line in enumerate(performance.sung[:3]):
        sound = choir.sing(line, index)
        times_s, found_hz = pitch_track(
            sound.lead, SAMPLE_RATE, lowest_hz=90 if compass is Compass.LOW else 160, highest_hz=600
        )
        times_s = times_s + sound.begin / SAMPLE_RATE
        for one in line.syllables:
            for tone in one.tones if not one.syllable.is_backing else ():
                inside = (times_s > tone.begin_s + 0.05) & (times_s < tone.end_s - 0.06)
                if inside.sum() >= 4:
                    cents = 1200 * np.log2(found_hz[inside] / midi_to_hz(tone.midi_pitch))
                    notes_off.append(abs(np.median(cents)))
                    frames_off += list(np.abs(cents))
    assert len(notes_off) > 12
    assert np.median(notes_off) <= 8
    assert np.mean(np.array(frames_off) <= 50) >= 0.97


def test_joins_do_not_click():
    # Voiced all through, with moving formants and pitch: nothing in it is sudden.
    phones = [(("M",), "AA"), (("N",), "EY"), (("L",), "OW"), (("W",), "IY"), (("R",), "AY"), ((), "UW")]
    line = sung([syllable(*one) for one in phones], [48, 55, 50, 52, 57, 48])
    placed = place_line(line, energy=0.6, breath_s=0.0, manners=Manners(), seed=(4,))
    sound = VOICES[Compass.LOW][0].render(placed.phrase).astype(float)
    begin = round((line[0].begin_s - placed.begin_s + 0.05) * SAMPLE_RATE)
    end = round((line[-1].end_s - placed.begin_s - 0.1) * SAMPLE_RATE)
    _, _, spectra = dsp.stft(
        sound[begin:end], SAMPLE_RATE, nperseg=512, noverlap=384, boundary=None, padded=False
    )
    high = np.log(np.abs(spectra[np.arange(spectra.shape[0]) > 512 * 8000 / SAMPLE_RATE]) + 1e-5).mean(axis=0)
    assert (high - np.median(high)).max() < 1.5


def test_choirs_differ_from_take_to_take_and_repeat_themselves():
    phrase = spoken(["AA"], f0_hz=200.0)
    one, two, again = (Choir(Compass.HIGH, Dice(5, take)).lead.render(phrase) for take in (0, 1, 0))
    assert one.tobytes() == again.tobytes()
    assert not np.array_equal(one, two)


def test_all_phones_that_words_are_made_of_have_a_sound():
    assert set(PHONES) >= VOWELS | CONSONANTS
    assert all(PHONES[vowel].manner is Manner.VOWEL for vowel in VOWELS)
