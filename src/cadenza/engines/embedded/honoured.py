"""What the embedded engine made of each request field. No engine pretends."""

from __future__ import annotations

from cadenza.domain.abilities import Fidelity, Honoured
from cadenza.domain.request import Described, GenerationRequest, Specified, Voice
from cadenza.engines.embedded.songs.song import SongPlan
from cadenza.music.lyrics import Lyrics

_EXACT = Honoured(fidelity=Fidelity.EXACT)
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
    return sung_words(plan.libretto.read, len(plan.slots), len(plan.unsung))


def sung_words(words: Lyrics, sung: int, unsung: int) -> Honoured:
    """Return what became of words that are sung, but for ``unsung`` lines."""
    reasons = _liberties(words)
    if unsung:
        reasons.insert(0, f"the first {sung} of {sung + unsung} lines fit into the length that was asked for")
    return Honoured(fidelity=Fidelity.APPROXIMATE, reason="; ".join(reasons)) if reasons else _EXACT


def _liberties(words: Lyrics) -> list[str]:
    """Return in what the singing departs from the words as written."""
    reasons = []
    if words.guessed:
        reasons.append(f"sung by the rules of English spelling: {named(words.guessed)}")
    if words.unspoken:
        reasons.append(f"not sung, in a script that is not read here: {named(words.unspoken)}")
    return reasons


def named(words: tuple[str, ...]) -> str:
    """Return the first words of a list, and how many more there are."""
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return ", ".join(words[:_LISTED]) + more
