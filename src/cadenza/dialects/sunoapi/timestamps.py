"""When each word of a track is sung, as sunoapi.org and kie.ai write it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cadenza.dialects.fields import read
from cadenza.dialects.sunoapi.tables import ANY_AUDIO_ID, MUSIC_INDEX, TASK_ID, TIMESTAMPED
from cadenza.dialects.telling import Json
from cadenza.domain.errors import Conflict, NotFound
from cadenza.domain.task import LyricLine, Operation, TakeView, TaskView


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which track: by its id, or by its place where that is absent or unknown."""

    task_id: str
    audio_id: str
    index: int | None

    def track_of(self, task: TaskView) -> TakeView:
        """Return the track. Raises ``NotFound``, and ``Conflict`` until it is made."""
        if task.operation is Operation.LYRICS:
            raise NotFound("task")
        take = next((take for take in task.takes if take.id == self.audio_id), None)
        if take is None and self.audio_id and self.index is None:
            raise NotFound("audio")
        take = take or next((take for take in task.takes if take.index == (self.index or 0)), None)
        if take is None or not take.is_ready:
            raise Conflict("The audio of this task is not completed yet.")
        return take


def decode(body: object) -> Asked:
    """Decode POST /api/v1/generate/get-timestamped-lyrics. Raises ``Malformed`` with every fault."""
    reading = read(TIMESTAMPED, body)
    reading.settle()
    return Asked(
        task_id=reading.text(TASK_ID),
        audio_id=reading.text(ANY_AUDIO_ID),
        index=reading.get(MUSIC_INDEX),
    )


def timestamped(take: TakeView, waveform: Sequence[float]) -> Json:
    """Return the reply. The times are those by which the voice was placed: the error rate is 0."""
    data = {
        "alignedWords": [word for line in take.lines for word in _words(line)],
        "waveformData": list(waveform),
        "hootCer": 0.0,
        "isStreamed": False,
    }
    return {"code": 200, "msg": "success", "data": data}


def _words(line: LyricLine) -> list[Json]:
    """Return the words of a line; a line of which only the whole is known is one entry."""
    known = [(word.text, word.start_s, word.end_s) for word in line.words]
    return [
        {"word": text, "success": True, "startS": start_s, "endS": end_s, "palign": 0}
        for text, start_s, end_s in known or [(line.text, line.start_s, line.end_s)]
    ]
