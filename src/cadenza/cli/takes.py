"""The work behind ``extend`` and ``make``: decode, render, write each take as it is finished, report."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cadenza import wiring
from cadenza.audio.decode import DecodedSource
from cadenza.audio.encode import Depth, FileKind, write_sound
from cadenza.audio.files import appearing_whole
from cadenza.audio.signal import Signal
from cadenza.audio.tagging import Tags
from cadenza.cli.explain import write_explanation
from cadenza.cli.recordings import decoded
from cadenza.cli.surroundings import WrongInput
from cadenza.domain.abilities import Honoured
from cadenza.domain.errors import Unsupported
from cadenza.domain.ids import new_seed
from cadenza.domain.request import GenerationRequest, Side
from cadenza.engines.protocol import Engine, Order, Rendition, TakePlan
from cadenza.publish.describe import tags_of
from cadenza.publish.render import covers_of
from cadenza.settings import current_settings

# Lengths are told in hundredths of a second, and a recording cut at 88.32 s may end a sample before that.
_ROUNDING_S = 0.005


@dataclass(frozen=True, slots=True)
class Target:
    """Where the takes go. With several, each path gets the number of the take: out-1.wav, out-2.wav."""

    output: Path
    take_count: int
    new_part: Path | None = None
    stems: Path | None = None
    explain: Path | None = None

    def check(self) -> None:
        """Raise ``WrongInput`` where nothing could be written, before anything is rendered."""
        for name, path in (("-o", self.output), ("--new-part", self.new_part)):
            if path is not None:
                _check_writable(name, path)
        for name, path in (("--stems", self.stems), ("--explain", self.explain)):
            if path is not None and path.exists() and not path.is_dir():
                raise WrongInput(f"{name} must name a folder; there is a file of that name.")

    def numbered(self, path: Path, index: int) -> Path:
        """Return the path of one take's file."""
        return path if self.take_count == 1 else path.with_stem(f"{path.stem}-{index + 1}")

    def folder(self, path: Path | None, index: int) -> Path | None:
        """Return the folder of one take below ``path``: with several takes each has its own."""
        return path if path is None or self.take_count == 1 else path / str(index + 1)


def extend(request: GenerationRequest, source_path: Path, target: Target, *, as_json: bool) -> None:
    """Continue the recording at ``source_path``."""
    target.check()
    engine = wiring.engine(current_settings().engine)
    order, depth = continuation_order(request, source_path, engine)
    _render(engine, order, target, depth, as_json=as_json)


def continuation_order(request: GenerationRequest, source_path: Path, engine: Engine) -> tuple[Order, Depth]:
    """Return the order to continue the recording at ``source_path``, and what holds it without loss."""
    _check_length(request, engine)
    source = _decoded(source_path, engine)
    order = Order(
        request=_within(request, source.signal.duration_s),
        seed=new_seed() if request.seed is None else request.seed,
        source=source.signal,
        source_title=source_path.stem,
        take_indices=tuple(range(request.take_count)),
    )
    return order, Depth.BITS_16 if source.fits_16_bits else Depth.BITS_24


def _within(request: GenerationRequest, lasts_s: float) -> GenerationRequest:
    """Return the request with its place inside the recording, which may end a rounding before it."""
    where = request.continuation
    if where is None or where.from_s is None:
        return request
    if where.until_s is not None:
        if where.until_s > lasts_s + _ROUNDING_S:
            raise WrongInput(f"--replace must lie within the recording, which lasts {lasts_s:.2f} s.")
        return replace(request, continuation=replace(where, until_s=min(where.until_s, lasts_s)))
    if where.side is Side.LEFT and not 0 <= where.from_s < lasts_s:
        raise WrongInput(f"--at must lie before the end of the recording, which lasts {lasts_s:.2f} s.")
    if where.side is Side.RIGHT and not 0 < where.from_s <= lasts_s + _ROUNDING_S:
        raise WrongInput(f"--at must lie above 0 and within the recording, which lasts {lasts_s:.2f} s.")
    return replace(request, continuation=replace(where, from_s=min(where.from_s, lasts_s)))


def make(request: GenerationRequest, target: Target, *, as_json: bool) -> None:
    """Make a new song."""
    target.check()
    engine = wiring.engine(current_settings().engine)
    _check_length(request, engine)
    order = Order(
        request=request,
        seed=new_seed() if request.seed is None else request.seed,
        take_indices=tuple(range(request.take_count)),
    )
    _render(engine, order, target, Depth.BITS_24, as_json=as_json)


def _check_writable(option: str, path: Path) -> None:
    if FileKind.of(path) is None:
        known = " ".join(kind.suffix for kind in FileKind)
        raise WrongInput(f"{option} must end in one of {known}: the suffix chooses the format.")
    if path.is_dir():
        raise WrongInput(f"{option} names a folder, not a file.")
    if not path.parent.is_dir():
        raise WrongInput(f"{option} lies in a folder that does not exist.")
    try:
        with appearing_whole(path.with_name(f".{path.name}.try")) as trial:
            trial.touch()
        path.with_name(f".{path.name}.try").unlink()
    except OSError as error:
        raise WrongInput(f"{option} cannot be written: {error.strerror}.") from None


def _check_length(request: GenerationRequest, engine: Engine) -> None:
    longest_s = engine.abilities.longest_s
    if request.duration_s is not None and request.duration_s > longest_s:
        raise WrongInput(f"--seconds is at most {longest_s:g} with the engine {engine.name!r}.")


def _decoded(path: Path, engine: Engine) -> DecodedSource:
    if not engine.abilities.continues_audio:
        raise Unsupported(f"The engine {engine.name!r} does not continue recordings.")
    return decoded(path, name="SOURCE", longest_s=engine.abilities.longest_source_s)


def first_take(engine: Engine, order: Order) -> Rendition:
    """Return the first take of an order, showing how far it is."""
    with _Watcher() as watcher:
        return next(iter(engine.render(order, watcher)))


def _render(engine: Engine, order: Order, target: Target, depth: Depth, *, as_json: bool) -> None:
    takes: list[dict[str, Any]] = []
    honoured: dict[str, Honoured] = {}
    with _Watcher() as watcher:
        for rendition in engine.render(order, watcher):
            takes.append(_written(rendition, target, depth))
            honoured.update(rendition.honoured)
            del rendition  # before the next take is made: two long ones would be much
    report = {"takes": takes, "engine": engine.name, "honoured": _told(honoured)}
    sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n" if as_json else _summary(takes))


def _written(rendition: Rendition, target: Target, depth: Depth) -> dict[str, Any]:
    """Write one take's files and return what ``--json`` tells of it."""
    index = rendition.plan.take_index
    path = target.numbered(target.output, index)
    cover = covers_of(rendition).inside if FileKind.of(path) is not FileKind.WAV else None
    tags = tags_of(rendition, artist=current_settings().artist, cover=cover)
    _write(path, rendition.signal, depth, tags)
    told: dict[str, Any] = {"path": str(path), "duration_s": round(rendition.signal.duration_s, 6)}
    if target.new_part is not None and rendition.new_part is not None:
        new_part_path = target.numbered(target.new_part, index)
        _write(new_part_path, rendition.new_part, depth, tags.since(rendition.joined_at_s or 0.0))
        told["new_part_path"] = str(new_part_path)
    _write_stems(rendition.stems, target.folder(target.stems, index), tags)
    if explained := target.folder(target.explain, index):
        write_explanation(rendition, explained)
    if rendition.joined_at_s is not None:
        told["joined_at_s"] = round(rendition.joined_at_s, 6)
    return told | {
        "seed": rendition.seed,
        "title": rendition.plan.title,
        "bpm": rendition.bpm,
        "key": rendition.key,
        "loudness_lufs": round(rendition.loudness_lufs, 2),
        "lyrics": [
            {"text": line.text, "start_s": line.start_s, "end_s": line.end_s} for line in rendition.lines
        ],
    }


def _write(path: Path, signal: Signal, depth: Depth, tags: Tags) -> None:
    kind = FileKind.of(path)
    assert kind is not None, "checked before rendering"
    with appearing_whole(path) as unfinished:
        write_sound(unfinished, signal, kind, depth=depth, tags=lambda: tags)


def _write_stems(stems: Mapping[str, Signal], folder: Path | None, tags: Tags) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, signal in stems.items():
        _write(folder / f"{name}.wav", signal, Depth.BITS_24, tags)


def _told(honoured: Mapping[str, Honoured]) -> dict[str, dict[str, str]]:
    return {name: {"fidelity": one.fidelity.value, "reason": one.reason} for name, one in honoured.items()}


def _summary(takes: list[dict[str, Any]]) -> str:
    lines = []
    for take in takes:
        music = [f"{take['bpm']:.4g} bpm"] if take["bpm"] else []
        music += [take["key"]] if take["key"] else []
        facts = [
            f"{take['duration_s']:.1f} s",
            *music,
            f"{take['loudness_lufs']:.1f} LUFS",
            f"seed {take['seed']}",
        ]
        lines.append(f"{take['path']}: {take['title']} ({', '.join(facts)})\n")
    return "".join(lines)


class _Watcher:
    """Shows how far the engine is, on standard error, where somebody looks."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=1.0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def planned(self, plan: TakePlan) -> None:
        self._bar.update(self._task, description=plan.title)

    def progress(self, stage: str, fraction: float) -> None:
        self._bar.update(self._task, description=stage, completed=fraction)

    def preview(self, take_index: int, chunk: Signal) -> None:
        pass

    def should_stop(self) -> bool:
        return False  # Ctrl-C interrupts by itself here
