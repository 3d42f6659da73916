"""Lyrics as people write them to syllables as they are sung.

Understood beyond the words: ``[Verse 1: whispered]`` section tags with hints, ``(ooh)`` backing
voices, ALL CAPS or ``!`` emphasis, ``~`` or repeated vowels ("looove") held, line ends as breaths,
commas and dashes as places to breathe.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cadenza.music.brief import SectionKind
from cadenza.music.lyrics import VOWELS, Line, Lyrics, Section, Stress, Syllable, Word
from cadenza.words.numbers import spoken_number
from cadenza.words.pronounce import (
    is_known,
    letter_name,
    phones_of,
    reads_as_letters,
    spoken,
    syllables_of,
)
from cadenza.words.syllables import syllabify
from cadenza.words.tags import Tag, part_tags

_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "ʼ": "'"})  # noqa: RUF001
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "th", "þ": "th"}
)
_CHUNK = re.compile(r"[()]|[^\s()]+")
_EDGE = r"[^\w'$@&+#=~]*"
_CORE = re.compile(rf"{_EDGE}(?P<core>.*?)[^\w'~%]*$", re.DOTALL)
_BREATH = re.compile(r"[,;:.?!…—–-]['\")]*$")  # noqa: RUF001 - dashes as people type them
_JOINT = re.compile(r"[-–—/]+|\.{2,}|…")  # noqa: RUF001 - dashes as people type them
_STUTTERED_VOWEL = re.compile(r"([aeiou])(?:-\1){2,}", re.IGNORECASE)
_RUN = re.compile(r"(.)\1*", re.DOTALL | re.IGNORECASE)
_DOUBLED = re.compile(r"[eo]{3}", re.IGNORECASE)  # vowels that English writes twice
_NOT_DOUBLED = frozenset(("so", "no", "go", "to", "do", "who", "me", "we", "he", "she", "be", "ago", "hello"))
_LONGEST_LINE = 400


@dataclass(slots=True)
class _Notes:
    guessed: dict[str, None] = field(default_factory=dict)
    unspoken: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What stands between two blanks. ``core`` is without the punctuation around it."""

    text: str
    core: str
    is_backing: bool


@dataclass(frozen=True, slots=True)
class _Spelling:
    """A word to be looked up, the written share of each of its letters, and which are held."""

    word: str
    written: tuple[str, ...]
    held: frozenset[int]


def read_lyrics(text: str) -> Lyrics:
    """Read lyrics.

    A chorus tag without lines of its own repeats the first chorus. Words in scripts that English has
    no letters for are told in ``unspoken`` and left out.
    """
    notes = _Notes()
    sections: list[Section] = []
    tag, lines, hints = Tag(kind=None, label="", hints=()), list[Line](), tuple[str, ...]()
    for raw in text.translate(_QUOTES).splitlines():
        tags, rest = part_tags(raw)
        for found in tags:
            if found.kind is None:
                hints = (*hints, *found.hints)
                continue
            sections += _section(tag, lines)
            tag, lines, hints = found, [], ()
        if rest and (line := _read_line(rest[:_LONGEST_LINE], hints, notes)).words:
            lines.append(line)
    sections += _section(tag, lines)
    return Lyrics(
        sections=tuple(_with_choruses(sections)),
        guessed=tuple(notes.guessed),
        unspoken=tuple(notes.unspoken),
    )


def read_line(text: str) -> Line:
    """Read one line without tags."""
    return _read_line(text.translate(_QUOTES), (), _Notes())


def _section(tag: Tag, lines: Sequence[Line]) -> list[Section]:
    if tag.kind is None and not lines:
        return []
    return [Section(kind=tag.kind, label=tag.label, hints=tag.hints, lines=tuple(lines))]


def _with_choruses(sections: Sequence[Section]) -> list[Section]:
    chorus = next((s.lines for s in sections if s.kind is SectionKind.CHORUS and s.lines), ())
    return [
        replace(section, lines=chorus)
        if section.kind is SectionKind.CHORUS and not section.lines
        else section
        for section in sections
    ]


def _read_line(text: str, hints: tuple[str, ...], notes: _Notes) -> Line:
    chunks, words = _chunks(text), list[Word]()
    for index, chunk in enumerate(chunks):
        following = chunks[index + 1].core if index + 1 < len(chunks) else ""
        syllables = _sung(chunk, following, notes)
        breathes = _BREATH.search(chunk.text) is not None and not _is_shortened(chunk)
        if syllables:
            words.append(Word(text=_shown(chunk.text), syllables=syllables, may_breathe_after=breathes))
        elif breathes and words:
            words[-1] = replace(words[-1], may_breathe_after=True)
    return Line(text=_shown(text), words=tuple(words), hints=hints)


def _shown(text: str) -> str:
    return " ".join(re.sub(r"[~*_]+", "", text).split())


def _chunks(text: str) -> list[_Chunk]:
    depth, chunks = 0, []
    for piece in _CHUNK.findall(text):
        if piece in "()":
            depth = max(0, depth + (1 if piece == "(" else -1))
            continue
        found = _CORE.match(piece)
        core = piece if piece in spoken().abbreviations else found["core"] if found else ""
        chunks.append(_Chunk(piece, core, depth > 0))
    return chunks


def _is_shortened(chunk: _Chunk) -> bool:
    """Whether the full stop of a chunk belongs to an abbreviation."""
    return chunk.text.endswith(".") and (
        chunk.core.lower() in spoken().abbreviations or _is_initials(chunk.text) or len(chunk.core) == 1
    )


def _sung(chunk: _Chunk, following: str, notes: _Notes) -> tuple[Syllable, ...]:
    """Return the syllables of a chunk with all that its marks say."""
    is_emphatic = "!" in chunk.text or _is_capital(chunk.core)
    sung: list[Syllable] = []
    for part in _parts(chunk.core):
        sung += _part(part, following, notes)
    if is_emphatic:
        strongest = max((syllable.stress for syllable in sung), default=Stress.NONE)
        sung = [
            replace(s, is_emphatic=s.stress == strongest, stress=max(s.stress, _lift(s, strongest)))
            for s in sung
        ]
    return tuple(replace(syllable, is_backing=chunk.is_backing) for syllable in sung)


def _lift(syllable: Syllable, strongest: Stress) -> Stress:
    return Stress.PRIMARY if syllable.stress == strongest else syllable.stress


def _is_capital(core: str) -> bool:
    letters = re.sub(r"[^A-Za-z]", "", core)
    return len(letters) > 1 and letters.isupper() and not _is_initials(core)


def _is_initials(core: str) -> bool:
    word = core.lower().rstrip(".")
    shortened = spoken().abbreviations.get(word, ())
    dotted = re.fullmatch(r"(?:[a-z]\.)+[a-z]?", core.lower()) is not None
    return (
        dotted or reads_as_letters(word) or (len(shortened) > 1 and all(len(part) == 1 for part in shortened))
    )


def _parts(core: str) -> list[str]:
    if spoken_number(core.lower()) or core.lower() in spoken().abbreviations:
        return [core]
    joined = _STUTTERED_VOWEL.sub(lambda run: run[1] + "~", core)
    return [part for part in _JOINT.split(joined) if part]


def _part(part: str, following: str, notes: _Notes) -> tuple[Syllable, ...]:
    word = part.lower().strip("~")
    spelt = spoken_number(word) or spoken().abbreviations.get(word.rstrip(".")) or _initials(part, word)
    if spelt:
        sung = [s for piece in spelt for s in _named(piece)]
        return (*sung[:-1], replace(sung[-1], is_held="~" in part))
    spelling = _spelling(part)
    if not re.search(r"[a-z]", spelling.word):
        if any(letter.isalpha() for letter in part):
            notes.unspoken[part.lower()] = None
        return ()
    if not is_known(spelling.word):
        notes.guessed[spelling.word] = None
    return _marked(spelling, following)


def _initials(part: str, word: str) -> tuple[str, ...]:
    if re.fullmatch(r"(?:[a-z]\.){2,}[a-z]?", word):
        return tuple(word.replace(".", ""))
    plain = re.sub(r"[^a-z]", "", word)
    if part.isupper() and len(plain) > 1 and plain == word and reads_as_letters(plain):
        return tuple(plain)
    return ()


def _named(piece: str) -> tuple[Syllable, ...]:
    piece = piece.rstrip(".")
    if len(piece) == 1:
        first, *rest = syllabify(letter_name(piece))
        return (replace(first, text=piece.upper()), *rest)
    return syllables_of(piece)


def _marked(spelling: _Spelling, following: str) -> tuple[Syllable, ...]:
    next_word = re.sub(r"[^a-z']", "", following.lower())
    before_vowel = spelling.word == "the" and bool(next_word) and phones_of(next_word)[0][:2] in VOWELS
    syllables, place, marked = syllables_of(spelling.word, before_vowel=before_vowel), 0, []
    for syllable in syllables:
        letters = range(place, place + len(syllable.text))
        place += len(syllable.text)
        text = "".join(spelling.written[index] for index in letters)
        marked.append(replace(syllable, text=text, is_held=any(i in spelling.held for i in letters)))
    return tuple(marked)


def _spelling(part: str) -> _Spelling:
    """Return the word without marks: tildes are held places, runs of a letter are one or two of it."""
    runs = [(run[1].lower(), run[0]) for run in _RUN.finditer(part)]
    single, doubled = _unmarked(runs, doubled=False), _unmarked(runs, doubled=True)
    if single.word in _NOT_DOUBLED or single.word == doubled.word:
        return single
    first, second = (doubled, single) if _DOUBLED.search(part) else (single, doubled)
    return first if is_known(first.word) else second if is_known(second.word) else single


def _unmarked(runs: Sequence[tuple[str, str]], *, doubled: bool) -> _Spelling:
    word, written, held = "", list[str](), set[int]()
    for letter, run in runs:
        if letter == "~":
            held.add(max(0, len(word) - 1))
            continue
        plain = _plain_letters(letter)
        many = len(run) > 2 and letter.isalpha()
        keep = (2 if doubled else 1) if many else len(run)
        for index in range(keep if plain else 0):
            for at, sign in enumerate(plain):
                written.append(_share(run, index, keep) if at == 0 else "")
                if many and letter in "aeiouy":
                    held.add(len(word))
                word += sign
    return _Spelling(word, tuple(written), frozenset(held))


def _share(run: str, index: int, keep: int) -> str:
    return run[index] if index < keep - 1 else run[index:]


def _plain_letters(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter.translate(_LETTERS))
    return re.sub(r"[^a-z']", "", plain)
