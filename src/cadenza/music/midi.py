"""A score as a Standard MIDI File (format 1), for any sequencer.

The exact score is written, not its performance: a sequencer applies its own swing and touch. Chunks and
meta events are those of "Standard MIDI Files 1.0" (MIDI Manufacturers Association, RP-001), programs and
percussion keys those of "General MIDI System Level 1" (RP-003).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from cadenza.music.brief import Role
from cadenza.music.pitch import Key, Mode
from cadenza.music.score import Note, Part, Score
from cadenza.music.time import Length, Position
from cadenza.music.vocal import SetLine

TICKS_PER_QUARTER: Final = 480
DRUM_CHANNEL: Final = 9  # called channel 10 where people count from 1
_VOICE_PROGRAM, _EFFECTS_PROGRAM = 53, 119  # "Voice Oohs", "Reverse Cymbal"
_PROGRAMS = {
    "piano": 0, "felt_piano": 0, "electric_piano": 4, "bell": 14, "vibraphone": 11, "marimba": 12,
    "organ": 16, "nylon_guitar": 24, "steel_guitar": 25, "clean_guitar": 27, "power_guitar": 30,
    "upright_bass": 32, "plucked_bass": 33, "pick_bass": 34, "synth_bass": 38, "sub_bass": 39,
    "bowed_bass": 43, "harp": 46, "strings": 48, "strings_lead": 40, "choir": 52, "flute": 73,
    "square_lead": 80, "saw_lead": 81, "soft_lead": 85, "pluck_synth": 84, "supersaw": 90, "warm_pad": 89,
    "air_pad": 91,
}  # fmt: skip
# What an instrument that is not in the list is called after, the more special words first.
_FAMILIES = (
    ("piano", 0), ("bass", 33), ("guitar", 25), ("organ", 16), ("string", 48), ("violin", 40), ("cello", 42),
    ("brass", 61), ("trumpet", 56), ("sax", 65), ("flute", 73), ("choir", 52), ("pad", 89), ("lead", 80),
)  # fmt: skip
# Sharps (positive) or flats of the major key on each pitch class.
_SHARPS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
_LAST_FIRST, _ENDS, _BEGINS = 0, 1, 2  # order of what happens at one tick

_Event = tuple[int, int, bytes]  # tick, order within the tick, message


def midi_file(score: Score) -> bytes:
    """Return the score as the bytes of a ``.mid`` file.

    The first track has title, tempo map, metre, keys and section names; each part has one of its own,
    drums on channel 10, and so has the voice, with its syllables as lyrics.
    """
    tracks = [_conductor(score), *_parts(score.parts)]
    if score.sung:
        tracks.append(_voice(score.sung, channel=_channels(len(score.parts) + 1)[-1]))
    header = b"MThd" + _u32(6) + _u16(1) + _u16(len(tracks)) + _u16(TICKS_PER_QUARTER)
    return header + b"".join(_track(events) for events in tracks)


def _conductor(score: Score) -> list[_Event]:
    metre = score.metre
    clocks = int(24 * metre.beat.quarters)
    signature = bytes((metre.count, metre.unit.bit_length() - 1, clocks, 8))
    events = [(0, 0, _text(0x03, score.title)), (0, 1, _meta(0x58, signature)), (0, 2, _key(score.key))]
    for place, pace in score.tempo.changes:
        microseconds = round(pace * 1_000_000)
        events.append((_tick(place), 3, _meta(0x51, microseconds.to_bytes(3, "big"))))
    events += [(_tick(place), 4, _key(key)) for place, key in score.key_changes]
    events += [(_tick(place), 5, _text(0x06, name)) for place, name in score.marks]
    return [*events, (_tick(score.end), 9, b"")]


def _parts(parts: Sequence[Part]) -> Iterable[list[_Event]]:
    channels = iter(_channels(len(parts)))
    for part in parts:
        channel = DRUM_CHANNEL if part.role is Role.DRUMS else next(channels)
        program = 0 if part.role is Role.DRUMS else _program(part)
        name = f"{part.role.value} ({part.instrument})"
        yield [*_head(name, channel, program), *_notes(part.notes, channel)]


def _channels(count: int) -> list[int]:
    """Return channels for pitched parts, over again where there are more parts than channels."""
    free = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    return [free[index % len(free)] for index in range(count)]


def _program(part: Part) -> int:
    if part.role is Role.EFFECTS:
        return _EFFECTS_PROGRAM
    family = next((number for word, number in _FAMILIES if word in part.instrument), 0)
    return _PROGRAMS.get(part.instrument, family)


def _head(name: str, channel: int, program: int) -> list[_Event]:
    return [(0, 0, _text(0x03, name)), (0, 1, bytes((0xC0 | channel, program)))]


def _notes(notes: Sequence[Note], channel: int) -> list[_Event]:
    """Return what presses and lets go; a key that is pressed again is let go before."""
    events: list[_Event] = []
    again: dict[int, int] = {}
    for note in sorted(notes, key=lambda n: n.at, reverse=True):
        begin = _tick(note.at)
        end = max(begin + 1, _tick(note.at + note.length))
        end = min(end, again.get(note.midi_pitch, end))
        again[note.midi_pitch] = begin
        velocity = max(1, min(127, round(127 * note.loudness)))
        events.append((begin, _BEGINS, bytes((0x90 | channel, note.midi_pitch, velocity))))
        events.append((end, _ENDS, bytes((0x80 | channel, note.midi_pitch, 0))))
    return events


def _voice(sung: Sequence[SetLine], channel: int) -> list[_Event]:
    events = _head("vocals", channel, _VOICE_PROGRAM)
    notes = []
    for line in sung:
        for word in line.syllables:
            first = word.tones[0]
            events.append((_tick(first.at), _LAST_FIRST, _text(0x05, word.syllable.text)))
            notes += [
                Note(at=tone.at, length=tone.length, midi_pitch=tone.midi_pitch, loudness=0.8)
                for tone in word.tones
            ]
    return [*events, *_notes(notes, channel)]


def _track(events: Iterable[_Event]) -> bytes:
    body, at = bytearray(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        if message:
            body += _delta(tick - at) + message
            at = tick
        else:  # only waits
            body += _delta(tick - at) + _meta(0x2F, b"")
            return b"MTrk" + _u32(len(body)) + bytes(body)
    body += _delta(0) + _meta(0x2F, b"")
    return b"MTrk" + _u32(len(body)) + bytes(body)


def _key(key: Key) -> bytes:
    is_minor = key.mode is Mode.MINOR
    sharps = _SHARPS[(key.tonic + 3) % 12 if is_minor else key.tonic]
    return _meta(0x59, bytes((sharps % 256, int(is_minor))))


def _text(kind: int, text: str) -> bytes:
    return _meta(kind, text.encode("utf-8"))


def _meta(kind: int, data: bytes) -> bytes:
    return bytes((0xFF, kind)) + _delta(len(data)) + data


def _delta(number: int) -> bytes:
    """Return a variable-length quantity: seven bits a byte, the highest first."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | number & 0x7F)
    return bytes(reversed(digits))


def _tick(place: Position | Length) -> int:
    return round(place.quarters * Fraction(TICKS_PER_QUARTER))


def _u16(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "big")
