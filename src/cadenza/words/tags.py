"""Section tags: ``[Verse 1: whispered]`` is a verse, called "Verse 1", and a hint."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cadenza.music.brief import SectionKind

_K = SectionKind
# What a tag says, the more special words first.
_KINDS = (
    (re.compile(r"\bpre[- ]?(?:chorus|hook)\b|\bbuild(?:[- ]?up)?\b"), _K.PRECHORUS),
    (re.compile(r"\b(?:post[- ]?)?(?:chorus|hook|refrain|drop)\b"), _K.CHORUS),
    (re.compile(r"\b(?:verse|strophe|rap)\b"), _K.VERSE),
    (re.compile(r"\b(?:bridge|middle (?:eight|8))\b"), _K.BRIDGE),
    (re.compile(r"\bintro(?:duction)?\b"), _K.INTRO),
    (re.compile(r"\b(?:outro|ending|coda|fade[- ]?out|end)\b"), _K.OUTRO),
    (re.compile(r"\b(?:solo|instrumental|interlude)\b"), _K.SOLO),
    (re.compile(r"\b(?:break|breakdown)\b"), _K.BREAK),
)
_TAG = re.compile(r"\[([^\[\]\n]{1,80})\]")
_HEADING = re.compile(
    r"(?:\*\*|#{1,3} )?"
    r"((?:pre[- ]?|post[- ]?|final |last )?(?:chorus|verse|bridge|intro|outro|hook|refrain)(?: \d{1,2})?)"
    r":?(?:\*\*)?:?",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\s*[:,|;()]\s*|\s+[-–—]\s+")  # noqa: RUF001 - dashes as people type them
_NUMBERED = re.compile(r"\b(?:\d{1,2}|[ivx]{1,4})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tag. ``kind`` is None where it is a hint only."""

    kind: SectionKind | None
    label: str
    hints: tuple[str, ...]


def read_tag(text: str) -> Tag:
    """Read what stands between the brackets of a tag."""
    head, *rest = [part for part in _PARTS.split(text.strip()) if part] or [""]
    lowered = head.lower()
    for pattern, kind in _KINDS:
        if pattern.search(lowered):
            beyond = " ".join(_NUMBERED.sub(" ", pattern.sub(" ", lowered, count=1)).split())
            return Tag(kind=kind, label=head, hints=tuple(filter(None, (beyond, *map(_hint, rest)))))
    return Tag(kind=None, label=head, hints=tuple(filter(None, (_hint(part) for part in (head, *rest)))))


def part_tags(line: str) -> tuple[tuple[Tag, ...], str]:
    """Return the tags of a line and what is left of it; a bare heading ("Chorus:") is a tag too."""
    if heading := _HEADING.fullmatch(line.strip()):
        return (read_tag(heading[1]),), ""
    return tuple(read_tag(text) for text in _TAG.findall(line)), _TAG.sub(" ", line).strip()


def _hint(text: str) -> str:
    return " ".join(text.lower().split())
