"""When each word is sung: the timestamped lyrics of the sunoapi family, our own route, the LRC file."""

from __future__ import annotations

import dataclasses

import pytest

from cadenza.dialects import samples
from cadenza.dialects.native import lyrics as native
from cadenza.dialects.sunoapi import timestamps
from cadenza.dialects.sunoapi.decode import decode_lyrics, decode_upload_extend
from cadenza.domain.errors import Conflict, Malformed, NotFound
from cadenza.domain.request import Voice
from cadenza.domain.serial import lines_from_json, lines_to_json
from cadenza.domain.task import Dialect, LyricLine, LyricWord, TaskState

LINES = (
    LyricLine(
        text="Hold me now",
        start_s=62.0,
        end_s=63.504,
        words=(
            LyricWord(text="Hold", start_s=62.0, end_s=62.5),
            LyricWord(text="me", start_s=62.5, end_s=63.0),
            LyricWord(text="now", start_s=63.0, end_s=63.504),
        ),
    ),
    LyricLine(text="[oh] hold me", start_s=70.0, end_s=71.0),
)


def task(state=TaskState.COMPLETE):
    made = samples.task(decode_upload_extend(samples.REQUESTS[Dialect.SUNOAPI]["upload-extend"]), state)
    return dataclasses.replace(made, takes=tuple(dataclasses.replace(t, lines=LINES) for t in made.takes))


def track(state=TaskState.COMPLETE, **body):
    return timestamps.decode({"taskId": samples.TASK_ID, **body}).track_of(task(state))


def test_aligned_words_have_the_documented_members():
    told = timestamps.timestamped(track(), [0.1, 0.5])
    assert (told["code"], told["msg"]) == (200, "success")
    assert set(told["data"]) == {"alignedWords", "waveformData", "hootCer", "isStreamed"}
    first, *_, last = told["data"]["alignedWords"]
    assert first == {"word": "Hold", "success": True, "startS": 62.0, "endS": 62.5, "palign": 0}
    assert (last["word"], last["startS"], last["endS"]) == ("[oh] hold me", 70.0, 71.0)
    assert told["data"]["waveformData"] == [0.1, 0.5]
    assert (told["data"]["hootCer"], told["data"]["isStreamed"]) == (0.0, False)


def test_task_id_is_required():
    with pytest.raises(Malformed) as refused:
        timestamps.decode({"audioId": "x"})
    assert [fault.field for fault in refused.value.faults] == ["taskId"]


def test_audio_id_names_the_track_and_wins_over_the_index():
    first, second = (take.id for take in task().takes)
    assert track(audioId=second).id == second
    assert track(audioId=second, musicIndex=0).id == second
    assert track().id == first


def test_the_index_is_used_only_where_the_audio_id_is_absent_or_unknown():
    second = task().takes[1].id
    assert track(musicIndex=1).id == second
    assert track(audioId="unknown", musicIndex=1).id == second
    with pytest.raises(NotFound):
        track(audioId="unknown")
    with pytest.raises(Malformed):
        track(musicIndex=4)


def test_a_track_that_is_not_made_yet_is_a_conflict():
    with pytest.raises(Conflict):
        track(TaskState.RUNNING)
    with pytest.raises(Conflict):
        track(TaskState.FIRST_READY, musicIndex=1)
    assert track(TaskState.FIRST_READY).is_ready


def test_a_task_of_words_alone_has_no_tracks():
    words = samples.task(decode_lyrics({"prompt": "the sea"}), TaskState.COMPLETE)
    with pytest.raises(NotFound):
        timestamps.decode({"taskId": "t"}).track_of(words)
    with pytest.raises(NotFound):
        native.sung_take(words, "0")


def test_our_own_route_tells_lines_and_words_in_seconds():
    take = native.sung_take(task(), "1")
    told = native.lyrics(take)
    assert (told["index"], told["take_id"]) == (1, take.id)
    assert told["lines"][0]["words"][2] == {"text": "now", "start_s": 63.0, "end_s": 63.504}
    assert [line["text"] for line in told["lines"]] == ["Hold me now", "[oh] hold me"]


@pytest.mark.parametrize("index", ["2", "-1", "x", "", "٣", "9" * 30])
def test_a_take_that_will_never_be_is_not_found(index):
    with pytest.raises(NotFound):
        native.sung_take(task(TaskState.RUNNING), index)


def test_a_take_that_is_coming_is_a_conflict():
    with pytest.raises(Conflict):
        native.sung_take(task(TaskState.RUNNING), "1")


def test_an_lrc_file_has_each_line_at_its_hundredth_and_clears_it_in_a_pause():
    take = dataclasses.replace(task().takes[0], title="Late\n[Light]", duration_s=187.2)
    assert native.lrc(take) == (
        "[ti:Late (Light)]\n[length:03:07]\n"
        "[01:02.00]Hold me now\n[01:03.50]\n[01:10.00](oh) hold me\n[01:11.00]\n"
    )


def test_an_instrumental_has_no_lines():
    made = task()
    silent = dataclasses.replace(
        made,
        request=dataclasses.replace(made.request, voice=Voice.NOBODY),
        takes=tuple(dataclasses.replace(take, lines=(), lyrics="") for take in made.takes),
    )
    take = native.sung_take(silent, "0")
    assert native.lyrics(take)["lines"] == []
    assert native.lrc(take).splitlines()[-1].startswith("[length:")
    assert timestamps.timestamped(take, [])["data"]["alignedWords"] == []


def test_lines_and_words_survive_the_way_to_the_store_and_back():
    assert lines_from_json(lines_to_json(LINES)) == LINES


def test_a_line_can_be_told_from_another_second_on():
    moved = LINES[0].later(-60.0)
    assert (moved.start_s, moved.words[1].start_s) == (2.0, 2.5)
    assert moved.later(60.0) == LINES[0]
