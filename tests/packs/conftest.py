"""A shelf of packs, and a folder that packages are served from."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from cadenza.audio.signal import Signal
from cadenza.packs.fetch import Deadline
from cadenza.packs.install import Installer
from cadenza.packs.shelf import Shelf
from cadenza.testing.packages import ARCHIVES


@dataclass
class Bench:
    """A shelf, and what was said while packs were installed on it."""

    shelf: Shelf
    said: list[str] = field(default_factory=list)

    def install(self, pack, *offered, seconds=60):
        self.shelf = Shelf(self.shelf.folder, known={pack.name: pack})
        installer = Installer(shelf=self.shelf, say=self.said.append, offered=offered)
        return installer.install(pack, Deadline.after(seconds))

    def left_behind(self):
        """All that lies on the shelf beside packs, the lock and fetched archives."""
        return [
            path.name
            for path in self.shelf.folder.iterdir()
            if path.name.startswith(".") and path.name not in {".lock", ".fetched"}
        ]


@pytest.fixture
def bench(tmp_path):
    return Bench(Shelf(tmp_path / "packs", known={}))


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A folder that pip, and stand-ins for npm and apt-get, serve packages from; returns it."""
    folder = tmp_path / "served"
    folder.mkdir()
    for name, data in ARCHIVES.values():
        (folder / name).write_bytes(data)
    tools = tmp_path / "tools"
    tools.mkdir()
    counter = tmp_path / "fetches"
    for tool, pattern in {"npm": "*.tgz", "apt-get": "*.deb"}.items():
        script = tools / tool
        script.write_text(f'#!/bin/sh\necho "{tool} $*" >> {counter}\ncp {folder}/{pattern} .\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.fixture
def fetches(tmp_path):
    """The commands that the stand-ins were called with."""

    def told():
        path = Path(tmp_path / "fetches")
        return path.read_text().splitlines() if path.exists() else []

    return told


@pytest.fixture(scope="session")
def short_song():
    """Eight seconds at 120 bpm: chords over a bass, and a click on each beat."""
    rate_hz, rng = 22_050, np.random.default_rng(0)
    t = np.arange(round(0.5 * rate_hz)) / rate_hz
    beats = []
    for beat in range(16):
        root = (45, 41, 48, 43)[beat // 4 % 4]
        tones = [np.sin(2 * np.pi * 440 * 2 ** ((root + step - 69) / 12) * t) for step in (0, 12, 16, 19)]
        click = rng.normal(size=t.size) * np.exp(-t / 0.01)
        beats.append(0.05 * np.sum(tones, axis=0) * np.exp(-t / 0.4) + 0.08 * click)
    return Signal(np.concatenate(beats)[None].astype(np.float32), rate_hz)
