"""Fetching a package with the tool that its kind is fetched with, as the user has configured it.

No host is named here: pip, npm and apt-get know where their packages come from. What they bring is
believed only by its SHA-256.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cadenza.domain.errors import Unavailable
from cadenza.packs.catalogue import Kind, Package
from cadenza.packs.digest import sha256_of

_TOOLS: Final = {Kind.PYPI: "pip", Kind.NPM: "npm", Kind.DEB: "apt-get"}
_LAST_WORDS = 300  # characters of what a tool said that are told on


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment on the monotonic clock when patience ends."""

    ends_s: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline that lies some seconds from now."""
        return cls(time.monotonic() + seconds)

    def left_s(self) -> float:
        """Return the time that is left. Raises ``Unavailable`` when there is none."""
        left_s = self.ends_s - time.monotonic()
        if left_s <= 0:
            raise Unavailable("The time for installing packs was over; what is fetched is kept.")
        return left_s


def fetch(package: Package, into: Path, deadline: Deadline) -> Path:
    """Return the archive of a package as ``into``/SHA-256; one that lies there already is not fetched again.

    Raises
    ------
    Unavailable
        Its tool is not there, fails or takes too long, or what it brings is not what is pinned.
    """
    for digest in package.sha256:
        if (kept := into / digest).is_file() and sha256_of(kept) == digest:
            return kept
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=into) as folder:
        run_tool(_command(package), Path(folder), deadline, what=str(package))
        for file in Path(folder).iterdir():
            digest = sha256_of(file) if file.is_file() and not file.is_symlink() else ""
            if digest in package.sha256:
                return file.rename(into / digest)
    raise Unavailable(
        f"{_TOOLS[package.kind]} brought something else than the pinned file of {package}: "
        "its SHA-256 differs. Nothing was installed."
    )


def _command(package: Package) -> Sequence[str]:
    if package.kind is Kind.NPM:
        wanted = f"{package.name}@{package.version}"
        return [_found("npm", package), "pack", "--ignore-scripts", "--silent", wanted]
    if package.kind is Kind.DEB:
        return [_found("apt-get", package), "--quiet", "download", f"{package.name}={package.version}"]
    options = ["--no-deps", "--only-binary=:all:", "--quiet", "--disable-pip-version-check", "--no-input"]
    if package.python:
        options += ["--python-version", package.python]
    return [*_pip(package), "download", *options, f"{package.name}=={package.version}"]


def _pip(package: Package) -> Sequence[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    return [_found("pip", package)]


def _found(tool: str, package: Package) -> str:
    path = shutil.which(tool)
    if path is None:
        raise Unavailable(
            f"{package} is fetched with {tool}, which is not on this machine; install it, "
            f"or get the package another way and name its file with --from FILE."
        )
    return path


def run_tool(
    command: Sequence[str],
    folder: Path,
    deadline: Deadline,
    *,
    what: str,
    doing: str = "fetched",
    more: Mapping[str, str] | None = None,
) -> None:
    """Run a tool in a folder until it ends; it and all that it started are gone afterwards.

    It gets the environment of this process and ``more``: its configuration is the user's.

    Raises
    ------
    Unavailable
        With the end of what it said, where it fails or is not done in time.
    """
    with tempfile.TemporaryFile() as said:
        tool = subprocess.Popen(  # noqa: S603 - a list of words, no shell
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(more or {})},  # noqa: TID251 - handed on
        )
        try:
            status = tool.wait(deadline.left_s())
        except subprocess.TimeoutExpired:
            raise Unavailable(f"The time for installing packs was over while {what} was {doing}.") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(tool.pid, signal.SIGKILL)
            tool.wait()
        if status != 0:
            said.seek(0)
            words = " ".join(said.read().decode(errors="replace").split())
            raise Unavailable(f"{what} could not be {doing}: {words[-_LAST_WORDS:] or f'status {status}'}")
