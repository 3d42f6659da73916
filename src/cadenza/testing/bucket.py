"""An S3 store on loopback: moto's server, a program of its own beside the tests."""

from __future__ import annotations

import http.client
import os
import secrets
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cadenza.testing.service import eventually, free_port

_DOUBLE: Final = Path(sys.prefix) / "double"  # where `make dev` puts it, apart from our own packages
_START_WITHIN_S: Final = 60.0
KEYS: Final = {"AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "a-secret"}


class BucketServer:
    """The server; use it as a context manager. Everything in it is gone with its process."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        assert (_DOUBLE / "moto").is_dir(), "the double of a store is missing: run `make dev`"
        self._process = subprocess.Popen(  # noqa: S603 - a program of the tests, no shell
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            env={**os.environ, "PYTHONPATH": str(_DOUBLE)},  # noqa: TID251 - handed on
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(self._answers, limit_s=_START_WITHIN_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None, "it was started"
        self._process.kill()
        self._process.wait()

    def new_bucket(self) -> str:
        """Make a bucket and return its name."""
        name = f"media-{secrets.token_hex(4)}"
        self.request("PUT", f"/{name}")
        return name

    def environment(self, bucket: str, *, port: int | None = None) -> dict[str, str]:
        """Return the settings that make a service use a bucket, through another port if one is given."""
        endpoint = f"http://127.0.0.1:{port or self.port}"
        return {"CADENZA_STORAGE_URL": f"s3://{bucket}/kept/here?endpoint={endpoint}", **KEYS}

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Send one request past everything of ours; return the body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        assert answer.status < 300, f"{method} {path}: {answer.status}"
        return content

    def _answers(self) -> bool:
        try:
            self.request("GET", "/")
        except OSError:
            return False
        return True
