"""Every knob, read once, typed and documented. ``docs/settings.md`` is checked against this file."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cadenza import crash

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(Exception):
    """A setting has a value that cannot be used; the text names the variable and what it takes."""


def _knob(default: object, variable: str, doc: str) -> Any:
    return field(default=default, metadata={"variable": variable, "doc": doc})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one process. Each is the environment variable named beside it."""

    data: Path = _knob(
        Path(".cadenza"),
        "CADENZA_DATA",
        "Folder for the embedded database, media files, uploads and the pepper of the key hashes.",
    )
    database_url: str = _knob(
        "",
        "CADENZA_DATABASE_URL",
        "`postgresql://user:password@host/name` when one machine is not enough; "
        "empty: an SQLite file in the data folder.",
    )
    storage_url: str = _knob(
        "",
        "CADENZA_STORAGE_URL",
        "`s3://bucket/prefix?endpoint=https://host&region=name`: the bucket of an S3-compatible store where "
        "media files lie, all but the bucket may be absent; empty: the data folder.",
    )
    aws_access_key_id: str = _knob(
        "", "AWS_ACCESS_KEY_ID", "Who we are at the store; empty: the role that this machine has."
    )
    aws_secret_access_key: str = _knob("", "AWS_SECRET_ACCESS_KEY", "The secret that belongs to it.")
    aws_session_token: str = _knob("", "AWS_SESSION_TOKEN", "With keys that end by themselves: their token.")
    aws_region: str = _knob("", "AWS_REGION", "The store's region if the URL names none; empty: us-east-1.")
    engine: str = _knob("embedded", "CADENZA_ENGINE", "The engine that makes the takes.")
    public_url: str = _knob(
        "",
        "CADENZA_PUBLIC_URL",
        "How callers reach this server, the start of every media URL; empty: http://HOST:PORT of `serve`.",
    )
    outbound_allow: str = _knob(
        "",
        "CADENZA_OUTBOUND_ALLOW",
        "Comma-separated networks and hosts that source URLs and callbacks may reach "
        "although they are not public, e.g. `192.168.0.0/16,printer.lan`.",
    )
    pepper: str = _knob(
        "",
        "CADENZA_PEPPER",
        "Secret that key hashes are mixed with; needed when several machines share one database. "
        "Empty: made once and kept in the data folder.",
    )
    artist: str = _knob("Cadenza", "CADENZA_ARTIST", "Who the files of a take name as their artist.")
    song_seconds: float = _knob(
        0.0,
        "CADENZA_SONG_SECONDS",
        "Length of a song when the request names none, in seconds; 0: 120-180 s as the form asks.",
    )
    extend_seconds: float = _knob(
        0.0,
        "CADENZA_EXTEND_SECONDS",
        "Length of a continuation when the request names none, in seconds; 0: 40-90 s in whole phrases.",
    )
    body_limit_bytes: int = _knob(
        1_000_000, "CADENZA_BODY_LIMIT_BYTES", "Largest JSON body that is read before it is refused."
    )
    upload_limit_bytes: int = _knob(
        100_000_000, "CADENZA_UPLOAD_LIMIT_BYTES", "Largest uploaded or fetched audio file."
    )
    body_deadline_s: float = _knob(
        30.0,
        "CADENZA_BODY_DEADLINE_S",
        "Time in which a JSON body must have arrived; uploads get ten times it.",
    )
    fetch_deadline_s: float = _knob(
        60.0, "CADENZA_FETCH_DEADLINE_S", "Time in which a source URL must have been fetched whole."
    )
    retention_days: int = _knob(14, "CADENZA_RETENTION_DAYS", "Days that the files of a take are kept.")
    upload_retention_days: int = _knob(
        3, "CADENZA_UPLOAD_RETENTION_DAYS", "Days that an uploaded file is kept."
    )
    sunoapi_status: str = _knob(
        "body",
        "CADENZA_SUNOAPI_STATUS",
        "`body`: errors of the sunoapi dialect are HTTP 200 with the code in the body; "
        "`mirrored`: the HTTP status says it too.",
    )
    crun_status: str = _knob(
        "body", "CADENZA_CRUN_STATUS", "As CADENZA_SUNOAPI_STATUS, for the crun dialect."
    )
    max_attempts: int = _knob(
        3, "CADENZA_MAX_ATTEMPTS", "How often a task is tried when workers die under it, before it fails."
    )
    worker_dead_s: float = _knob(
        15.0,
        "CADENZA_WORKER_DEAD_S",
        "Silence after which a worker counts as dead and its task goes to another.",
    )
    task_limit_s: float = _knob(
        900.0, "CADENZA_TASK_LIMIT_S", "Longest time one rendering may take before it is stopped and fails."
    )
    rate_limit: int = _knob(
        0,
        "CADENZA_RATE_LIMIT",
        "Creating requests that one key may make in any 10 seconds, counted by each API process for itself; "
        "0: as many as come.",
    )
    tasks_per_account: int = _knob(
        0,
        "CADENZA_TASKS_PER_ACCOUNT",
        "Tasks that one account may have queued and running at once; 0: as many as come.",
    )
    tasks_per_day: int = _knob(
        0,
        "CADENZA_TASKS_PER_DAY",
        "Tasks that one account may create in a day (UTC), where it has no limit of its own; "
        "0: as many as come.",
    )
    storage_bytes: int = _knob(
        0,
        "CADENZA_STORAGE_BYTES",
        "Size of all files that one account may keep, takes and uploads, where it has no limit of its own; "
        "0: no limit.",
    )
    wrong_keys: int = _knob(
        100,
        "CADENZA_WRONG_KEYS",
        "Wrong keys that one address may show in a minute, counted by each API process for itself, before "
        "further ones are refused unlooked at; 0: as many as come.",
    )
    trusted_proxies: str = _knob(
        "",
        "CADENZA_TRUSTED_PROXIES",
        "Comma-separated networks of reverse proxies whose X-Forwarded-For is believed, "
        "e.g. `127.0.0.1,10.0.0.0/8`; empty: none is.",
    )
    queue_limit: int = _knob(
        10_000,
        "CADENZA_QUEUE_LIMIT",
        "Tasks that may wait for a worker, over all accounts, before new ones are refused; 0: no limit.",
    )
    streams_per_account: int = _knob(
        100,
        "CADENZA_STREAMS_PER_ACCOUNT",
        "Event streams that one account may have open at once, counted by each API process for itself; "
        "0: as many as come.",
    )
    places_per_account: int = _knob(
        100,
        "CADENZA_PLACES_PER_ACCOUNT",
        "Different hosts and ports that one account may name in source URLs and callbacks in any 10 minutes, "
        "counted by each API process for itself; 0: as many as come.",
    )
    lyrics_url: str = _knob(
        "",
        "CADENZA_LYRICS_URL",
        "Base URL of an OpenAI-compatible service that writes lyrics, e.g. `http://127.0.0.1:11434/v1`; "
        "where it fails the built-in writer does, and says so; empty: the built-in writer.",
    )
    lyrics_model: str = _knob(
        "", "CADENZA_LYRICS_MODEL", "The model that the service is asked for; empty: `default`."
    )
    lyrics_key: str = _knob("", "CADENZA_LYRICS_KEY", "The key for that service, sent as a bearer token.")
    lyrics_deadline_s: float = _knob(
        60.0, "CADENZA_LYRICS_DEADLINE_S", "Time in which the service must have written one text."
    )
    packs: str = _knob(
        "", "CADENZA_PACKS", "Folder of the installed packs; empty: `packs` in the data folder."
    )
    packs_auto: float = _knob(
        0.0,
        "CADENZA_PACKS_AUTO",
        "Seconds that `serve` gives to fetching the default packs, in the background and once for a packs "
        "folder; 0: it fetches none. `make up` gives 900 where nothing is said.",
    )
    log_level: str = _knob("info", "CADENZA_LOG_LEVEL", "`debug`, `info`, `warning` or `error`.")
    otel_endpoint: str = _knob(
        "",
        "CADENZA_OTEL_ENDPOINT",
        "OTLP/HTTP base URL of an OpenTelemetry collector, e.g. `http://collector:4318`; "
        "needs the extra `telemetry`; empty: no traces.",
    )
    otel_standard_endpoint: str = _knob(
        "", "OTEL_EXPORTER_OTLP_ENDPOINT", "The same under its standard name, where the first is empty."
    )
    crash_at: str = _knob(
        "",
        "CADENZA_CRASH_AT",
        "For tests of recovery only: the point of `crash.py` at which a process kills itself, "
        "with `:n` at its n-th passage.",
    )

    @property
    def trusted_networks(self) -> tuple[Network, ...]:
        """The networks of the trusted proxies."""
        return _networks("CADENZA_TRUSTED_PROXIES", self.trusted_proxies)

    @property
    def sqlalchemy_url(self) -> str:
        """The database as SQLAlchemy names it."""
        if not self.database_url:
            return f"sqlite:///{self.data.absolute() / 'cadenza.sqlite'}"
        _, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}"

    @property
    def collector(self) -> str:
        """Where traces go; "" for nowhere."""
        return self.otel_endpoint or self.otel_standard_endpoint

    @property
    def packs_folder(self) -> Path:
        """Where the installed packs lie."""
        return Path(self.packs) if self.packs else self.data / "packs"

    @property
    def media_folder(self) -> Path:
        """Where published files lie, named by content."""
        return self.data / "media"

    @property
    def streams_folder(self) -> Path:
        """Where takes grow while they are rendered."""
        return self.data / "streams"

    @property
    def portraits_folder(self) -> Path:
        """Where what was heard in uploads is kept for a day."""
        return self.data / "portraits"

    @property
    def scratch_folder(self) -> Path:
        """Where attempts keep their unfinished files."""
        return self.data / "scratch"


_SERVICE_URL = re.compile(r"https?://(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?(?:/[^\s?#]*)?")
_CHOICES = {
    "CADENZA_SUNOAPI_STATUS": ("body", "mirrored"),
    "CADENZA_CRUN_STATUS": ("body", "mirrored"),
    "CADENZA_LOG_LEVEL": ("debug", "info", "warning", "error"),
}
_POSITIVE = {
    "CADENZA_BODY_LIMIT_BYTES",
    "CADENZA_UPLOAD_LIMIT_BYTES",
    "CADENZA_BODY_DEADLINE_S",
    "CADENZA_FETCH_DEADLINE_S",
    "CADENZA_LYRICS_DEADLINE_S",
    "CADENZA_RETENTION_DAYS",
    "CADENZA_UPLOAD_RETENTION_DAYS",
    "CADENZA_MAX_ATTEMPTS",
    "CADENZA_WORKER_DEAD_S",
    "CADENZA_TASK_LIMIT_S",
}


def current_settings(**overrides: object) -> Settings:
    """Return the settings of this process: its environment, then what the command line says."""
    return from_environment(os.environ, **overrides)  # noqa: TID251 - the one place that reads it


def from_environment(environment: Mapping[str, str], **overrides: object) -> Settings:
    """Read all settings; an empty variable counts as absent; ``overrides`` come from the command line.

    Raises
    ------
    SettingsError
        For a value that cannot be used, or a ``CADENZA_`` variable that does not exist.
    """
    values: dict[str, Any] = {}
    known = {knob.metadata["variable"]: knob for knob in dataclasses.fields(Settings)}
    for variable, text in environment.items():
        if not text:
            continue
        if variable not in known:
            if not variable.startswith("CADENZA_"):
                continue
            raise SettingsError(f"{variable} is not a setting; docs/settings.md lists them all.")
        values[known[variable].name] = _parse(variable, text, known[variable].default)
    values.update({name: value for name, value in overrides.items() if value is not None})
    return Settings(**values)


def _parse(variable: str, text: str, default: object) -> object:
    if variable in _CHOICES and text not in _CHOICES[variable]:
        raise SettingsError(f"{variable} takes one of: {', '.join(_CHOICES[variable])}.")
    if isinstance(default, Path):
        return Path(text)
    if isinstance(default, (int, float)):
        return _parse_number(variable, text, type(default))
    if variable == "CADENZA_DATABASE_URL" and not text.startswith(("postgresql://", "postgres://")):
        raise SettingsError(f"{variable} takes postgresql://user:password@host/name or nothing.")
    if variable == "CADENZA_CRASH_AT" and not crash.is_place(text):
        raise SettingsError(f"{variable} takes one of: {', '.join(crash.POINTS)}; or one of them with `:n`.")
    if variable == "CADENZA_STORAGE_URL" and not text.startswith("s3://"):
        raise SettingsError(f"{variable} takes s3://bucket/prefix?endpoint=https://host or nothing.")
    if variable == "CADENZA_LYRICS_URL" and not _SERVICE_URL.fullmatch(text):
        raise SettingsError(f"{variable} takes http://host:port/path or https://..., without a user name.")
    if variable == "CADENZA_TRUSTED_PROXIES":
        _networks(variable, text)
    return text.rstrip("/") if variable == "CADENZA_PUBLIC_URL" else text


def _parse_number(variable: str, text: str, kind: type[int | float]) -> int | float:
    try:
        number = kind(text)
    except ValueError:
        raise SettingsError(f"{variable} takes a number.") from None
    if not 0 <= number < float("inf") or (variable in _POSITIVE and number == 0):
        raise SettingsError(f"{variable} takes a number above 0.")
    return number


def _networks(variable: str, text: str) -> tuple[Network, ...]:
    entries = [entry.strip() for entry in text.split(",")]
    try:
        return tuple(ipaddress.ip_network(entry) for entry in entries if entry)
    except ValueError:
        raise SettingsError(f"{variable} takes addresses and networks like 10.0.0.0/8.") from None
