"""MIDI files byte by byte, and read back by a reader that shares nothing with the writer."""

from __future__ import annotations

import struct
from fractions import Fraction

import pytest

from cadenza.domain.request import Described, GenerationRequest, Specified, Voice
from cadenza.engines.embedded.compose.compose import compose
from cadenza.engines.embedded.songs.song import plan_song
from cadenza.music.brief import Role
from cadenza.music.midi import TICKS_PER_QUARTER, midi_file
from cadenza.music.pitch import Key, Mode
from cadenza.music.score import Note, Part, Score
from cadenza.music.time import START, Length, Metre, Position, TempoMap


def at(quarters):
    return Position(Fraction(quarters))


def note(quarters, length, pitch, loudness=0.5):
    return Note(at=at(quarters), length=Length(Fraction(length)), midi_pitch=pitch, loudness=loudness)


def score_of(*parts, metre="4/4", tonic=0, mode=Mode.MAJOR, bpm=120, end=4, key_changes=()):
    return Score(
        title="T",
        key=Key(tonic, mode),
        metre=Metre.parse(metre),
        tempo=TempoMap.steady(Fraction(bpm), Metre.parse(metre).beat),
        marks=((START, "verse"),),
        chords=(),
        parts=parts,
        end=at(end),
        key_changes=key_changes,
    )


def test_a_small_file_is_known_byte_by_byte():
    flute = Part(role=Role.MELODY, instrument="flute", notes=(note(1, 1, 60),))
    expected = bytes.fromhex(
        "4d546864 00000006 0001 0002 01e0"  # MThd: format 1, two tracks, 480 ticks
        "4d54726b 00000032"
        "00 ff03 01 54"  # title "T"
        "00 ff58 04 04 02 18 08"  # 4/4, 24 clocks to the beat
        "00 ff59 02 00 00"  # C major
        "00 ff51 03 07a120"  # 500,000 us to the quarter
        "00 ff06 05 7665727365"  # "verse"
        "8f00 ff2f 00"  # 1920 ticks later the end
        "4d54726b 00000022"
        "00 ff03 0e 6d656c6f64792028666c75746529"  # "melody (flute)"
        "00 c0 49"
        "8360 90 3c 40"  # 480 ticks later C4 at 64
        "8360 80 3c 00"
        "00 ff2f 00"
    )
    written = midi_file(score_of(flute))
    # The two lengths of the tracks are counted here, so that the listing above stays readable.
    first = written.index(b"MTrk")
    second = written.index(b"MTrk", first + 4)
    lengths = second - first - 8, len(written) - second - 8
    expected = expected.replace(bytes.fromhex("00000032"), struct.pack(">I", lengths[0]))
    expected = expected.replace(bytes.fromhex("00000022"), struct.pack(">I", lengths[1]))
    assert written == expected


@pytest.mark.parametrize(
    ("tonic", "mode", "sharps"),
    [
        (7, Mode.MAJOR, 1),
        (5, Mode.MAJOR, -1),
        (6, Mode.MAJOR, 6),
        (9, Mode.MINOR, 0),
        (4, Mode.MINOR, 1),
        (0, Mode.MINOR, -3),
    ],
)
def test_key_signatures_count_sharps_and_flats(tonic, mode, sharps):
    written = midi_file(score_of(tonic=tonic, mode=mode))
    assert struct.pack(">bbb", 2, sharps, mode is Mode.MINOR) in written.split(b"\xff\x59")[1][:3]


def test_a_key_pressed_again_is_let_go_before():
    piano = Part(role=Role.CHORDS, instrument="piano", notes=(note(0, 4, 60), note(1, 1, 60), note(1, 2, 64)))
    (track,) = read(midi_file(score_of(piano)))["tracks"][1:]
    assert track["notes"] == [(0, 480, 60), (480, 480, 60), (480, 960, 64)]


def read(data):
    """Read a file as RP-001 says: a second pair of eyes, deliberately unlike the writer."""
    assert data[:4] == b"MThd"
    kind, count, ticks = struct.unpack(">HHH", data[8:14])
    tracks, place = [], 14
    for _ in range(count):
        assert data[place : place + 4] == b"MTrk"
        (size,) = struct.unpack(">I", data[place + 4 : place + 8])
        tracks.append(read_track(data[place + 8 : place + 8 + size]))
        place += 8 + size
    assert place == len(data)
    return {"format": kind, "ticks": ticks, "tracks": tracks}


def read_track(data):
    place, tick = 0, 0
    found = {"meta": [], "notes": [], "program": None, "channels": set(), "pressed": {}}

    def number():
        nonlocal place
        value = 0
        while True:
            byte = data[place]
            place += 1
            value = value * 128 + byte % 128
            if byte < 128:
                return value

    while place < len(data):
        tick += number()
        status = data[place]
        place += 1
        if status == 0xFF:
            kind = data[place]
            place += 1
            size = number()
            found["meta"].append((tick, kind, data[place : place + size]))
            place += size
            continue
        found["channels"].add(status % 16)
        if status // 16 == 0xC:
            found["program"] = data[place]
            place += 1
            continue
        pitch, velocity = data[place : place + 2]
        place += 2
        assert pitch < 128
        assert velocity < 128
        if status // 16 == 0x9:
            assert pitch not in found["pressed"], "a key is let go before it is pressed again"
            found["pressed"][pitch] = tick
        else:
            begin = found["pressed"].pop(pitch)
            found["notes"].append((begin, tick - begin, pitch))
    assert not found["pressed"]
    assert found["meta"][-1][1:] == (0x2F, b"")
    found["notes"].sort()
    return found


def composed(wish, voice=Voice.NOBODY):
    request = GenerationRequest(wish=wish, tier="v5", duration_s=60.0, voice=voice)
    plan = plan_song(request, seed=1, take_index=0)
    return compose(plan.brief, plan.dice, plan.slots, plan.compass)


@pytest.mark.parametrize("prompt", ["edm", "jazz waltz", "celtic in 6/8", "7/8 rock"])
def test_whole_songs_read_back_as_they_are_written(prompt):
    score = composed(Described(prompt=prompt))
    file = read(midi_file(score))
    assert (file["format"], file["ticks"]) == (1, TICKS_PER_QUARTER)
    conductor, *tracks = file["tracks"]
    assert len(tracks) == len(score.parts)
    tempi = [(tick, int.from_bytes(d, "big")) for tick, kind, d in conductor["meta"] if kind == 0x51]
    assert tempi == [(p.quarters * 480, round(s * 1_000_000)) for p, s in score.tempo.changes]
    (signature,) = [d for _, kind, d in conductor["meta"] if kind == 0x58]
    assert (signature[0], 2 ** signature[1]) == (score.metre.count, score.metre.unit)
    marks = [(tick, d.decode()) for tick, kind, d in conductor["meta"] if kind == 0x06]
    assert marks == [(round(p.quarters * 480), name) for p, name in score.marks]
    for part, track in zip(score.parts, tracks, strict=True):
        assert track["channels"] == ({9} if part.role is Role.DRUMS else track["channels"] - {9})
        begins = sorted({(round(n.at.quarters * 480), n.midi_pitch) for n in part.notes})
        assert sorted((begin, pitch) for begin, _, pitch in track["notes"]) == begins


def test_words_stand_where_they_are_sung():
    wish = Specified(title="T", style="pop", lyrics="[Verse]\nhello there my friend\nlet us go")
    score = composed(wish, Voice.FEMALE)
    *_, voice = read(midi_file(score))["tracks"]
    words = [(tick, d.decode()) for tick, kind, d in voice["meta"] if kind == 0x05]
    sung = [syllable for line in score.sung for syllable in line.syllables]
    assert words == [(round(s.tones[0].at.quarters * 480), s.syllable.text) for s in sung]
    assert {begin for begin, _, _ in voice["notes"]} >= {tick for tick, _ in words}
