"""How surely a classifier tells our folk tunes and hymns from those of people.

``python benchmarks/turing.py human.json [--pieces 80]`` (two minutes; needs scikit-learn and what
``turing_corpus.py`` wrote, in an environment of its own with ``PYTHONPATH=src``)

The first verse and chorus of a song of ours stand against the first 16 bars of human tunes. Both are reduced
to what a note is by itself and in runs of two and three: intervals, contours, lengths in beats, places in the
bar, degrees of the scale, the last three degrees; of hymns also chords and bass, by themselves. A logistic
regression and a forest of trees learn to tell them apart; the area under the ROC curve (AUC) is told for
pieces that they have not seen (five folds). 0.5 is a guess, 1 is no doubt. The features that give us away
are told with how often they occur on both sides.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cadenza.domain.request import Described, GenerationRequest
from cadenza.engines.embedded.compose.compose import compose
from cadenza.engines.embedded.plan.brief.brief import draw_brief
from cadenza.music.brief import Role, SectionKind
from cadenza.music.dice import Dice

_BARS = 16
_OF_EACH = 40
_RAREST = 0.05  # share of pieces below which a feature is left out
_TOLD = 12
Tune = dict[str, Any]


def ours(style: str, seed: int) -> Tune:
    """Return the first verse and chorus of a song of ours as ``turing_corpus.py`` writes tunes."""
    dice = Dice(seed, 0)
    brief = draw_brief(GenerationRequest(wish=Described(prompt=style), tier="v5"), dice).brief
    score = compose(brief, dice)
    beat, bar = brief.metre.beat.quarters, brief.bar.quarters
    notes, slices, done = [], list[list[int]](), 0
    for kind in (SectionKind.VERSE, SectionKind.CHORUS):
        index = [section.kind for section in brief.form].index(kind)
        section, start = brief.form[index], brief.section_starts()[index].quarters
        bars, tonic = min(section.bars, _BARS // 2), section.key.tonic
        shift = done * bar - start
        part = score.part(Role.MELODY)
        for note in part.notes if part is not None else ():
            if start <= note.at.quarters < start + bars * bar:
                place, length = (note.at.quarters + shift) / beat, note.length.quarters / beat
                notes.append([float(place), float(length), note.midi_pitch - tonic - 60])
        for step in range(int(bars * bar / beat)):
            at = start + step * beat
            sounding = [
                n.midi_pitch - tonic
                for one in score.parts
                if one.role in {Role.BASS, Role.CHORDS, Role.MELODY}
                for n in one.notes
                if n.at.quarters <= at < n.at.quarters + n.length.quarters
            ]
            if len(sounding) >= 3:
                slices.append([min(sounding) % 12, *sorted({pitch % 12 for pitch in sounding})])
        done += bars
    return {"source": "ours", "bar": float(bar / beat), "notes": notes, "slices": slices}


def evenly(tunes: Sequence[Tune]) -> list[Tune]:
    """Return no more than a certain number of tunes of each collection, chosen by chance."""
    kept = []
    for source in sorted({tune["source"] for tune in tunes}):
        own = [tune for tune in tunes if tune["source"] == source]
        chosen = np.random.default_rng(0).permutation(len(own))[:_OF_EACH]
        kept += [own[index] for index in sorted(chosen)]
    return kept


def cut(tune: Tune) -> Tune:
    """Return the first 16 bars."""
    end = _BARS * tune["bar"]
    kept = [note for note in tune["notes"] if note[0] < end]
    return tune | {"notes": kept, "slices": tune.get("slices", [])[: int(end)]}


def melody(tune: Tune) -> dict[str, float]:
    """Return how often each thing happens, as a share of its kind."""
    notes = tune["notes"]
    pitches = [note[2] for note in notes]
    jumps = [int(np.clip(step, -12, 12)) for step in np.diff(pitches)]
    gaps = [round(float(gap) * 12) / 12 for gap in np.diff([note[0] for note in notes])]
    degrees = [pitch % 12 for pitch in pitches]
    kinds: dict[str, Sequence[Any]] = {
        "interval": jumps,
        "contour": [int(np.sign(jump)) for jump in jumps],
        "length": [f"{gap:.2f}" for gap in gaps],
        "degree": degrees,
        "place": [f"{note[0] % tune['bar']:.2f}" for note in notes],
    }
    found: dict[str, float] = {}
    for name, values in kinds.items():
        for count in (1, 2, 3) if name != "contour" else (2, 3, 4):
            found |= _shares(f"{name}{count}", _runs(values, count))
    for count in (1, 2, 3):
        found[f"cadence{count} {degrees[-count:]}"] = 1.0
    return found


def harmony(tune: Tune) -> dict[str, float]:
    """Return how often chords and steps of the bass happen, beat by beat."""
    chords = [str(tuple(one[1:])) for one in tune["slices"]]
    bass = [(b[0] - a[0]) % 12 for a, b in itertools.pairwise(tune["slices"])]
    return _shares("chord", chords) | _shares("bass1", bass) | _shares("bass2", _runs(bass, 2))


def _runs(values: Sequence[Any], count: int) -> list[tuple[Any, ...]]:
    return list(zip(*(values[start:] for start in range(count)), strict=False))


def _shares(name: str, values: Sequence[Any]) -> dict[str, float]:
    return {f"{name} {value}": n / len(values) for value, n in Counter(map(str, values)).items()}


def compare(
    name: str, features: Callable[[Tune], dict[str, float]], people: Sequence[Tune], machine: Sequence[Tune]
) -> None:
    """Print the AUC and what tells the two apart."""
    told = [features(cut(tune)) for tune in (*people, *machine)]
    is_ours = np.array([0] * len(people) + [1] * len(machine))
    vectorizer = DictVectorizer(sparse=False)
    table = np.sqrt(vectorizer.fit_transform(told))
    kept = (table > 0).mean(axis=0) >= _RAREST
    table, names = table[:, kept], np.array(vectorizer.get_feature_names_out())[kept]
    judges = {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000)),
        "forest": RandomForestClassifier(150, random_state=0, min_samples_leaf=2),
    }
    print(f"\n{name}: {len(people)} by people, {len(machine)} of ours, {table.shape[1]} features")
    for judge, model in judges.items():
        guesses = cross_val_predict(model, table, is_ours, cv=5, method="predict_proba")[:, 1]
        print(f"  {judge}: AUC {roc_auc_score(is_ours, guesses):.3f}")
    for feature, theirs, own in _giveaways(table, is_ours, names):
        print(f"  {feature}: people {theirs:.3f}, ours {own:.3f}")


def _giveaways(table: Any, is_ours: Any, names: Any) -> Iterator[tuple[str, float, float]]:
    """Yield the features that part the two best one by one, with their mean shares."""
    alone = np.array([abs(roc_auc_score(is_ours, column) - 0.5) for column in table.T])
    for index in np.argsort(-alone)[:_TOLD]:
        column = table[:, index] ** 2
        yield (
            f"{names[index]} (alone {0.5 + alone[index]:.2f})",
            column[is_ours == 0].mean(),
            column[is_ours == 1].mean(),
        )


def main() -> None:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("human", type=Path, help="what turing_corpus.py wrote")
    parser.add_argument("--pieces", type=int, default=80, help="pieces of ours on each side (default 80)")
    args = parser.parse_args()
    human = json.loads(args.human.read_text())
    styles = ("celtic", "folk")
    folk = [ours(styles[seed % 2], seed) for seed in range(args.pieces)]
    hymns = [ours("hymn", seed) for seed in range(args.pieces)]
    compare("folk tunes", melody, evenly(human["tunes"]), folk)
    compare("tunes of hymns", melody, human["hymns"], hymns)
    compare("harmony of hymns", harmony, human["hymns"], hymns)


if __name__ == "__main__":
    main()
