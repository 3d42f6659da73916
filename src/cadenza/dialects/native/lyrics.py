"""The words of a take with their times: as JSON, and as a file that players read along."""

from __future__ import annotations

import math

from cadenza.dialects.describing import Parameter, Route
from cadenza.dialects.telling import Json
from cadenza.domain.errors import Conflict, NotFound
from cadenza.domain.task import LyricLine, Operation, TakeView, TaskView

LRC_MEDIA = "text/plain; charset=utf-8"
_PAUSE_S = 4.0


def sung_take(task: TaskView, index: str) -> TakeView:
    """Return the take whose words are asked for. Raises ``NotFound``, and ``Conflict`` until it is made."""
    take = next((take for take in task.takes if str(take.index) == index), None)
    is_coming = index.isascii() and index.isdigit() and int(index[:9]) < task.request.take_count
    if task.operation is Operation.LYRICS or (take is None and not is_coming):
        raise NotFound("take")
    if take is None or not take.is_ready:
        raise Conflict("The audio of this take is not completed yet.")
    return take


def lyrics(take: TakeView) -> Json:
    """Return all lines with the times of their words; an instrumental has none."""
    return {
        "object": "lyrics",
        "take_id": take.id,
        "index": take.index,
        "title": take.title,
        "text": take.lyrics,
        "duration_s": take.duration_s,
        "lines": [_line(line) for line in take.lines],
    }


def _line(line: LyricLine) -> Json:
    words = [{"text": word.text, "start_s": word.start_s, "end_s": word.end_s} for word in line.words]
    return {"text": line.text, "start_s": line.start_s, "end_s": line.end_s, "words": words}


def lrc(take: TakeView) -> str:
    """Return an LRC file: title, length, and each line at the hundredth of a second where it begins.

    Where nobody sings for a while, an empty line takes the last one away.
    """
    texts = [f"[ti:{_plain(take.title)}]", f"[length:{_clock(take.duration_s or 0.0)[:-3]}]"]
    for place, line in enumerate(take.lines, start=1):
        texts.append(f"[{_clock(line.start_s)}]{_plain(line.text)}")
        next_s = take.lines[place].start_s if place < len(take.lines) else math.inf
        if next_s - line.end_s > _PAUSE_S:
            texts.append(f"[{_clock(line.end_s)}]")
    return "\n".join(texts) + "\n"


def _clock(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


def _plain(text: str) -> str:
    """Return a text without what would look like a time or another line."""
    return " ".join(text.replace("[", "(").replace("]", ")").split())


def describe(sample: TakeView, replies: dict[int, dict[str, Json]], file_replies: dict[int, dict[str, Json]],
             task_id: Parameter, error_media: str) -> tuple[Route, Route]:  # fmt: skip
    """Return both routes for the API description."""
    index = Parameter(
        name="index", doc="The take, 0 for the first.", place="path", schema={"type": "integer"}
    )
    path = "/v1/tasks/{task_id}/takes/{index}/lyrics"
    return (
        Route(
            method="get", path=path, name="takeLyrics", error_media=error_media,
            summary="When each line and each word of a take is sung",
            parameters=(task_id, index), replies={**replies, 200: {"lyrics": lyrics(sample)}},
        ),
        Route(
            method="get", path=f"{path}.lrc", name="takeLyricsFile", error_media=error_media,
            summary="The words of a take as an LRC file", reply_media="text/plain",
            parameters=(task_id, index), replies=file_replies,
        ),
    )  # fmt: skip
