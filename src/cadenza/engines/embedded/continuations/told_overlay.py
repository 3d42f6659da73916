"""What became of each field of a request that lays something over a recording. No engine pretends."""

from __future__ import annotations

from cadenza.domain.abilities import EXACT, Honoured, approximate, ignored
from cadenza.domain.request import GenerationRequest, Overlay, Specified, Voice
from cadenza.engines.embedded.continuations.overlay import Overlaid
from cadenza.engines.embedded.continuations.singing_on import Song
from cadenza.engines.embedded.continuations.told import has_sure_beat
from cadenza.engines.embedded.honoured import named, sung_words
from cadenza.engines.embedded.plan.brief.words import Wishes, read_wishes
from cadenza.music.portrait import Portrait


def honoured_overlay(song: Song, portrait: Portrait, made: Overlaid) -> dict[str, Honoured]:
    """Return what became of the fields of a request for an overlay."""
    request = song.request
    where = request.continuation
    assert where is not None, "an overlay has a source"
    style = request.wish.style if isinstance(request.wish, Specified) else ""
    wishes = read_wishes(style, request.avoid)
    guessed = approximate("no steady pulse was found: what is added keeps to an even time of its own")
    told = {"seed": EXACT, "source": EXACT if has_sure_beat(portrait) else guessed} | _weights(request)
    if where.overlay is Overlay.VOCALS:
        told |= _sung(song, made)
        told["style"] = _style("shapes the tune and how it is sung; the recording keeps its sound", wishes)
        if request.avoid:
            told["negative_tags"] = _kept_from_singing(song)
        return told
    players = ", ".join(sorted(role.value for role in made.joined_by)) or "nobody"
    told["style"] = _style(f"played by ours: {players}{_missing(wishes, made)}", wishes)
    if request.avoid:
        told["negative_tags"] = _kept_out(request.avoid)
    return told


def _sung(song: Song, made: Overlaid) -> dict[str, Honoured]:
    request, libretto = song.request, song.libretto
    silence = "" if made.lines else libretto.silence or "the recording has no room for a line"
    field = "prompt" if libretto.is_own or not libretto.text else "lyrics"
    told = {}
    if silence or libretto.read is None:
        told[field] = ignored(silence)
    else:
        lines = len(libretto.read.lines)
        told[field] = sung_words(libretto.read, lines - len(made.unsung), len(made.unsung))
    if request.voice in {Voice.FEMALE, Voice.MALE}:
        told["vocal_gender"] = ignored(silence) if silence else EXACT
    return told


def _kept_from_singing(song: Song) -> Honoured:
    if song.libretto.silence:
        return EXACT
    return ignored("a voice alone is added, and nothing is taken out of the recording")


def _kept_out(avoid: str) -> Honoured:
    unknown = read_wishes(avoid, "").unknown
    reason = "nobody of ours plays it; what the recording holds of it stays"
    return approximate(f"{reason}; not understood: {named(unknown)}" if unknown else reason)


def _missing(wishes: Wishes, made: Overlaid) -> str:
    """Return the roles of named instruments that nobody plays, as the end of a reason."""
    roles = {wanted.role for wanted in wishes.instruments} - made.joined_by
    return f"; not played: {', '.join(sorted(role.value for role in roles))}" if roles else ""


def _style(done: str, wishes: Wishes) -> Honoured:
    return approximate(f"{done}; not understood: {named(wishes.unknown)}" if wishes.unknown else done)


def _weights(request: GenerationRequest) -> dict[str, Honoured]:
    told, controls = {}, request.controls
    if controls.style_weight is not None:
        told["style_weight"] = approximate("narrows the choices around the style")
    if controls.weirdness is not None:
        told["weirdness"] = approximate("widens harmony and jumps")
    if controls.audio_weight is not None:
        told["audio_weight"] = ignored("the recording stays whole, whatever its weight")
    return told
