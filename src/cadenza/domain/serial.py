"""Canonical requests as plain JSON values and back, for the task table and the render child."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cadenza.domain.abilities import Fidelity, Honoured
from cadenza.domain.request import (
    Continuation,
    Controls,
    Described,
    ExtraFile,
    GenerationRequest,
    Inherited,
    Overlay,
    Side,
    Source,
    SourceTake,
    SourceTaskTake,
    SourceUpload,
    SourceUrl,
    Specified,
    Voice,
    Weight,
    Wish,
)
from cadenza.domain.task import LyricLine, LyricWord

_WISHES: dict[str, type[Described | Specified | Inherited]] = {
    "described": Described,
    "specified": Specified,
    "inherited": Inherited,
}
_SOURCES: dict[str, type[SourceUrl | SourceUpload | SourceTake | SourceTaskTake]] = {
    "url": SourceUrl,
    "upload": SourceUpload,
    "take": SourceTake,
    "task_take": SourceTaskTake,
}


def request_to_json(request: GenerationRequest) -> dict[str, Any]:
    """Return the request as JSON values; ``request_from_json`` is the inverse."""
    continuation = request.continuation
    controls = request.controls
    return {
        "wish": _tagged(request.wish, _WISHES),
        "tier": request.tier,
        "voice": request.voice.value,
        "continuation": None
        if continuation is None
        else {
            "source": _tagged(continuation.source, _SOURCES),
            "from_s": continuation.from_s,
            "until_s": continuation.until_s,
            "side": continuation.side.value,
            "context_s": continuation.context_s,
            "overlay": None if continuation.overlay is None else continuation.overlay.value,
        },
        "avoid": request.avoid,
        "style_weight": _hundredths(controls.style_weight),
        "weirdness": _hundredths(controls.weirdness),
        "audio_weight": _hundredths(controls.audio_weight),
        "take_count": request.take_count,
        "duration_s": request.duration_s,
        "seed": request.seed,
        "extra_files": sorted(extra.value for extra in request.extra_files),
        "seam_only": request.seam_only,
    }


def request_from_json(value: Mapping[str, Any]) -> GenerationRequest:
    """Return the request that ``request_to_json`` was given."""
    continuation = value["continuation"]
    wish: Wish = _untagged(value["wish"], _WISHES)
    return GenerationRequest(
        wish=wish,
        tier=value["tier"],
        voice=Voice(value["voice"]),
        continuation=None if continuation is None else _continuation(continuation),
        avoid=value["avoid"],
        controls=Controls(
            style_weight=_weight(value["style_weight"]),
            weirdness=_weight(value["weirdness"]),
            audio_weight=_weight(value["audio_weight"]),
        ),
        take_count=value["take_count"],
        duration_s=value["duration_s"],
        seed=value["seed"],
        # Absent in tasks that were accepted before there were any.
        extra_files=frozenset(ExtraFile(name) for name in value.get("extra_files", ())),
        seam_only=value.get("seam_only", False),
    )


def honoured_to_json(honoured: Mapping[str, Honoured]) -> dict[str, Any]:
    """Return what became of each field as JSON values."""
    return {
        name: {"fidelity": entry.fidelity.value, "reason": entry.reason} for name, entry in honoured.items()
    }


def honoured_from_json(value: Mapping[str, Any]) -> dict[str, Honoured]:
    """Return what ``honoured_to_json`` was given."""
    return {
        name: Honoured(fidelity=Fidelity(entry["fidelity"]), reason=entry["reason"])
        for name, entry in value.items()
    }


def _continuation(value: Mapping[str, Any]) -> Continuation:
    # All but the first two are absent in tasks that were accepted before there were any.
    return Continuation(
        source=_source(value["source"]),
        from_s=value["from_s"],
        until_s=value.get("until_s"),
        side=Side(value.get("side", Side.RIGHT.value)),
        context_s=value.get("context_s"),
        overlay=None if value.get("overlay") is None else Overlay(value["overlay"]),
    )


def lines_to_json(lines: Iterable[LyricLine]) -> list[Any]:
    """Return lines as JSON values: text, start and end of each, and of its words."""
    return [
        [line.text, line.start_s, line.end_s, [[word.text, word.start_s, word.end_s] for word in line.words]]
        for line in lines
    ]


def lines_from_json(value: Iterable[Any]) -> tuple[LyricLine, ...]:
    """Return the lines that ``lines_to_json`` was given."""
    return tuple(
        LyricLine(text=text, start_s=start_s, end_s=end_s, words=words_from_json(words))
        for text, start_s, end_s, words in value
    )


def words_from_json(value: Iterable[Any]) -> tuple[LyricWord, ...]:
    """Return the words of one line."""
    return tuple(LyricWord(text=text, start_s=start_s, end_s=end_s) for text, start_s, end_s in value)


def _source(value: Mapping[str, Any]) -> Source:
    source: Source = _untagged(value, _SOURCES)
    return source


def _tagged(value: object, kinds: Mapping[str, type]) -> dict[str, Any]:
    kind = next(name for name, known in kinds.items() if type(value) is known)
    slots: tuple[str, ...] = type(value).__slots__  # type: ignore[attr-defined] # frozen slotted dataclasses
    return {"kind": kind, **{name: getattr(value, name) for name in slots}}


def _untagged(value: Mapping[str, Any], kinds: Mapping[str, type]) -> Any:
    fields = {name: item for name, item in value.items() if name != "kind"}
    return kinds[value["kind"]](**fields)


def _hundredths(weight: Weight | None) -> int | None:
    return None if weight is None else weight.hundredths


def _weight(hundredths: int | None) -> Weight | None:
    return None if hundredths is None else Weight(hundredths)
