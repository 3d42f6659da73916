"""What packs there are: one readable file each in ``data/``, of pinned packages and files taken from them."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

from cadenza.domain.errors import NotFound


class Kind(StrEnum):
    """Where a package comes from, which is also what kind of archive it is."""

    PYPI = "pypi"
    NPM = "npm"
    DEB = "deb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One file of a package: its path in the archive, its path in the pack, and what it must be.

    Without ``keep`` it is there for the build alone and gone afterwards.
    """

    source: str
    target: str
    size_bytes: int
    sha256: str
    keep: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One pinned package. ``sha256`` holds several where each platform has an archive of its own.

    ``everything`` names the sub-folder that all files of the archive go to; empty: only ``files`` are taken.
    ``python`` is the version of Python that pip is to look for; empty: the one that runs.
    """

    kind: Kind
    name: str
    version: str
    sha256: tuple[str, ...]
    size_bytes: int
    licence: str
    attribution: str
    files: tuple[Taken, ...]
    everything: str = ""
    python: str = ""

    def __str__(self) -> str:
        """Return "name version"."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One pack. ``build`` is "module:function" or empty; ``digest`` changes with every word of its file."""

    name: str
    version: int
    title: str
    default: bool
    packages: tuple[Package, ...]
    build: str
    build_limit_s: float
    digest: str

    @property
    def size_bytes(self) -> int:
        """What is fetched for it."""
        return sum(package.size_bytes for package in self.packages)

    @property
    def licences(self) -> str:
        """All licences in it, each once."""
        return ", ".join(dict.fromkeys(package.licence for package in self.packages))


@functools.cache
def catalogue() -> Mapping[str, Pack]:
    """Return all packs by their names."""
    folder = resources.files("cadenza.packs").joinpath("data")
    texts = sorted((one.name, one.read_text()) for one in folder.iterdir() if one.name.endswith(".toml"))
    packs = [read_pack(text) for _, text in texts]
    return {pack.name: pack for pack in packs}


def pack_named(name: str) -> Pack:
    """Return a pack by its name. Raises ``NotFound``."""
    found = catalogue().get(name)
    if found is None:
        raise NotFound("pack; `cadenza packs list` names them")
    return found


def read_pack(text: str) -> Pack:
    """Read the file of one pack; a mistake in it is a programmer's and raises as it comes."""
    told = tomllib.loads(text)
    pack = Pack(
        name=told["name"],
        version=told["version"],
        title=told["title"],
        default=told.get("default", False),
        packages=tuple(_package(one) for one in told["packages"]),
        build=told.get("build", ""),
        build_limit_s=float(told.get("build_limit_s", 600)),
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
    targets = [file.target for package in pack.packages for file in package.files]
    assert len(set(targets)) == len(targets), "each file of a pack has a place of its own"
    return pack


def is_safe(path: str) -> bool:
    """Answer whether a path of an archive stays inside the folder that it is unpacked to."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and not set(path) & set("\\:\0")


def _package(told: Mapping[str, Any]) -> Package:
    digests = told["sha256"]
    return Package(
        kind=Kind(told["kind"]),
        name=told["name"],
        version=told["version"],
        sha256=(digests,) if isinstance(digests, str) else tuple(digests),
        size_bytes=told["size_bytes"],
        licence=told["licence"],
        attribution=told["attribution"],
        files=tuple(_taken(one) for one in told.get("files", ())),
        everything=told.get("everything", ""),
        python=told.get("python", ""),
    )


def _taken(told: Mapping[str, Any]) -> Taken:
    assert is_safe(told["to"]), "a pack's own paths stay inside it"
    return Taken(
        source=told["from"],
        target=told["to"],
        size_bytes=told["size_bytes"],
        sha256=told["sha256"],
        keep=told.get("keep", True),
    )
