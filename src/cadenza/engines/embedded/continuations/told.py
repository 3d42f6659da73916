"""What became of each field of a request that continues a recording. No engine pretends."""

from __future__ import annotations

from cadenza.domain.abilities import EXACT, Fidelity, Honoured, approximate, ignored
from cadenza.domain.request import GenerationRequest, Inherited, Side, Specified, Voice
from cadenza.engines.embedded.continuations.continuation import ContinuedTake
from cadenza.engines.embedded.honoured import named, sung_words
from cadenza.engines.embedded.plan.direction import Direction
from cadenza.engines.embedded.plan.ending import Ending
from cadenza.engines.embedded.songs.libretto import Libretto
from cadenza.music.brief import Role
from cadenza.music.portrait import Portrait

# Below this the analysis of a source is a guess, and what rests on it is only approximate.
_SURE = 0.35
_SUNG, _HARDLY = 0.5, 0.02  # how surely a beat is sung; the share of such beats that counts as none


def honoured_continuation(
    request: GenerationRequest,
    portrait: Portrait,
    ending: Ending,
    libretto: Libretto,
    direction: Direction,
    made: ContinuedTake,
) -> dict[str, Honoured]:
    """Return what became of the fields of a request that continues a recording."""
    told = {"seed": EXACT} | _sung_on(request, libretto, made) | _weights(request, direction)
    if request.voice is Voice.NOBODY:
        told["instrumental"] = _nobody(portrait)
    told |= _place(request, made)
    told["source"] = (
        EXACT
        if has_sure_beat(portrait)
        else approximate("no steady pulse was found: pieces are joined by phrases and likeness, not on beats")
    )
    if direction.words:
        told["prompt" if isinstance(request.wish, Inherited) else "style"] = _words(direction, made)
    if ending is not Ending.OPEN:
        field = "prompt" if "prompt" in told else "style"
        told[field] = approximate(f"the music comes to an end ({ending.value}); {_others(told.get(field))}")
    if request.avoid:
        told["negative_tags"] = _avoided(direction, made)
    return told


def _nobody(portrait: Portrait) -> Honoured:
    """Return how far a continuation without a singer is one: what it quotes may hold the source's own."""
    if portrait.voice is None:
        return approximate(
            "nobody of ours sings; voices of the source may be quoted: the pack ears, which hears them, "
            "is not installed"
        )
    sung = float((portrait.voice > _SUNG).mean())
    if sung < _HARDLY:
        return EXACT
    return approximate(
        f"nobody of ours sings; the pack ears hears a voice in {100 * sung:.0f} % of the source, and the "
        "new part keeps away from it where there is other music"
    )


def _place(request: GenerationRequest, made: ContinuedTake) -> dict[str, Honoured]:
    """Return what became of where and how long the new part shall be."""
    told: dict[str, Honoured] = {}
    where = request.continuation
    assert where is not None, "a continuation has a source"
    if request.duration_s is not None:
        told["duration"] = (
            EXACT if where.until_s is None else ignored("what replaces a section is as long as the section")
        )
    if where.until_s is not None:
        told["replace"] = EXACT
    if where.side is Side.LEFT:
        told["side"] = EXACT
    if where.until_s is None and where.from_s is None:
        told["continue_at"] = Honoured(
            fidelity=Fidelity.EXACT, reason=f"left to us: the join lies at {made.joined_at_s:.2f} s"
        )
    if where.context_s is not None:
        told["context"] = approximate("whole bars next to the join, at least six of them")
    return told


def _others(told: Honoured | None) -> str:
    """Return what became of the other words of a field that ends the music."""
    if told is None or told.fidelity is Fidelity.EXACT or not told.reason:
        return "nothing else was asked"
    return told.reason


def _words(direction: Direction, made: ContinuedTake) -> Honoured:
    if direction.strength == 0:
        return ignored("a style_weight of 0 leaves everything to the source")
    done = _changes(direction, made)
    if not done:
        return ignored(
            "a continuation stays in the style and tempo of its source; these words ask for nothing else"
        )
    if direction.unheeded:
        done.append(f"not understood: {named(direction.unheeded)}")
    return approximate("; ".join(done))


def _changes(direction: Direction, made: ContinuedTake) -> list[str]:
    """Return what the words did, in words."""
    done = []
    if direction.energy:
        done.append("calmer" if direction.energy < 0 else "more energy")
    if direction.brightness:
        done.append("brighter" if direction.brightness > 0 else "darker")
    if direction.minor:
        mode = "minor" if direction.minor > 0 else "major"
        done.append(f"leans on bars with {mode} chords; the notes of the source are not changed")
    if direction.is_half_time:
        kept = "the drums keep their time" if made.has_drums else "there are no drums to play at half time"
        played = "half-time drums of ours instead of the source's"
        done.append(played if Role.DRUMS in made.joined_by else kept)
    if direction.pace:
        done.append(f"a {'slower' if direction.pace < 0 else 'livelier'} feel on the same beats")
    done += [f"{role.value} of ours join" for role in sorted(direction.adds & made.joined_by, key=_by_name)]
    if direction.names_drums and Role.DRUMS not in direction.adds and not direction.is_half_time:
        done.append("the source has drums" if made.has_drums else "drums of ours join")
    done += [f"without {role.value}" for role in sorted(direction.without, key=_by_name)]
    return done


def _avoided(direction: Direction, made: ContinuedTake) -> Honoured:
    taken = [role.value for role in sorted(direction.without, key=_by_name)]
    reasons = [f"{' and '.join(taken)} taken out of the sound, down to faint traces"] if taken else []
    if Role.DRUMS in direction.without and not made.has_drums:
        reasons = ["hardly any drums were heard; what strikes is taken out of the sound"]
    if direction.refused:
        kept = named(direction.refused)
        reasons.append(f"what the recording holds of it cannot be taken out: {kept}")
    if taken or direction.energy or direction.brightness or direction.minor:
        return approximate("; ".join(reasons) or "the music keeps away from it")
    return ignored("; ".join(reasons) or "nothing in these words can be taken out of a recording")


def _weights(request: GenerationRequest, direction: Direction) -> dict[str, Honoured]:
    told, controls = {}, request.controls
    if controls.style_weight is not None:
        told["style_weight"] = (
            approximate("scales what the words change")
            if not direction.is_neutral or direction.strength == 0
            else ignored("the words ask for nothing that it could scale")
        )
    if controls.weirdness is not None:
        told["weirdness"] = approximate("widens harmony and jumps")
    if controls.audio_weight is not None:
        near = controls.audio_weight.fraction
        told["audio_weight"] = approximate(
            "everything comes from the source; the more, the closer to where it was"
            if near >= 0.5
            else "players of ours take over from the source, layer by layer"
            if near > 0
            else "only tempo and key of the source stay: everything is newly composed and played"
        )
    return told


def _sung_on(request: GenerationRequest, libretto: Libretto, take: ContinuedTake) -> dict[str, Honoured]:
    """Return what became of the words, and of who was to sing them, over a continuation."""
    told = {}
    is_lead_in = request.continuation is not None and request.continuation.side is Side.LEFT
    no_room = "nobody sings in a lead-in" if is_lead_in else "the new part has no room for a line"
    silence = "" if take.lines else libretto.silence or no_room
    if isinstance(request.wish, Specified) and request.wish.lyrics:
        told["lyrics"] = (
            ignored(silence)
            if silence or libretto.read is None
            else sung_words(libretto.read, len(libretto.read.lines) - len(take.unsung), len(take.unsung))
        )
    if request.voice in {Voice.FEMALE, Voice.MALE}:
        told["vocal_gender"] = ignored(silence) if silence else EXACT
    return told


def _by_name(role: Role) -> str:
    return role.value


def has_sure_beat(portrait: Portrait) -> bool:
    """Answer whether what rests on the beats of a source is more than a guess."""
    return portrait.pulse.steady and portrait.pulse.confidence >= _SURE
