"""Whether songs are what was asked for, by public analysers: hundreds of briefs over all genres.

Run it in an environment that has scipy, librosa, essentia, mir_eval and pyloudnorm, with src on the path:
    PYTHONPATH=src python benchmarks/study.py --out study.jsonl [--per-genre 5] [--seconds 24]
    PYTHONPATH=src python benchmarks/study.py --out study.jsonl --report

Each song is one line of the file; started again, it goes on after the last one. Songs and figures are the
same on every run.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import study_ears as ears

from cadenza.domain.request import Described, ExtraFile, GenerationRequest, Voice
from cadenza.engines.embedded.engine import EmbeddedEngine
from cadenza.engines.embedded.plan.brief import brief as briefs
from cadenza.engines.protocol import Order, Rendition
from cadenza.music.brief import Role
from cadenza.music.score import Score

GENRES = sorted(path.stem for path in (Path(briefs.__file__).parent / "genres").glob("*.toml"))
# What is asked beside the genre, in turn: a tempo, a key, an instrument, the absence of one, nothing.
_KEYS = ("A minor", "C major", "F# minor", "Eb major", "E minor", "Bb major", "D minor", "G major")
_INSTRUMENTS = {"piano": "piano", "organ": "organ", "strings": "strings", "flute": "flute"}
_AUDIBLE_DB = -45.0
_BANDS_HZ = (20, 120, 500, 2000, 6000, 16000)


@dataclass(frozen=True, slots=True)
class Case:
    """One brief: what is asked, in words and as what must be found."""

    genre: str
    number: int
    prompt: str
    asked: str | None = None
    absent: str | None = None

    @property
    def name(self) -> str:
        """What tells this case from others."""
        return f"{self.genre} {self.number}"


def cases(per_genre: int) -> Iterator[Case]:
    """Yield all cases, one of every genre before the second of any."""
    for number in range(per_genre):
        for place, genre in enumerate(GENRES):
            words = genre.replace("_", " ")
            turn = number + place
            match number % 5:
                case 0:
                    yield Case(genre, number, words)
                case 1:
                    yield Case(genre, number, f"{words} in {_KEYS[turn % len(_KEYS)]}")
                case 2:
                    asked = tuple(_INSTRUMENTS)[turn % len(_INSTRUMENTS)]
                    yield Case(genre, number, f"{words} with {asked}", asked=asked)
                case 3:
                    absent = ("drums", "bass")[turn % 2]
                    yield Case(genre, number, f"{words}, no {absent}", absent=absent)
                case _:
                    yield Case(genre, number, f"{words}, {70 + (turn * 13) % 90} bpm")


class _Nobody:
    def planned(self, plan: object) -> None: ...
    def progress(self, stage: str, fraction: float) -> None: ...
    def preview(self, take_index: int, chunk: object) -> None: ...
    def should_stop(self) -> bool:
        return False


def made(case: Case, seconds: float) -> Rendition:
    """Make the song of a case; its seed comes from its genre and number."""
    request = GenerationRequest(
        wish=Described(prompt=case.prompt), tier="v5", voice=Voice.NOBODY, duration_s=seconds,
        extra_files=frozenset({ExtraFile.STEMS}),
    )  # fmt: skip
    seed = 100 * GENRES.index(case.genre) + case.number
    order = Order(request=request, seed=seed, take_indices=(0,))
    return next(iter(EmbeddedEngine().render(order, _Nobody())))


def measured(case: Case, seconds: float) -> dict[str, Any]:
    """Make one song and return what was asked, what its score says, and what is heard."""
    song = made(case, seconds)
    assert song.score is not None, "the embedded engine gives its score"
    assert song.brief is not None, "and its brief"
    heard = ears.listen(song.signal.samples, song.signal.sample_rate)
    truth_key, levels = str(song.score.key), _levels(song)
    return {
        "case": case.name, "genre": case.genre, "prompt": case.prompt,
        "bpm": song.bpm, "bpm_heard": heard.bpm, "tempo": ears.tempo_relation(song.bpm or 0, heard.bpm),
        "bpm_2": heard.bpm_2, "tempo_2": ears.tempo_relation(song.bpm or 0, heard.bpm_2),
        "key": truth_key, "key_heard": heard.key, "key_is": ears.key_relation(_plain(truth_key), heard.key),
        "key_2": heard.key_2, "key_2_is": ears.key_relation(_plain(truth_key), _plain(heard.key_2)),
        "lufs": heard.lufs, "peak_dbtp": heard.peak_dbtp, "off_s": heard.duration_s - seconds,
        "onsets": ears.onset_scores(_struck_s(song.score), heard.onsets_s),
        "chords": ears.chord_score(_chords(song.score, seconds), heard.chords),
        "instruments": {role.value: name for role, name in song.brief.instruments.items()},
        "asked_found": _asked_found(case, song, levels), "absent_kept": _absent_kept(case, song, levels),
        "levels_db": levels, "bands_db": _bands(song.signal.samples, song.signal.sample_rate),
    }  # fmt: skip


def _plain(key: str) -> str:
    flats = {"Db": "C#", "Eb": "D#", "Gb": "F#", "Ab": "G#", "Bb": "A#"}
    tonic, mode = key.split(" ")
    return f"{flats.get(tonic, tonic)} {mode}"


def _struck_s(score: Score) -> list[float]:
    return sorted({float(score.tempo.seconds_at(note.at)) for part in score.parts for note in part.notes})


def _chords(score: Score, seconds: float) -> tuple[np.ndarray, list[str]]:
    """Return the score's chords as mir_eval names them; only the triad in each counts."""
    intervals, labels = [], []
    for span in score.chords:
        begin, end = (float(score.tempo.seconds_at(place)) for place in (span.at, span.at + span.length))
        steps = {(tone - span.chord.root) % 12 for tone in span.chord.pitch_classes}
        triad = "maj" if 4 in steps else "min" if 3 in steps else "sus4" if 5 in steps else "5"
        triad = {"maj": "aug", "min": "dim"}.get(triad, triad) if 7 not in steps and 6 in steps else triad
        if begin < min(end, seconds):
            intervals.append([begin, min(end, seconds)])
            labels.append(f"{ears.NAMES[span.chord.root]}:{triad}")
    return np.array(intervals), labels


def _levels(song: Rendition) -> dict[str, float]:
    """Return each stem's level in dB of full scale over its loudest half."""
    levels = {}
    for name, stem in song.stems.items():
        power = np.square(stem.samples).mean(axis=0)
        blocks = power[: len(power) // 4410 * 4410].reshape(-1, 4410).mean(axis=1)
        levels[name] = round(10 * float(np.log10(np.sort(blocks)[len(blocks) // 2 :].mean() + 1e-12)), 1)
    return levels


def _asked_found(case: Case, song: Rendition, levels: dict[str, float]) -> bool | None:
    """Return whether the asked instrument has notes in the score and sounds in its stem."""
    if case.asked is None or song.score is None:
        return None
    return any(
        _INSTRUMENTS[case.asked] in part.instrument and part.notes and levels[part.role.value] > _AUDIBLE_DB
        for part in song.score.parts
    )


def _absent_kept(case: Case, song: Rendition, levels: dict[str, float]) -> bool | None:
    """Return whether the negated part has neither notes nor sound."""
    if case.absent is None or song.score is None:
        return None
    part = song.score.part(Role(case.absent))
    return not (part and part.notes) and levels.get(case.absent, -120.0) < _AUDIBLE_DB


def _bands(stereo: np.ndarray, rate: int) -> list[float]:
    """Return the share of each band of the long-term spectrum in dB of the whole."""
    spectrum = np.square(np.abs(np.fft.rfft(stereo.mean(axis=0))))
    hz = np.fft.rfftfreq(stereo.shape[1], 1 / rate)
    whole = spectrum.sum()
    pairs = itertools.pairwise(_BANDS_HZ)
    return [
        round(10 * float(np.log10(spectrum[(hz >= low) & (hz < high)].sum() / whole + 1e-12)), 1)
        for low, high in pairs
    ]


def run(out: Path, wanted: Iterable[Case], *, seconds: float, limit_s: float) -> None:
    """Measure what is not in the file yet, until the time is over."""
    known = {row["case"] for row in read(out)}
    begun = time.perf_counter()
    with out.open("a") as file:
        for case in wanted:
            if case.name in known:
                continue
            if time.perf_counter() - begun > limit_s:
                print("time is over; start again to go on")
                return
            file.write(json.dumps(measured(case, seconds), default=float) + "\n")
            file.flush()


def read(out: Path) -> list[dict[str, Any]]:
    """Return the rows there are."""
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def report(rows: list[dict[str, Any]]) -> None:
    """Print the tables."""
    print(f"{len(rows)} songs of {len({row['genre'] for row in rows})} genres\n")
    for name in ("tempo", "tempo_2", "key_is", "key_2_is"):
        print(f"{name}: {_counted(row[name] for row in rows)}")
    for name in ("asked_found", "absent_kept"):
        told = [row for row in rows if row[name] is not None]
        missed = [row["case"] for row in told if not row[name]]
        print(f"{name}: {len(told) - len(missed)} of {len(told)}; not: {missed}")
    _range("loudness, LUFS", [row["lufs"] for row in rows])
    _range("true peak, dBTP", [row["peak_dbtp"] for row in rows])
    _range("length off, s", [row["off_s"] for row in rows])
    _range("chords right", [row["chords"] for row in rows])
    for name in ("f", "precision", "recall", "off_ms"):
        _range(f"onsets, {name}", [row["onsets"][name] for row in rows])
    _by_genre(rows)


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {count}" for word, count in Counter(words).most_common())


def _range(name: str, values: Iterable[float]) -> None:
    low, first, middle, third, high = np.percentile(list(values), (0, 25, 50, 75, 100))
    print(f"{name}: median {middle:.2f}, quartiles {first:.2f} and {third:.2f}, {low:.2f} to {high:.2f}")


def _by_genre(rows: list[dict[str, Any]]) -> None:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["genre"]].append(row)
    print("\n| genre | tempo | key | chords | onset precision | bands, dB |")
    print("|---|---|---|--:|--:|---|")
    for genre, mine in sorted(found.items()):
        tempo, key = (
            "; ".join(_counted(row[name] for row in mine) for name in names)
            for names in (("tempo", "tempo_2"), ("key_is", "key_2_is"))
        )
        chords, precision = (
            np.mean([row["chords"] for row in mine]), np.mean([row["onsets"]["precision"] for row in mine]),
        )  # fmt: skip
        bands = np.mean([row["bands_db"] for row in mine], axis=0)
        print(f"| {genre} | {tempo} | {key} | {chords:.2f} | {precision:.2f} | {bands.round().astype(int)} |")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-genre", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=24.0)
    parser.add_argument("--limit-s", type=float, default=1500.0)
    parser.add_argument("--part", default="1/1", help="which share of the cases, to run several side by side")
    parser.add_argument("--report", action="store_true", help="only print the tables")
    asked = parser.parse_args()
    if not asked.report:
        share, shares = (int(number) for number in asked.part.split("/"))
        wanted = itertools.islice(cases(asked.per_genre), share - 1, None, shares)
        run(asked.out, wanted, seconds=asked.seconds, limit_s=asked.limit_s)
    report(read(asked.out))


if __name__ == "__main__":
    main()
