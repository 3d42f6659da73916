"""What the lyrics' tags ask of the form: sections in order, and what is said of each beyond its kind."""

from __future__ import annotations

from dataclasses import dataclass

from cadenza.engines.embedded.plan.brief.data import Wanted, lexicon
from cadenza.music.brief import Role, SectionKind
from cadenza.words.tags import part_tags

_ONLY = ("only", "alone", "unaccompanied")
_VOICES_ALONE = ("a cappella", "acapella", "a capella")


@dataclass(frozen=True, slots=True)
class Asked:
    """One section: its kind and the hints of its tag ("guitar" of ``[Guitar Solo]``), in lower case."""

    kind: SectionKind
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Orders:
    """What hints mean for the players of a section: who has a solo, who is silent, who plays alone.

    ``only`` is empty where nobody is asked to be alone.
    """

    soloist: Wanted | None = None
    silent: frozenset[Role] = frozenset()
    only: frozenset[Role] = frozenset()


def asked_sections(lyrics: str) -> tuple[Asked, ...]:
    """Return the sections that the tags of ``lyrics`` name, in order; empty where there is none."""
    tags = (tag for line in lyrics.splitlines() for tag in part_tags(line)[0])
    return tuple(Asked(tag.kind, tag.hints) for tag in tags if tag.kind is not None)


def read_orders(kind: SectionKind, hints: tuple[str, ...]) -> Orders:
    """Read hints such as "guitar", "no drums", "piano only" or "a cappella"."""
    soloist: Wanted | None = None
    silent, only = set[Role](), set[Role]()
    for hint in hints:
        if hint in _VOICES_ALONE:
            silent |= set(Role) - {Role.PAD}  # which gives the singers their pitch
            continue
        named = _instruments(hint)
        if not named:
            continue
        words = hint.split()
        if words[0] in {"no", "without"}:
            silent |= {wanted.role for wanted in named}
        elif any(word in _ONLY for word in words):
            only |= {wanted.role for wanted in named}
        elif kind in {SectionKind.SOLO, SectionKind.BREAK, SectionKind.INTRO, SectionKind.OUTRO}:
            soloist = named[0]
    return Orders(soloist, frozenset(silent), frozenset(only))


def _instruments(hint: str) -> list[Wanted]:
    """Return the instruments that a hint names, the longest name at each place."""
    known, words, found = lexicon().instruments, hint.replace("-", " ").split(), list[Wanted]()
    at = 0
    while at < len(words):
        for count in range(min(3, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + count])
            wanted = known.get(phrase) or known.get(phrase.rstrip("s"))
            if wanted is not None:
                found.append(wanted)
                at += count - 1
                break
        at += 1
    return found
