"""Where everything that is installed comes from, and under which licence."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/dependencies.md").read_text()
INSTALLED = ("base", "formats", "storage", "telemetry")
FREE = re.compile(r"MIT|BSD|Apache|ISC|MPL|Mozilla|LGPL|PSF|Zlib|CC0", re.IGNORECASE)


def locked(name):
    """Return the packages of a lock that this platform installs."""
    names = re.findall(r"^([a-z0-9-]+)==", (ROOT / f"requirements/{name}.txt").read_text(), re.MULTILINE)
    return set(names) - {"colorama"}  # Windows only


def licence(package):
    """Return the licence of an installed package as its metadata names it."""
    told = importlib.metadata.metadata(package)
    if expression := told.get("License-Expression"):
        return expression
    classifiers = [one.split(" :: ")[-1] for one in told.get_all("Classifier") or [] if "License ::" in one]
    return " or ".join(classifiers) or (told.get("License") or "").strip().splitlines()[0]


def rows():
    """Return the table of all installed packages: package to licence."""
    table = PAGE.partition("## Everything that is installed")[2].partition("|---|---|")[2]
    return dict(re.findall(r"^\| ([a-z0-9-]+) \| ([^|]+?) \|", table, re.MULTILINE))


@pytest.fixture
def wheel(tmp_path):
    """A package of one line, its wheel in a folder, its hash."""
    path = tmp_path / "speck-1.0-py3-none-any.whl"
    info = "speck-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("speck.py", "size = 1\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: speck\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        digest = base64.urlsafe_b64encode(hashlib.sha256(b"size = 1\n").digest()).rstrip(b"=").decode()
        archive.writestr(f"{info}/RECORD", f"speck.py,sha256={digest},9\n{info}/RECORD,,\n")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def install(wheel, digest, folder):
    (folder / "lock.txt").write_text(f"speck==1.0 --hash=sha256:{digest}\n")
    words = [
        "--require-hashes",
        "--no-index",
        "--find-links",
        str(wheel.parent),
        "--target",
        str(folder / "to"),
    ]
    return subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", *words, "-r", str(folder / "lock.txt")],
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull},  # noqa: TID251 - handed on
        capture_output=True,
        text=True,
        check=False,
    )


def test_sc_01_a_wheel_with_the_locked_hash_is_installed_and_one_changed_digit_is_refused(wheel, tmp_path):
    path, digest = wheel
    assert install(path, digest, tmp_path).returncode == 0
    changed = ("0" if digest[0] != "0" else "1") + digest[1:]
    (tmp_path / "again").mkdir()
    refused = install(path, changed, tmp_path / "again")
    assert refused.returncode != 0
    assert "HASH" in refused.stderr
    assert not (tmp_path / "again/to").exists()


def test_sc_01_every_command_that_fetches_packages_requires_hashes():
    recipes = (ROOT / "Makefile").read_text() + (ROOT / "Dockerfile").read_text()
    for line in re.sub(r"\\\n", " ", recipes).splitlines():
        if "pip install" in line and "--no-deps" not in line:
            assert "--require-hashes" in line, line


def test_sc_02_the_audit_is_strict_and_its_failure_fails_the_command():
    recipe = re.search(r"^audit:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    assert "pip-audit --strict" in recipe
    assert "||" not in recipe
    assert not re.search(r"^\t@?-", recipe, re.MULTILINE)


def test_sc_02_an_audit_that_reaches_no_service_fails():
    program = ROOT / ".venv/release/bin/pip-audit"
    if not program.exists():
        pytest.skip("the release tools are not installed: make audit installs them")
    nowhere = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:9")
    lock = ROOT / "requirements/formats.txt"
    ran = subprocess.run(
        [program, "--strict", "--disable-pip", "--require-hashes", "--timeout", "5", "-r", lock],
        env={**os.environ, **nowhere},  # noqa: TID251 - handed on
        capture_output=True,
        check=False,
    )
    assert ran.returncode != 0


def test_sc_03_every_package_of_a_release_is_in_the_table_with_the_licence_it_states(tried):
    packages = set().union(*(locked(name) for name in INSTALLED))
    told = rows()
    assert told.keys() == packages
    for package in packages:
        assert told[package] == licence(package), package
    tried(len(packages))


def test_sc_03_the_bill_of_materials_lists_what_the_lock_pins_with_a_licence_for_each():
    path = ROOT / "sbom.json"
    if not path.exists():
        pytest.skip("sbom.json is not there: make sbom writes it")
    parts = json.loads(path.read_text())["components"]
    assert {part["name"].lower().replace("_", "-") for part in parts} == locked("base")
    assert [part["name"] for part in parts if not part.get("licenses")] == []


def test_sc_03_every_licence_is_one_that_allows_use_and_redistribution():
    for package, told in rows().items():
        assert FREE.search(told), f"{package}: {told}"
        assert not re.search(r"(?<!L)GPL|AGPL|SSPL|Commercial", told), f"{package}: {told}"


def test_sc_03_what_is_installed_is_what_the_lock_says():
    lock = (ROOT / "requirements/dev.txt").read_text()
    pinned = re.findall(r"^([a-z0-9-]+)==(\S+?)(?: ;| \\|$)", lock, re.MULTILINE)
    known = {package: {version for name, version in pinned if name == package} for package, _ in pinned}
    for package in set().union(*(locked(name) for name in INSTALLED)) & known.keys():
        assert importlib.metadata.version(package) in known[package], package
