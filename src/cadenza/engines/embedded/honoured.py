"""What the embedded engine made of each request field. No engine pretends."""

from __future__ import annotations

from cadenza.domain.abilities import EXACT, Honoured, approximate, ignored
from cadenza.domain.request import Described, GenerationRequest, Specified, Voice
from cadenza.engines.embedded.songs.song import SongPlan
from cadenza.music.lyrics import Lyrics

_LISTED = 8  # words that a reason names at most


def honoured_song(request: GenerationRequest, plan: SongPlan) -> dict[str, Honoured]:
    """Return what became of the fields of a request for a new song."""
    told = _common(request) | _singing(request, plan)
    words = approximate(f"not understood: {', '.join(plan.unknown_words)}")
    field = "prompt" if isinstance(request.wish, Described) else "style"
    told[field] = words if plan.unknown_words else EXACT
    if plan.neighbours:
        told["instruments"] = approximate(f"played by a neighbour: {', '.join(plan.neighbours)}")
    if isinstance(request.wish, Specified):
        told["title"] = EXACT
    if request.avoid:
        told["negative_tags"] = EXACT
    return told


def _common(request: GenerationRequest) -> dict[str, Honoured]:
    told = {"seed": EXACT}
    if request.duration_s is not None:
        told["duration"] = EXACT
    if request.controls.style_weight is not None:
        told["style_weight"] = approximate("narrows the choices around the style")
    if request.controls.weirdness is not None:
        told["weirdness"] = approximate("widens harmony and jumps")
    return told


def _singing(request: GenerationRequest, plan: SongPlan) -> dict[str, Honoured]:
    """Return what became of the words, and of who was to sing them, in a new song."""
    told = {}
    if isinstance(request.wish, Specified) and request.wish.lyrics:
        told["lyrics"] = _words(plan)
    if request.voice in {Voice.FEMALE, Voice.MALE}:
        silent = ignored(plan.libretto.silence or "no line has room")
        told["vocal_gender"] = EXACT if plan.slots else silent
    return told


def _words(plan: SongPlan) -> Honoured:
    if plan.libretto.read is None:
        return ignored(plan.libretto.silence)
    return sung_words(plan.libretto.read, len(plan.slots), len(plan.unsung))


def sung_words(words: Lyrics, sung: int, unsung: int) -> Honoured:
    """Return what became of words that are sung, but for ``unsung`` lines."""
    reasons = _liberties(words)
    if unsung:
        reasons.insert(0, f"the first {sung} of {sung + unsung} lines fit into the length that was asked for")
    return approximate("; ".join(reasons)) if reasons else EXACT


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
