"""Tiny packages of each kind, and the pack "toy" that is made of one."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from typing import Final

from cadenza.packs.catalogue import Pack, read_pack

FILES: Final = {"toy/weights.bin": b"weights" * 100, "toy/LICENSE": b"Do as you like.\n"}


def sha(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def wheel(files: Mapping[str, bytes] = FILES) -> bytes:
    """Return a wheel that pip accepts."""
    info = "toy-1.0.dist-info"
    members = {
        **files,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return made.getvalue()


def tar(files: Mapping[str, bytes] = FILES, *, prefix: str = "", kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return a tar file; of another ``kind`` all its members are links or devices."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(prefix + name)
            info.type, info.linkname = kind, "/etc/passwd" if kind != tarfile.REGTYPE else ""
            info.size = len(data) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def tarball(files: Mapping[str, bytes] = FILES) -> bytes:
    """Return what ``npm pack`` leaves."""
    return gzip.compress(tar(files), mtime=0)


def deb(
    files: Mapping[str, bytes] = FILES, *, pack: Callable[[bytes], bytes] = lzma.compress, suffix: str = ".xz"
) -> bytes:
    """Return a Debian package; ``pack`` and ``suffix`` say how its files are packed."""
    made = b"!<arch>\n"
    for name, data in {
        "debian-binary": b"2.0\n",
        f"data.tar{suffix}": pack(tar(files, prefix="./")),
    }.items():
        made += f"{name:16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data
        made += b"\n" * (len(data) % 2)
    return made


ARCHIVES: Final = {
    "pypi": ("toy-1.0-py3-none-any.whl", wheel()),
    "npm": ("toy-1.0.tgz", tarball()),
    "deb": ("toy_1.0_all.deb", deb()),
}


def toy(kind: str = "pypi", *, archive: bytes | None = None, build: str = "", everything: str = "") -> Pack:
    """Return the pack "toy": one package of two files, or all that its archive holds."""
    archive = ARCHIVES[kind][1] if archive is None else archive
    files = "\n".join(
        f'[[packages.files]]\nfrom = "{name}"\nto = "{name.removeprefix("toy/")}"\n'
        f'size_bytes = {len(data)}\nsha256 = "{sha(data)}"'
        for name, data in FILES.items()
    )
    return read_pack(f"""
name = "toy"
version = 1
title = "a toy"
default = true
build = "{build}"
[[packages]]
kind = "{kind}"
name = "toy"
version = "1.0"
sha256 = "{sha(archive)}"
size_bytes = {len(archive)}
licence = "MIT"
attribution = "Made in a test."
everything = "{everything}"
{"" if everything else files}
""")
