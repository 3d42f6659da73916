"""``cadenza doctor``: what is there, what is missing, and what to do about it."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import importlib.util
import json as json_text
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from cadenza.cli import options as o
from cadenza.domain.errors import Unavailable
from cadenza.settings import Settings, SettingsError, current_settings

DEFAULT_PORT: Final = 8765
_LEAST_FREE_BYTES: Final = 2 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report; ``remedy`` says what to do and is empty where all is well."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    essential: bool = True


Check = Callable[[Settings], Iterator[Finding]]


def doctor(
    *,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="The port that `serve` would take.")
    ] = DEFAULT_PORT,
    json: o.Json = False,
) -> None:
    """Look at this installation; the exit status is 0 when nothing essential is missing, else 1."""
    surroundings = current_settings()
    findings = [finding for check in CHECKS for finding in check(surroundings)]
    findings.append(_port(port))
    healthy = all(finding.ok for finding in findings if finding.essential)
    if json:
        told = {"ok": healthy, "findings": [dataclasses.asdict(finding) for finding in findings]}
        sys.stdout.write(json_text.dumps(told) + "\n")
    else:
        sys.stdout.write("".join(_line(finding) for finding in findings))
    raise typer.Exit(0 if healthy else 1)


def _line(finding: Finding) -> str:
    state = "ok     " if finding.ok else "missing"
    remedy = f"\n         → {finding.remedy}" if finding.remedy else ""
    return f"{state}  {finding.name}: {finding.detail}{remedy}\n"


def _python(_settings: Settings) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    is_new_enough = sys.version_info >= (3, 11)
    remedy = "" if is_new_enough else "Cadenza needs Python 3.11 or newer."
    yield Finding(name="Python", ok=is_new_enough, detail=version, remedy=remedy)


def _packages(_settings: Settings) -> Iterator[Finding]:
    """Yield one finding for all that the distribution itself says it needs."""
    missing, present = [], []
    for requirement in importlib.metadata.requires("cadenza") or ():
        name = _distribution_name(requirement)
        if "extra ==" in requirement:
            continue
        try:
            present.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    yield Finding(
        name="packages",
        ok=not missing,
        detail=f"missing: {', '.join(missing)}" if missing else ", ".join(sorted(present, key=str.lower)),
        remedy="Run `make install`." if missing else "",
    )


def _distribution_name(requirement: str) -> str:
    for place, letter in enumerate(requirement):
        if not (letter.isalnum() or letter in "-_."):
            return requirement[:place]
    return requirement


def _formats(_settings: Settings) -> Iterator[Finding]:
    if importlib.util.find_spec("soundfile") is None:
        yield Finding(name="sound files", ok=False, detail="no libsndfile", remedy="Run `make install`.")
        return
    import soundfile  # noqa: PLC0415 - the doctor comes also where it is missing

    known = soundfile.available_formats()
    wanted = {"WAV", "FLAC", "MP3", "OGG", "AIFF"}
    yield Finding(
        name="sound files",
        ok=wanted <= known.keys(),
        detail=f"libsndfile {soundfile.__libsndfile_version__} reads WAV, FLAC, MP3, Ogg Vorbis, Opus, AIFF",
        remedy="" if wanted <= known.keys() else "This libsndfile is too old: 1.1 or newer is needed.",
    )
    yield Finding(
        name="MP3 encoder",
        ok="MPEG_LAYER_III" in soundfile.available_subtypes("MP3"),
        detail="in libsndfile",
    )
    has_av = importlib.util.find_spec("av") is not None
    yield Finding(
        name="M4A, AAC, WebM",
        ok=has_av,
        essential=False,
        detail=f"PyAV {importlib.metadata.version('av')}"
        if has_av
        else "the extra `formats` is not installed",
        remedy="" if has_av else "Run `make formats` to read them.",
    )


def _database(surroundings: Settings) -> Iterator[Finding]:
    """Yield whether the database answers; an embedded one that is not there yet is made by `serve`."""
    if importlib.util.find_spec("sqlalchemy") is None:
        return
    import sqlalchemy  # noqa: PLC0415 - the doctor comes also where it is missing

    kind = "PostgreSQL" if surroundings.database_url else "SQLite in the data folder"
    if not surroundings.database_url and not (surroundings.data / "cadenza.sqlite").exists():
        yield Finding(name="database", ok=True, detail=f"{kind}, made at the first start")
        return
    engine = sqlalchemy.create_engine(surroundings.sqlalchemy_url)
    try:
        with engine.connect() as connection:
            count = connection.execute(sqlalchemy.text("SELECT count(*) FROM tasks")).scalar()
        yield Finding(name="database", ok=True, detail=f"{kind} answers; {count} tasks")
    except sqlalchemy.exc.SQLAlchemyError:
        remedy = "Check CADENZA_DATABASE_URL and whether the server runs; `serve` makes the tables."
        yield Finding(name="database", ok=False, detail=f"{kind} does not answer", remedy=remedy)
    finally:
        engine.dispose()


def _storage(surroundings: Settings) -> Iterator[Finding]:
    """Yield whether the bucket gives back what is written to it, where there is to be one."""
    if not surroundings.storage_url:
        return
    from cadenza.wiring.storage import probe  # noqa: PLC0415 - the doctor comes also where it is missing

    try:
        name = probe(surroundings)
        yield Finding(name="storage", ok=True, detail=f"the bucket {name} can be written, read and cleared")
    except (Unavailable, SettingsError) as trouble:
        remedy = "Check CADENZA_STORAGE_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        yield Finding(name="storage", ok=False, detail=str(trouble), remedy=remedy)


def _sandbox(_settings: Settings) -> Iterator[Finding]:
    """Yield what the cage of the decoder is made of here, tried out rather than looked up."""
    if importlib.util.find_spec("numpy") is None:
        return
    from cadenza.audio.decode import sandbox_report  # noqa: PLC0415 - needs numpy

    report = sandbox_report()
    layers = {
        "resource limits": bool(report["rlimits"]),
        f"Landlock (ABI {report['landlock_abi']})": report["landlock_abi"] > 0,
        "seccomp": report["seccomp"],
    }
    holds = all(report["refused"].values())
    yield Finding(
        name="decoder's cage",
        ok=holds,
        essential=False,
        detail=", ".join(f"{name} {'on' if on else 'off'}" for name, on in layers.items()),
        remedy=""
        if holds
        else "Foreign recordings are decoded with fewer layers of protection; Linux 5.13 or newer has all.",
    )


def _data_folder(surroundings: Settings) -> Iterator[Finding]:
    folder = surroundings.data.absolute()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    trouble = _trouble_writing(existing)
    yield Finding(
        name="data folder",
        ok=not trouble,
        detail=f"{folder}{f' ({trouble})' if trouble else ''}",
        remedy="Set CADENZA_DATA to a folder that can be written." if trouble else "",
    )
    free = shutil.disk_usage(existing).free
    yield Finding(
        name="free space",
        ok=free >= _LEAST_FREE_BYTES,
        essential=False,
        detail=f"{free / 1024**3:.1f} GiB",
        remedy="" if free >= _LEAST_FREE_BYTES else "A song takes about 50 MB while it is kept; make room.",
    )


def _packs(surroundings: Settings) -> Iterator[Finding]:
    """Yield one finding for each pack; everything works without any."""
    from cadenza.packs.shelf import Shelf  # noqa: PLC0415 - the doctor comes also where numpy is missing

    shelf = Shelf(surroundings.packs_folder)
    for pack in shelf.known.values():
        installed = shelf.find(pack.name)
        damaged = installed.damaged() if installed else ()
        is_whole = installed is not None and not damaged
        state = "installed" if is_whole else ("damaged" if damaged else "not installed")
        yield Finding(
            name=f"pack {pack.name}",
            ok=is_whole,
            essential=False,
            detail=f"{pack.title}: {state}",
            remedy="" if is_whole else f"Run `cadenza packs install {pack.name}` to have it.",
        )


def _crash_point(surroundings: Settings) -> Iterator[Finding]:
    """Yield something only where the processes of this installation would kill themselves."""
    if surroundings.crash_at:
        yield Finding(
            name="crash point",
            ok=False,
            essential=False,
            detail=f"processes kill themselves at {surroundings.crash_at}",
            remedy="CADENZA_CRASH_AT is for tests of recovery only; unset it.",
        )


def _trouble_writing(folder: Path) -> str:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or "not writable"


def _port(port: int) -> Finding:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return Finding(
                name=f"port {port}",
                ok=False,
                essential=False,
                detail="in use, perhaps by a Cadenza that runs already",
                remedy="Start with another one: `cadenza serve --port N`.",
            )
    return Finding(name=f"port {port}", ok=True, detail="free", essential=False)


# Whoever adds a part that can be missing adds its check here.
CHECKS: list[Check] = [
    _python,
    _packages,
    _formats,
    _sandbox,
    _data_folder,
    _storage,
    _packs,
    _database,
    _crash_point,
]
