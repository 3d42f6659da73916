"""The plan's data files, read once: genres, textures for other metres, and the meaning of words."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from types import MappingProxyType
from typing import Any

from cadenza.music.brief import Role
from cadenza.music.genre import Genre, Groove, MelodyStyle, Sound, Texture
from cadenza.music.pitch import Mode

_HERE = "cadenza.engines.embedded.plan.brief"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """What a mood word pulls at, each from -1 to 1 (``minor`` 1 is a minor key)."""

    minor: float = 0.0
    energy: float = 0.0
    pace: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An instrument by name. ``name`` is empty where any player of the role will do."""

    name: str
    role: Role
    is_neighbour: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """All words that mean something, in lower case."""

    genres: Mapping[str, str]
    moods: Mapping[str, Mood]
    paces: Mapping[str, float]
    instruments: Mapping[str, Wanted]
    silent: frozenset[str]
    titles: tuple[tuple[str, ...], tuple[str, ...]]

    @property
    def longest_phrase(self) -> int:
        """Words in the longest phrase that means something."""
        known = (*self.genres, *self.moods, *self.paces, *self.instruments)
        return max(len(phrase.split()) for phrase in known)


@functools.cache
def genres() -> Mapping[str, Genre]:
    """Return all genres by their name, in the order of their files."""
    folder = resources.files(_HERE).joinpath("genres")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda f: f.name)
    read = [_genre(tomllib.loads(file.read_text("utf-8"))) for file in files]
    return MappingProxyType({genre.name: genre for genre in read})


@functools.cache
def other_metres() -> Mapping[str, Texture]:
    """Return the textures for metres that a genre has no lines of its own for."""
    return MappingProxyType(_textures(_read("metres.toml")["textures"]))


@functools.cache
def lexicon() -> Lexicon:
    """Return what words mean."""
    data = _read("words.toml")
    instruments = {
        word: Wanted(name=name, role=Role(role), is_neighbour=group == "neighbours")
        for group in ("neighbours", "instruments")
        for word, (name, role) in data[group].items()
    }
    return Lexicon(
        genres={word: genre.name for genre in genres().values() for word in genre.words},
        moods={word: Mood(**pulls) for word, pulls in data["moods"].items()},
        paces=data["paces"],
        instruments=instruments,
        silent=frozenset(data["silent"]["words"]),
        titles=(tuple(data["titles"]["first"]), tuple(data["titles"]["second"])),
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(_HERE).joinpath(name).read_text("utf-8"))


def _genre(data: dict[str, Any]) -> Genre:
    slowest, fastest, typical = data["tempo_bpm"]
    return Genre(
        name=data["name"],
        words=tuple(data["words"]),
        tempo_bpm=(slowest, fastest, typical),
        minor_share=data["minor_share"],
        energy=data["energy"],
        swing=Fraction(data["swing"]),
        swing_step=Fraction(data["swing_step"]),
        looseness_ms=data["looseness_ms"],
        bass_late_ms=data["bass_late_ms"],
        chord_bars=Fraction(data["chord_bars"]),
        slow_down=Fraction(data["slow_down"]),
        metre=data["metre"],
        palette={role: tuple(names) for role, names in data["palette"].items()},
        progressions={
            Mode(mode): tuple(tuple(line.split()) for line in lines)
            for mode, lines in data["progressions"].items()
        },
        textures=_textures(data["textures"]),
        melody=_melody(data["melody"]),
        sound=Sound(**data["sound"]),
        form=tuple(data["form"]),
        effects=frozenset(data.get("effects", ())),
        lift_semitones=data.get("lift_semitones", 0),
    )


def _melody(data: dict[str, Any]) -> MelodyStyle:
    lowest, highest = data["range"]
    return MelodyStyle(
        step=Fraction(data["step"]),
        density=data["density"],
        syncopation=data["syncopation"],
        lowest=lowest,
        highest=highest,
        is_pentatonic=data["pentatonic"],
    )


def _textures(data: dict[str, Any]) -> dict[str, Texture]:
    return {
        metre: Texture(
            grooves=tuple(_groove(metre, lines) for lines in texture["grooves"]),
            comping=tuple(texture["comping"]),
            bass=tuple(texture["bass"]),
        )
        for metre, texture in data.items()
    }


def _groove(metre: str, lines: dict[str, str]) -> Groove:
    drums = {drum: line for drum, line in lines.items() if drum != "name"}
    return Groove(name=lines["name"], metre=metre, lines=drums)
