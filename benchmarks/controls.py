"""What the controls of a continuation do: each measured on what was made, by means of its own.

    python benchmarks/controls.py SOURCE ... [--at S] [--seconds 24] [--seeds 0,1,2] [--only NAME,...]

One line per control and source: the means over the seeds of the measure without it and with it, and the
seeds in which it moved the asked way. The measures look at sound alone and share no code with the engine:
strokes (power of what rises within 12 ms above 2 kHz and below 150 Hz), the share of flat and short spectra,
onsets per second, the centroid of the spectrum, the share of half seconds that fit a minor triad better than
any major one, the level. Deterministic; some 8 CPU seconds per run of 24 s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from scipy.signal import find_peaks, stft
from sources import read_until, source_parser

from cadenza.audio.signal import Signal
from cadenza.domain.request import Continuation, Controls, GenerationRequest, SourceUpload, Specified, Weight
from cadenza.engines.embedded.continuations.continuation import continue_recording
from cadenza.engines.embedded.listen import listen
from cadenza.engines.embedded.plan.direction import read_direction
from cadenza.music.portrait import Portrait

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One control: what is asked, how it is measured, and where the figure should go (1 up, -1 down)."""

    name: str
    tags: str = ""
    avoid: str = ""
    weight: int = 100
    measure: Callable[[Signal], float]
    wanted: int


def strokes_db(signal: Signal) -> float:
    """Return the power of what begins at once in the highs and the lows, in dB."""
    power, _ = _spectrum_db(signal)
    magnitude = 10 ** (power / 20)
    rises = np.maximum(0, magnitude[:, 2:] - magnitude[:, :-2])
    hz = np.fft.rfftfreq(1024, 1 / signal.sample_rate)
    struck = (rises[(hz > 2000) | (hz < 150)] ** 2).sum(axis=0)
    return float(10 * np.log10(struck.mean() + 1e-12))


def percussive_share(signal: Signal) -> float:
    """Return the share of the power (dB) whose spectrum is flat and short, by medians over squares of it."""
    power, _ = _spectrum_db(signal)
    magnitude = 10 ** (power / 20)
    across, along = median_filter(magnitude, (31, 1)), median_filter(magnitude, (1, 31))
    struck = across > 1.5 * along
    return float(10 * np.log10((magnitude**2 * struck).sum() / (magnitude**2).sum() + 1e-6))


def onsets_per_s(signal: Signal) -> float:
    """Return the number of clear rises of the spectrum per second."""
    power, rate = _spectrum_db(signal)
    flux = np.maximum(0, power[:, 2:] - power[:, :-2]).mean(axis=0)
    height = 2.0
    peaks, _ = find_peaks(flux, height=height, distance=round(0.06 * rate))
    return float(len(peaks) / signal.duration_s)


def centroid_hz(signal: Signal) -> float:
    """Return the centroid of the mean amplitude spectrum."""
    mono = signal.samples.mean(axis=0, dtype=np.float64)
    hz, _, spectrum = stft(mono, signal.sample_rate, nperseg=4096)
    mean = np.abs(spectrum).mean(axis=1)
    return float((hz * mean).sum() / mean.sum())


def level_db(signal: Signal) -> float:
    """Return the mean square in dB."""
    return float(10 * np.log10((signal.samples.astype(np.float64) ** 2).mean() + 1e-12))


def minor_share(signal: Signal) -> float:
    """Return the share of half seconds whose pitch classes fit a minor triad better than any major one."""
    mono = signal.samples.mean(axis=0, dtype=np.float64)
    hz, _, spectrum = stft(mono, signal.sample_rate, nperseg=8192, noverlap=8192 - signal.sample_rate // 8)
    inside = (hz > 80) & (hz < 2000)
    classes = np.round(69 + 12 * np.log2(hz[inside] / 440)).astype(int) % 12
    chroma = np.array([np.sqrt(np.abs(spectrum[inside])[classes == c]).sum(axis=0) for c in range(12)])
    chroma = chroma[:, : chroma.shape[1] // 4 * 4].reshape(12, -1, 4).mean(axis=2)
    chroma = chroma - chroma.mean(axis=0)
    fits = [_fit(chroma, third) for third in (4, 3)]
    return float((fits[1] > fits[0]).mean())


def _fit(chroma: Array, third: int) -> Array:
    triads = [chroma[r] + chroma[(r + third) % 12] + chroma[(r + 7) % 12] for r in range(12)]
    return np.asarray(np.max(triads, axis=0), dtype=np.float64)


def _spectrum_db(signal: Signal) -> tuple[Array, float]:
    mono = signal.samples.mean(axis=0, dtype=np.float64)
    _, _, spectrum = stft(mono, signal.sample_rate, nperseg=1024, noverlap=768)
    power = 20 * np.log10(np.abs(spectrum) + 1e-5)
    return power, signal.sample_rate / 256


TRIALS = (
    Trial(name="no drums", avoid="drums", measure=strokes_db, wanted=-1),
    Trial(name="no drums (share)", avoid="drums", measure=percussive_share, wanted=-1),
    Trial(name="add drums", tags="add drums", measure=strokes_db, wanted=1),
    Trial(name="calm", tags="calm", measure=onsets_per_s, wanted=-1),
    Trial(name="calm (level)", tags="calm", measure=level_db, wanted=-1),
    Trial(name="energetic", tags="energetic", measure=strokes_db, wanted=1),
    Trial(name="brighter", tags="brighter", measure=centroid_hz, wanted=1),
    Trial(name="darker", tags="darker", measure=centroid_hz, wanted=-1),
    Trial(name="minor", tags="minor", measure=minor_share, wanted=1),
    Trial(name="major", tags="major", measure=minor_share, wanted=-1),
)


def main() -> None:
    """Measure and print one line per control and source."""
    parser = source_parser(__doc__, seconds=24.0)
    parser.add_argument("--only", help="names of trials, with commas")
    wanted = parser.parse_args()
    chosen = [t for t in TRIALS if wanted.only is None or t.name.split(" (")[0] in wanted.only.split(",")]
    seeds = wanted.seeds
    print(f"{'control':18} {'source':16} {'without':>9} {'with':>9}  moved as asked")
    for path in wanted.sources:
        studio = Studio(path, wanted.at, wanted.seconds)
        for trial in chosen:
            plain, made = (
                [trial.measure(studio.take(*asked, seed)) for seed in seeds]
                for asked in ((("", "", 50)), (trial.tags, trial.avoid, trial.weight))
            )
            moved = sum((b - a) * trial.wanted > 0 for a, b in zip(plain, made, strict=True))
            figures = f"{np.mean(plain):9.2f} {np.mean(made):9.2f}  {moved}/{len(seeds)}"
            print(f"{trial.name:18} {path.stem:16} {figures}", flush=True)


class Studio:
    """One source, heard once, and what was made of it."""

    def __init__(self, path: Path, at_s: float | None, seconds: float) -> None:
        self._source, self._seconds = read_until(path, at_s), seconds
        self._portrait: Portrait = listen(self._source)
        self._made: dict[tuple[str, str, int, int], Signal] = {}

    def take(self, tags: str, avoid: str, weight: int, seed: int) -> Signal:
        """Return the new part for these words."""
        asked = (tags, avoid, weight, seed)
        if asked not in self._made:
            self._made[asked] = self._new_part(*asked)
        return self._made[asked]

    def _new_part(self, tags: str, avoid: str, weight: int, seed: int) -> Signal:
        controls = Controls(style_weight=Weight(weight))
        request = GenerationRequest(
            wish=Specified(title="", style=tags),
            tier="v5",
            continuation=Continuation(source=SourceUpload(upload_id="")),
            avoid=avoid,
            controls=controls,
        )
        return continue_recording(
            self._source,
            from_s=self._source.duration_s,
            new_part_s=self._seconds,
            seed=seed,
            take_index=0,
            controls=controls,
            progress=lambda *_: None,
            should_stop=lambda: False,
            preview=lambda _: None,
            portrait=self._portrait,
            direction=read_direction(request),
        ).new_part


if __name__ == "__main__":
    main()
