"""Measure what ``voice.py`` sang: notes, vowel onsets, vibrato, harmonics to noise, clicks, lines, rhymes.

``python benchmarks/voice_judge.py FOLDER [--spectrograms]`` needs praat-parselmouth, pocketsphinx, soxr,
soundfile (and matplotlib for pictures), in an environment of their own; it imports nothing of ours but the
word lists. Pitch and harmonics to noise are Praat's, words pocketsphinx's with its general English model.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import parselmouth
import pocketsphinx
import soundfile as sf
import soxr
from parselmouth.praat import call
from voice_words import LINES

STEP_S = 0.005
JUDGE_RATE = 16_000
_BEAM = 1e-160
_FLOOR_DB = -50.0  # of the noise laid under a voice: digital silence confuses the judge
Case = dict[str, Any]
Floats = np.ndarray[Any, Any]


def main() -> None:
    """Print all tables that the folder has cases for, or draw the best and the worst line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--spectrograms", action="store_true")
    chosen = parser.parse_args()
    cases = json.loads((chosen.folder / "cases.json").read_text())
    if chosen.spectrograms:
        draw(chosen.folder, cases["songs"])
        return
    measures = {"songs": _judge_songs, "mixes": _judge_mixes, "rhymes": _judge_rhymes}
    for name, measure in measures.items():
        if name in cases:
            measure(chosen.folder, cases[name])


def _judge_songs(folder: Path, songs: Sequence[Case]) -> None:
    print("| song | notes | median | p90 | within 50 c | voiced | HNR | vibrato | clicks | onsets | lines |")
    for song in songs:
        sound, rate = sf.read(folder / song["file"])
        pitch = _pitch(song, sound, rate)
        noise_db = _harmonics_db(song, sound, rate)
        onset_ms = np.array(list(_onsets_ms(song, sound, rate)))
        strict, loose = _lines(song, sound, rate)
        print(
            f"| {song['name']} | {pitch['notes']} | {pitch['median']:.1f} c | {pitch['p90']:.1f} c |"
            f" {pitch['within']:.1f} % | {pitch['voiced']:.0f} % | {noise_db:.1f} dB |"
            f" {pitch['rate_hz']:.1f} Hz, {pitch['depth']:.0f} c | {_clicks(song, sound, rate)} |"
            f" {np.median(np.abs(onset_ms)):.0f} ms ({np.median(onset_ms):+.0f}, n {len(onset_ms)}) |"
            f" {strict} / {loose} of {len(song['lines'])} |",
            flush=True,
        )


def _judge_mixes(folder: Path, songs: Sequence[Case]) -> None:
    total = np.zeros(3, dtype=int)
    for song in songs:
        sound, rate = sf.read(folder / song["file"])
        counts = (*_lines(song, sound.mean(axis=1), rate), len(song["lines"]))
        total += counts
        print(f"in the mix, {song['name']}: {counts[0]} / {counts[1]} of {counts[2]} lines", flush=True)
    print(f"in the mix: {total[0]} / {total[1]} of {total[2]} lines (chance 1 in {len(_texts())})")


def _pitch(song: Case, sound: Floats, rate: int) -> dict[str, float]:
    """Return the errors of notes and of frames against the score, in cents, and the vibrato of long notes."""
    low_hz, high_hz = (60, 500) if song["low"] else (110, 900)
    track = parselmouth.Sound(sound, rate).to_pitch_ac(
        time_step=STEP_S, pitch_floor=low_hz, pitch_ceiling=high_hz, very_accurate=True
    )
    time_s, found_hz = track.xs(), track.selected_array["frequency"]
    medians, frames, voiced, rates, depths = [], [], [], [], []
    for begin_s, end_s, midi_pitch in song["notes"]:
        edge_s = min(0.05, 0.25 * (end_s - begin_s))
        inside = (time_s >= begin_s + edge_s) & (time_s < end_s - edge_s)
        sounding = inside & (found_hz > 0)
        if inside.sum() < 8 or sounding.sum() < 4:
            continue
        voiced.append(sounding.sum() / inside.sum())
        cents = 1200 * np.log2(found_hz[sounding] / 440) - 100 * (midi_pitch - 69)
        medians.append(np.median(cents))
        frames += list(np.abs(cents) <= 50)
        late = sounding & (time_s >= begin_s + 0.5) & (time_s < end_s - 0.1)
        if end_s - begin_s >= 0.9 and late.sum() >= 50:
            rate_hz, depth = _vibrato(1200 * np.log2(found_hz[late]))
            rates.append(rate_hz)
            depths.append(depth)
    return {
        "notes": len(medians),
        "median": float(np.median(np.abs(medians))),
        "p90": float(np.percentile(np.abs(medians), 90)),
        "within": 100 * float(np.mean(frames)),
        "voiced": 100 * float(np.mean(voiced)),
        "rate_hz": float(np.median(rates)) if rates else 0.0,
        "depth": float(np.median(depths)) if rates else 0.0,
    }


def _vibrato(cents: Floats) -> tuple[float, float]:
    """Return rate in Hz and half the swing in cents."""
    steps = np.arange(len(cents))
    even = cents - np.polyval(np.polyfit(steps, cents, 1), steps)
    spectrum = np.abs(np.fft.rfft(even * np.hanning(len(even)), 2048))
    hz = np.fft.rfftfreq(2048, STEP_S)
    band = (hz > 3) & (hz < 9)
    return float(hz[band][spectrum[band].argmax()]), float(np.std(even) * np.sqrt(2))


def _harmonics_db(song: Case, sound: Floats, rate: int) -> float:
    """Return the median harmonics-to-noise ratio of the steady parts of vowels."""
    whole = parselmouth.Sound(sound, rate)
    track = call(whole, "To Harmonicity (cc)...", 0.01, 60 if song["low"] else 110, 0.1, 1.0)
    time_s, values = track.xs(), track.values[0]
    steady = np.zeros(len(time_s), dtype=bool)
    for begin_s, end_s in song["vowels"]:
        steady |= (time_s > begin_s + 0.08) & (time_s < end_s - 0.08)
    return float(np.median(values[steady & (values > 0)]))


def _clicks(song: Case, sound: Floats, rate: int) -> str:
    """Count sudden changes above 1 kHz inside vowels: frames whose flux stands far above all others'."""
    hop, size = round(0.003 * rate), 512
    window = np.hanning(size)
    outliers = frames = 0
    for begin_s, end_s in song["vowels"]:
        piece = sound[round((begin_s + 0.04) * rate) : round((end_s - 0.04) * rate)]
        if len(piece) < size + 12 * hop:
            continue
        rows = np.lib.stride_tricks.sliding_window_view(piece, size)[::hop] * window
        level = np.log(np.abs(np.fft.rfft(rows, axis=1))[:, 12:140] + 1e-4)
        rise = np.maximum(0.0, level[1:] - level[:-1]).mean(axis=1)
        spread = np.median(np.abs(rise - np.median(rise))) * 1.4826
        outliers += int((rise > np.median(rise) + 8 * spread + 0.1).sum())
        frames += len(rise)
    return f"{outliers} in {frames * 0.003:.0f} s"


def _onsets_ms(song: Case, sound: Floats, rate: int) -> Iterator[float]:
    """Yield by how much each vowel that the judge hears begins after its beat (forced alignment)."""
    decoder = _decoder()
    for line in song["lines"]:
        begin_s = max(0.0, line["begin_s"] - 0.4)
        piece = _for_judge(sound[round(begin_s * rate) : round((line["end_s"] + 0.4) * rate)], rate)
        found = _aligned(decoder, piece, _plain(line["text"]))
        if len(found) != len(line["vowels_s"]):
            continue
        for at_s, beat_s in zip(found, line["vowels_s"], strict=True):
            error_ms = 1000 * (begin_s + at_s - beat_s)
            if abs(error_ms) < 150:  # beyond that the judge lost its way in the line
                yield error_ms


def _aligned(decoder: pocketsphinx.Decoder, piece: bytes, text: str) -> list[float]:
    """Return when each vowel begins, in seconds; empty where the words could not be found."""
    decoder.set_align_text(text)
    try:
        _decode(decoder, piece)
        if decoder.hyp() is None:
            return []
        decoder.set_alignment()
        _decode(decoder, piece)
        phones = [phone for word in decoder.get_alignment() for phone in word]
    except RuntimeError:  # the judge gave up on a phone
        return []
    return [phone.start / 100.0 for phone in phones if phone.name[0] in "AEIOU"]


def _decode(decoder: pocketsphinx.Decoder, piece: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(piece, full_utt=True)
    decoder.end_utt()


def _lines(song: Case, sound: Floats, rate: int) -> tuple[int, int]:
    """Return how many lines are recognised to the last word, and how many at least unmistakably begun."""
    texts = _texts()
    decoder = _decoder()
    decoder.add_jsgf_string("lines", _grammar(texts))
    decoder.activate_search("lines")
    strict = loose = 0
    for line in song["lines"]:
        span = slice(max(0, round((line["begin_s"] - 0.35) * rate)), round((line["end_s"] + 0.35) * rate))
        heard, wanted = _heard(decoder, _for_judge(sound[span], rate)), _plain(line["text"])
        strict += heard == wanted
        loose += bool(heard) and [text for text in texts if text.startswith(heard)] == [wanted]
    return strict, loose


def _judge_rhymes(folder: Path, cases: Sequence[Case]) -> None:
    """Choose each sung word among the six of its set (chance 16.7 %)."""
    decoder = _decoder()
    for case in cases:
        sound, rate = sf.read(folder / case["file"])
        right = []
        for word in case["words"]:
            decoder.add_jsgf_string(word["set"], _grammar(word["set"].split()))
            decoder.activate_search(word["set"])
            begin = round(word["begin_s"] * rate)
            piece = sound[begin : begin + round(word["length_s"] * rate)]
            right.append(_heard(decoder, _for_judge(piece, rate)) == word["word"])
        print(
            f"rhymes, {'low' if case['low'] else 'high'} voice, {case['note_s']} s notes:"
            f" {100 * np.mean(right):.1f} % of {len(right)} (chance 16.7 %)",
            flush=True,
        )


def _decoder() -> pocketsphinx.Decoder:
    model = Path(pocketsphinx.get_model_path()) / "en-us"
    return pocketsphinx.Decoder(
        lm=None, hmm=str(model / "en-us"), dict=str(model / "cmudict-en-us.dict"), loglevel="FATAL",
        beam=_BEAM, wbeam=_BEAM, pbeam=_BEAM, maxhmmpf=-1,
    )  # fmt: skip


def _grammar(phrases: Sequence[str]) -> str:
    return f"#JSGF V1.0;\ngrammar one;\npublic <one> = {' | '.join(f'({text})' for text in phrases)};\n"


def _heard(decoder: pocketsphinx.Decoder, piece: bytes) -> str:
    _decode(decoder, piece)
    hypothesis = decoder.hyp()
    return re.sub(r"\(\d\)", "", hypothesis.hypstr).strip() if hypothesis else ""


def _for_judge(piece: Floats, rate: int) -> bytes:
    """Return 16-bit samples at 16 kHz, half of full scale, over a floor of noise."""
    slow = soxr.resample(piece, rate, JUDGE_RATE)
    loud = slow / max(1e-9, np.abs(slow).max()) * 0.5
    floor = np.sqrt(np.mean(loud**2)) * 10 ** (_FLOOR_DB / 20)
    loud = loud + floor * np.random.default_rng(1).standard_normal(len(loud))
    return bytes((np.clip(loud, -1, 1) * 32767).astype("<i2").tobytes())


def _plain(text: str) -> str:
    return re.sub(r"\(.*?\)|[^a-z' ]", "", text.lower()).strip()


def _texts() -> list[str]:
    return [_plain(line) for line in LINES.splitlines() if not line.startswith("[")]


def draw(folder: Path, songs: Sequence[Case]) -> None:
    """Draw the spectrograms of the lines that fit their words best and worst (score per frame)."""
    decoder, scored = _decoder(), []
    for song in songs:
        sound, rate = sf.read(folder / song["file"])
        for line in song["lines"]:
            begin_s = max(0.0, line["begin_s"] - 0.4)
            piece = sound[round(begin_s * rate) : round((line["end_s"] + 0.4) * rate)]
            decoder.set_align_text(_plain(line["text"]))
            _decode(decoder, _for_judge(piece, rate))
            found = decoder.hyp()
            score = found.score / (len(piece) / rate) if found else -np.inf
            scored.append((score, f"{song['name']}: {line['text']}", piece, rate))
    scored.sort(key=lambda row: row[0])
    for name, (_, title, piece, rate) in (("best", scored[-1]), ("worst", scored[0])):
        _picture(folder / f"{name}-line.png", title, piece, rate)


def _picture(path: Path, title: str, piece: Floats, rate: int) -> None:
    from matplotlib import pyplot as plt  # noqa: PLC0415 - for pictures alone

    figure, axes = plt.subplots(figsize=(7.2, 2.6))
    floor = 1e-5 * np.random.default_rng(1).standard_normal(len(piece))
    axes.specgram(piece + floor, NFFT=1024, Fs=rate, noverlap=896, vmin=-130, vmax=-45, cmap="Greys")
    axes.set(ylim=(0, 10_000), xlabel="s", ylabel="Hz", title=title)
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


if __name__ == "__main__":
    main()
