"""What the embedded engine made of each request field. No engine pretends."""

from __future__ import annotations

from cadenza.domain.abilities import Fidelity, Honoured
from cadenza.domain.request import Described, GenerationRequest, Inherited, Specified, Voice
from cadenza.engines.embedded.continuation import ContinuedTake
from cadenza.engines.embedded.libretto import Libretto
from cadenza.engines.embedded.plan.ending import Ending
from cadenza.engines.embedded.song import SongPlan
from cadenza.music.lyrics import Lyrics
from cadenza.music.portrait import Portrait

_EXACT = Honoured(fidelity=Fidelity.EXACT)
# Below this the analysis of a source is a guess, and what rests on it is only approximate.
_SURE = 0.35
_LISTED = 8  # words that a reason names at most


def honoured_song(request: GenerationRequest, plan: SongPlan) -> dict[str, Honoured]:
    """Return what became of the fields of a request for a new song."""
    told = _common(request) | _singing(request, plan)
    words = Honoured(fidelity=Fidelity.APPROXIMATE, reason=f"not understood: {', '.join(plan.unknown_words)}")
    field = "prompt" if isinstance(request.wish, Described) else "style"
    told[field] = words if plan.unknown_words else _EXACT
    if plan.neighbours:
        told["instruments"] = Honoured(
            fidelity=Fidelity.APPROXIMATE, reason=f"played by a neighbour: {', '.join(plan.neighbours)}"
        )
    if isinstance(request.wish, Specified):
        told["title"] = _EXACT
    if request.avoid:
        told["negative_tags"] = _EXACT
    return told


def honoured_continuation(
    request: GenerationRequest, portrait: Portrait, ending: Ending, libretto: Libretto, take: ContinuedTake
) -> dict[str, Honoured]:
    """Return what became of the fields of a request that continues a recording."""
    told = _common(request) | _sung_on(request, libretto, take)
    told["source"] = (
        _EXACT
        if portrait.pulse.steady and portrait.pulse.confidence >= _SURE
        else Honoured(
            fidelity=Fidelity.APPROXIMATE,
            reason="no steady pulse was found: pieces are joined by phrases and likeness, not on beats",
        )
    )
    if not isinstance(request.wish, Inherited):
        told["style"] = Honoured(
            fidelity=Fidelity.IGNORED,
            reason="a continuation stays in the style of its source; words do not change it yet",
        )
    if ending is not Ending.OPEN:
        told["style"] = Honoured(
            fidelity=Fidelity.APPROXIMATE,
            reason=f"the music comes to an end ({ending.value}); other words do not change it yet",
        )
    if request.avoid:
        told["negative_tags"] = Honoured(
            fidelity=Fidelity.IGNORED, reason="a continuation keeps the instruments of its source"
        )
    if request.controls.audio_weight is not None:
        told["audio_weight"] = Honoured(
            fidelity=Fidelity.APPROXIMATE, reason="moves how far the new part strays from the source"
        )
    return told


def _common(request: GenerationRequest) -> dict[str, Honoured]:
    told = {"seed": _EXACT}
    if request.duration_s is not None:
        told["duration"] = _EXACT
    if request.controls.style_weight is not None:
        told["style_weight"] = Honoured(
            fidelity=Fidelity.APPROXIMATE, reason="narrows the choices around the style"
        )
    if request.controls.weirdness is not None:
        told["weirdness"] = Honoured(fidelity=Fidelity.APPROXIMATE, reason="widens harmony and jumps")
    return told


def _singing(request: GenerationRequest, plan: SongPlan) -> dict[str, Honoured]:
    """Return what became of the words, and of who was to sing them, in a new song."""
    told = {}
    if isinstance(request.wish, Specified) and request.wish.lyrics:
        told["lyrics"] = _words(plan)
    if request.voice in {Voice.FEMALE, Voice.MALE}:
        silent = Honoured(fidelity=Fidelity.IGNORED, reason=plan.libretto.silence or "no line has room")
        told["vocal_gender"] = _EXACT if plan.slots else silent
    return told


def _words(plan: SongPlan) -> Honoured:
    if plan.libretto.read is None:
        return Honoured(fidelity=Fidelity.IGNORED, reason=plan.libretto.silence)
    return _sung(plan.libretto.read, len(plan.slots), len(plan.unsung))


def _sung(words: Lyrics, sung: int, unsung: int) -> Honoured:
    """Return what became of words that are sung, but for ``unsung`` lines."""
    reasons = _liberties(words)
    if unsung:
        reasons.insert(0, f"the first {sung} of {sung + unsung} lines fit into the length that was asked for")
    return Honoured(fidelity=Fidelity.APPROXIMATE, reason="; ".join(reasons)) if reasons else _EXACT


def _liberties(words: Lyrics) -> list[str]:
    """Return in what the singing departs from the words as written."""
    reasons = []
    if words.guessed:
        reasons.append(f"sung by the rules of English spelling: {_named(words.guessed)}")
    if words.unspoken:
        reasons.append(f"not sung, in a script that is not read here: {_named(words.unspoken)}")
    return reasons


def _named(words: tuple[str, ...]) -> str:
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return ", ".join(words[:_LISTED]) + more


def _sung_on(request: GenerationRequest, libretto: Libretto, take: ContinuedTake) -> dict[str, Honoured]:
    """Return what became of the words, and of who was to sing them, over a continuation."""
    told = {}
    silence = "" if take.lines else libretto.silence or "the new part has no room for a line"
    if isinstance(request.wish, Specified) and request.wish.lyrics:
        told["lyrics"] = (
            Honoured(fidelity=Fidelity.IGNORED, reason=silence)
            if silence or libretto.read is None
            else _sung(libretto.read, len(libretto.read.lines) - len(take.unsung), len(take.unsung))
        )
    if request.voice in {Voice.FEMALE, Voice.MALE}:
        told["vocal_gender"] = Honoured(fidelity=Fidelity.IGNORED, reason=silence) if silence else _EXACT
    return told
