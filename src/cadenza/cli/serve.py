"""``cadenza serve`` and ``cadenza work``: the service on this machine, and workers on others."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cadenza.cli.packs_once import packs_in_background
from cadenza.cli.supervisor import Charge, Supervisor
from cadenza.cli.surroundings import WrongInput
from cadenza.settings import Settings, current_settings
from cadenza.wiring import check_collector, check_engine

DEFAULT_PORT = 8765
_FIRST_KEY_FILE = "first-key"
_FIRST_CREDITS = 10_000
_READY_WITHIN_S = 30.0
_API = "from cadenza.wiring.serving import serve_api; serve_api({host!r}, {port})"
_WORKER = "from cadenza.wiring.serving import work; work()"
_CURL = """curl -s {url}/api/v1/generate \
-H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \
-d '{{"customMode":false,"instrumental":true,"model":"V4_5","prompt":"warm lo-fi piano, 80 bpm"}}'"""


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = DEFAULT_PORT,
    data: Annotated[Path | None, typer.Option(help="Data folder (CADENZA_DATA).", show_default=False)] = None,
    workers: Annotated[int, typer.Option(min=0, max=64, help="How many takes are rendered at once.")] = 1,
) -> None:
    """Start the API and its workers; Ctrl-C ends them. The first start makes a key and prints it."""
    url_host = f"[{host}]" if ":" in host else ("127.0.0.1" if host == "0.0.0.0" else host)  # noqa: S104 - a comparison
    chosen = current_settings(data=data)
    check_engine(chosen.engine)
    check_collector(chosen)
    url = chosen.public_url or f"http://{url_host}:{port}"
    with _data_folder(chosen, url):
        _check_port(host, port)
        key = _first_key(chosen)
        environment = {**os.environ, "CADENZA_DATA": str(chosen.data.absolute()), "CADENZA_PUBLIC_URL": url}  # noqa: TID251 - handed on
        charges = [Charge("API", _API.format(host=host, port=port), environment, is_vital=True)]
        charges += [Charge(f"worker {number}", _WORKER, environment) for number in range(1, workers + 1)]
        if chosen.crash_at:
            _say(f"CADENZA_CRASH_AT is set: processes kill themselves at {chosen.crash_at}. For tests only.")
        supervisor = Supervisor(charges, _say)
        supervisor.start()
        if _is_ready(f"http://{url_host}:{port}/healthz", supervisor):
            _greet(url, key)
        elif not supervisor.is_stopping:
            _say(f"The API has not answered within {_READY_WITHIN_S:g} s; it is tried again until Ctrl-C.")
        with packs_in_background(chosen, environment["CADENZA_DATA"]):
            status = supervisor.watch()
    _say("Stopped. Nothing accepted was lost; the next start goes on." if status == 0 else "Stopped.")
    raise typer.Exit(status)


def work(
    *,
    data: Annotated[Path | None, typer.Option(help="Data folder (CADENZA_DATA).", show_default=False)] = None,
) -> None:
    """Run one worker for a server elsewhere that shares the database and the data folder; Ctrl-C ends it."""
    from cadenza.wiring.serving import work as run  # noqa: PLC0415 - the server's parts load slowly

    chosen = current_settings(data=data)
    check_collector(chosen)
    os.environ["CADENZA_DATA"] = str(chosen.data.absolute())  # noqa: TID251 - handed on to the render child
    run(tied=False)


@contextmanager
def _data_folder(chosen: Settings, url: str) -> Iterator[None]:
    """Hold the data folder, where files must be possible; one server at a time if the database lies in it."""
    try:
        chosen.data.mkdir(parents=True, exist_ok=True)
        lock = os.open(chosen.data / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise WrongInput(
            f"The data folder {chosen.data} cannot be written to ({error.strerror}); "
            "choose another with --data or CADENZA_DATA, or mend its permissions."
        ) from None
    if chosen.database_url:  # several servers may share it
        os.close(lock)
        yield
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        running = os.pread(lock, 1000, 0).decode(errors="replace").strip()
        raise WrongInput(
            f"Cadenza already runs on the data folder {chosen.data}: {running or 'see its terminal'}."
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{url}, process {os.getpid()}".encode(), 0)
    try:
        yield
    finally:
        os.ftruncate(lock, 0)
        os.close(lock)


def _check_port(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise WrongInput(
                f"Port {port} is taken by another program; choose another with --port."
            ) from None
        raise WrongInput(
            f"Cannot listen on {host} port {port} ({error.strerror}); choose others with --host and --port."
        ) from None


def _first_key(chosen: Settings) -> str | None:
    """Return the key that the first start made; make it where there is no key at all.

    It lies in a file only its owner can read, so that it can be shown again; the database has its digest.
    """
    from cadenza.wiring.desk import open_desk  # noqa: PLC0415 - the server's parts load slowly

    path = chosen.data / _FIRST_KEY_FILE
    with open_desk(chosen) as desk:
        live = [one for one in desk.all_keys() if one.revoked_at is None]
        if path.exists():
            key = path.read_text().strip()
            return key if any(f"_{one.id}_" in key for one in live) else None
        if live:
            return None
        key = desk.create_key("first", credits=_FIRST_CREDITS).key
    path.touch(mode=0o600)
    path.write_text(key + "\n")
    return key


def _is_ready(url: str, supervisor: Supervisor) -> bool:
    ends_s = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < ends_s and not supervisor.is_stopping:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own server
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def _greet(url: str, key: str | None) -> None:
    lines = [f"Cadenza is ready at {url}  (API documents and try-it page: {url}/docs)"]
    if key is None:
        lines.append("Make a key with: cadenza key create NAME --credits 1000")
    else:
        lines += [f"Key: {key}", "Try it:", _CURL.format(url=url, key=key)]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _say(sentence: str) -> None:
    sys.stderr.write(f"cadenza: {sentence}\n")
