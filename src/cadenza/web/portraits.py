"""Portraits of recordings: heard in a process of their own, once for each content, and kept for a day.

Hearing takes about a second of a processor, so it never happens in the process that answers callers. What
was heard depends on nothing but the recording: it is kept under the recording's digest, and what is lost is
heard again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from cadenza.audio.files import appearing_whole
from cadenza.domain.errors import Fault, GenerationFailed, Gone, Malformed, NotFound, Unavailable
from cadenza.music.findings import FINDINGS_VERSION
from cadenza.publish.port import Media

# One uses one processor for a second or two; others wait their turn.
_AT_ONCE = max(1, (os.cpu_count() or 1) // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portraits:
    """Hears recordings in children of ``command`` and keeps what was heard in ``folder``.

    ``door`` opens the nursery that decodes them (see ``audio.children``); ``limit_s`` ends a child.
    """

    media: Media
    door: Callable[[], int]
    command: Sequence[str]
    folder: Path
    scratch_folder: Path
    longest_s: float
    limit_s: float
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    def kept(self, sha256: str) -> dict[str, Any] | None:
        """Return what was heard in the recording of a digest before, None where it is not kept."""
        path = self._path(sha256)
        try:
            told: dict[str, Any] = orjson.loads(path.read_bytes())
            os.utime(path)  # a day from now on
        except (FileNotFoundError, orjson.JSONDecodeError):
            return None
        return told

    def hear(self, sha256: str) -> dict[str, Any]:
        """Return what is heard in a stored recording, and keep it. Blocks for as long as that takes.

        Raises
        ------
        Gone
            Its file is not there any more.
        Malformed
            It is silent or has too little music.
        Unavailable
            The storage does not answer, or hearing took longer than the limit.
        """
        if (told := self.kept(sha256)) is not None:  # somebody was faster
            return told
        self.scratch_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.scratch_folder) as folder:
            path = Path(folder) / "recording"
            try:
                self.media.keep(sha256, path)
            except NotFound:
                raise Gone("upload") from None
            told = self._heard(path)
        self._keep(sha256, told)
        return told

    def forget(self, digests: Iterable[str]) -> None:
        """Forget what was heard in recordings that are deleted."""
        for sha256 in digests:
            for path in self.folder.glob(f"{sha256}-*"):
                path.unlink(missing_ok=True)

    def _heard(self, path: Path) -> dict[str, Any]:
        door = self.door()
        order = orjson.dumps({"source_path": str(path), "nursery": door, "longest_s": self.longest_s})
        child = subprocess.Popen(  # noqa: S603 - our own command, no shell
            list(self.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            pass_fds=(door,),
        )
        try:
            said, _ = child.communicate(order, timeout=self.limit_s)
        except subprocess.TimeoutExpired:
            raise Unavailable("Hearing the recording took longer than this server allows.") from None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.communicate()
        if child.returncode != 0:
            raise GenerationFailed("The recording could not be heard: the process for it ended unexpectedly.")
        told: dict[str, Any] = orjson.loads(said)
        if "reason" in told:
            raise Malformed(Fault("upload_id", str(told["reason"])))
        return told

    def _keep(self, sha256: str, told: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with appearing_whole(self._path(sha256)) as unfinished:
            unfinished.write_bytes(orjson.dumps(told))

    def _path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}-{FINDINGS_VERSION}.json"
