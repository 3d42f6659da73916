"""ST-01: no id and no name of a caller leads to a file; every file that is opened meanwhile is looked at."""

from __future__ import annotations

import base64
import re
import sys
import sysconfig
from pathlib import Path
from urllib.parse import quote

import pytest

from cadenza.testing.audio import noise
from cadenza.testing.files import file_bytes

ROOT = Path(__file__).parents[2]
DIGEST = re.compile(r"[0-9a-f]{64}")
NAMES = [
    "..", ".", "../", "../../../../etc/passwd", "/etc/passwd", "//etc/passwd", "..\\..\\etc\\passwd", "C:\\x",
    "%2e%2e/", "%2e%2e%2fetc%2fpasswd", "%252e%252e%252fetc%252fpasswd", "..%c0%afetc", "%c0%ae%c0%ae/x",
    "....//....//etc/passwd", "..;/etc/passwd", "\x00", "a\x00.mp3", "file:///etc/passwd", "cadenza.sqlite",
    "../cadenza.sqlite", "../pepper", "pepper", "arriving", "~root", "$HOME", "\u2025/etc",
    "\uff0e\uff0e/etc",
    "a" * 64, "ab/" + "ab" * 32, "-", "*", "?", "", " ", "CON", "/proc/self/environ",
]  # fmt: skip
PLACES = [
    "/media/{}", "/media/{}.mp3", "/media/{}-peaks.json", "/stream/{}.mp3", "/files/{}/in.wav",
    "/files/up_0/{}",
    "/v1/tasks/{}", "/v1/tasks/{}/events", "/v1/tasks/{}/callbacks", "/v1/uploads/{}", "/v1/takes/{}",
    "/api/v1/tasks/{}", "/api/v1/generate/record-info?taskId={}", "/api/v1/client/job/TaskInfo?task_id={}",
    "/api/v1/audio/music/feed?task_id={}",
]  # fmt: skip


class Watch:
    """Writes down which files this process opens, while ``is_on``; Python offers no way to end it."""

    def __init__(self):
        self.is_on, self.opened = False, []
        sys.addaudithook(self._hear)

    def _hear(self, event, arguments):
        if self.is_on and event == "open" and isinstance(arguments[0], str | bytes):
            self.opened.append(Path(arguments[0] if isinstance(arguments[0], str) else arguments[0].decode()))


@pytest.fixture(scope="module")
def watch():
    return Watch()


def strangers(opened, data):
    """Return those paths that are neither ours to open nor the interpreter's own modules."""
    own = [data, Path("/dev/null"), ROOT, *(Path(folder) for folder in sysconfig.get_paths().values())]
    return [
        path
        for path in opened
        if not any(path.is_relative_to(one) for one in own) and not DIGEST.fullmatch(str(path))
    ]


def uploads(name):
    recording = base64.b64encode(file_bytes(noise(0.05), "wav")).decode()
    yield "POST", "/v1/uploads", {"data_base64": recording, "file_name": name}
    yield "POST", "/api/file-base64-upload", {"base64Data": recording, "uploadPath": name, "fileName": name}


def test_ST_01_no_id_or_name_of_a_caller_opens_a_file_outside_the_data_folder(house, data, watch, tried):
    key = house.caller("traveller")
    asked = [("GET", place.format(quote(name, safe="")), None) for name in NAMES for place in PLACES]
    asked += [("GET", place.format(name), None) for name in NAMES if name.isprintable() for place in PLACES]
    brought = [request for name in NAMES for request in uploads(name)]
    watch.opened.clear()
    watch.is_on = True
    try:
        answers = house.ask(key, *asked, *brought)
    finally:
        watch.is_on = False
    assert not strangers(watch.opened, data)
    assert {answer.status_code for answer in answers[: len(asked)]} <= {200, 307, 400, 404, 405, 422}
    secrets = (b"root:", b"SQLite format", *(path.read_bytes() for path in data.glob("pepper")))
    assert not [answer for answer in answers for secret in secrets if secret in answer.content]
    assert {answer.status_code for answer in answers[len(asked) :]} <= {200, 201, 400, 422}
    below = {path.relative_to(data).parts[0] for path in data.rglob("*")}
    assert below <= {
        "cadenza.sqlite",
        "cadenza.sqlite-shm",
        "cadenza.sqlite-wal",
        "pepper",
        "media",
        "scratch",
    }
    tried(len(answers))
