"""Who plays: an instrument for each role of the piece, and the roles of each section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cadenza.engines.embedded.plan.brief.asked import Orders, read_orders
from cadenza.engines.embedded.plan.brief.choice import Chooser
from cadenza.engines.embedded.plan.brief.form import Block
from cadenza.engines.embedded.plan.brief.words import Wishes
from cadenza.music.brief import Role, SectionKind
from cadenza.music.genre import Genre

_K = SectionKind
_EFFECTS = "effects"  # the player of risers and impacts
_TUNES = frozenset({Role.MELODY, Role.COUNTER})
_GENRES_OWN = frozenset(Role) - {Role.COUNTER, Role.EFFECTS}


def instruments(wishes: Wishes, genre: Genre, chooser: Chooser) -> dict[Role, str]:
    """Return who plays each role. What is named plays; what is avoided is silent."""
    named = {w.role: own_instrument(w.name, genre) for w in reversed(wishes.instruments) if w.name}
    only = _soloists(wishes, named) if wishes.is_alone else _GENRES_OWN
    if wishes.is_alone and set(named) == {Role.CHORDS}:
        named[Role.MELODY] = named[Role.CHORDS]  # a pianist alone plays the tune as well
    chosen: dict[Role, str] = {}
    for role in Role:
        options = [n for n in genre.palette.get(role.value, ()) if n not in wishes.avoid]
        if role.value in wishes.avoid or role not in only or not (options or role in named):
            continue
        unused = [name for name in options if name not in chosen.values()]
        chosen[role] = named.get(role) or chooser.one_of(unused or options, f"instrument {role.value}")
    if not wishes.is_alone:
        chosen |= _beyond_the_band(wishes, genre, chooser, chosen)
    return chosen or _whoever_is_left(wishes, genre)


def _beyond_the_band(
    wishes: Wishes, genre: Genre, chooser: Chooser, chosen: Mapping[Role, str]
) -> dict[Role, str]:
    """Return who answers the tune (any player of tunes who is free), and the effects of the genre."""
    added: dict[Role, str] = {}
    tunes = (*genre.palette.get("counter", ()), *genre.palette["melody"])
    free = [n for n in dict.fromkeys(tunes) if n not in wishes.avoid and n not in chosen.values()]
    if Role.MELODY in chosen and free and "melody" not in wishes.avoid:
        added[Role.COUNTER] = chooser.one_of(free, "instrument counter")
    if genre.effects and Role.DRUMS in chosen:
        added[Role.EFFECTS] = _EFFECTS
    return added


def _whoever_is_left(wishes: Wishes, genre: Genre) -> dict[Role, str]:
    """Return one player where wishes and refusals leave nobody: silence is no song."""
    names = (
        (role, name)
        for role in (Role.CHORDS, Role.PAD, Role.MELODY, Role.BASS)
        if role.value not in wishes.avoid
        for name in genre.palette[role.value]
        if name not in wishes.avoid
    )
    role, name = next(names, (Role.PAD, "warm_pad"))
    return {role: name}


def _soloists(wishes: Wishes, named: Mapping[Role, str]) -> frozenset[Role]:
    """Return the roles that play where only the named instruments may."""
    asked = frozenset(wanted.role for wanted in wishes.instruments)
    return asked | {Role.MELODY} if set(named) == {Role.CHORDS} else asked


def own_instrument(name: str, genre: Genre) -> str:
    """Return the genre's own instrument of a family ("*guitar"), or the name itself."""
    if not name.startswith("*"):
        return name
    own = (n for names in genre.palette.values() for n in names if n.endswith(name[1:]))
    return next(own, f"steel_{name[1:]}")


def with_soloists(
    players: Mapping[Role, str], blocks: Sequence[Block], wishes: Wishes, genre: Genre
) -> dict[Role, str]:
    """Seat the first soloist that a tag asks for ("[Guitar Solo]") as the second lead."""
    for block in blocks:
        wanted = read_orders(block.kind, block.hints).soloist
        if wanted is None or not wanted.name or wanted.role in {Role.DRUMS, Role.BASS}:
            continue
        name = own_instrument(wanted.name, genre)
        if name not in wishes.avoid and players.get(Role.MELODY) != name:
            return {**players, Role.COUNTER: name}
    return dict(players)


def lead_of(orders: Orders, players: Mapping[Role, str], genre: Genre) -> Role:
    """Return who has the tune: the soloist of a section's tag where there is one and plays."""
    if orders.soloist is None:
        return Role.MELODY
    if orders.soloist.role in {Role.DRUMS, Role.BASS} & set(players):
        return orders.soloist.role
    name = own_instrument(orders.soloist.name, genre)
    asked = (role for role in (Role.COUNTER, Role.MELODY) if players.get(role) == name)
    return next(asked, Role.MELODY)


def roles_of(
    block: Block, energy: float, *, occurrence: int, is_whole_song: bool, is_lifted: bool
) -> frozenset[Role]:
    """Return who plays in a section: layers come in with energy, and step out before the peaks."""
    absent = frozenset[Role]()
    rhythm = frozenset({Role.DRUMS, Role.BASS})
    match block.kind:
        case _ if is_whole_song or is_lifted:
            pass
        case _K.INTRO:
            absent = _TUNES | (frozenset() if energy > 0.45 else rhythm)
        case _K.BREAK:
            absent = _TUNES | {Role.BASS}
        case _K.OUTRO:
            absent = _TUNES
        case _K.VERSE if occurrence < 2 and energy <= 0.7:
            absent = frozenset({Role.PAD} if occurrence else {Role.PAD, Role.COUNTER})
        case _K.VERSE | _K.CHORUS if occurrence == 0:
            absent = frozenset({Role.COUNTER})
    return frozenset(Role) - absent


def playing(roles: frozenset[Role], orders: Orders, lead: Role, present: frozenset[Role]) -> frozenset[Role]:
    """Return who really plays: as the section's tag orders, and somebody in any case."""
    if orders.only & present:
        roles = orders.only
    if orders.soloist is not None:
        roles |= {lead}
    roles -= orders.silent
    if lead is not Role.MELODY:
        roles -= {Role.MELODY, Role.COUNTER} - {lead}
    return roles & present or present
