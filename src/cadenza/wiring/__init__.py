"""The only place that knows concrete classes.

This file knows the engines, light enough for the command line and the render child;
``backroom`` opens an installation, ``service`` puts API and worker processes together.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from cadenza.packs.shelf import Shelf
from cadenza.settings import Settings, SettingsError, current_settings

if TYPE_CHECKING:
    from cadenza.audio.signal import Signal
    from cadenza.engines.protocol import Engine
    from cadenza.music.findings import Findings

ENGINES = ("embedded", "debug")


def engine(name: str) -> Engine:
    """Return the engine of a name. Raises ``SettingsError`` for one that is not installed."""
    if name == "embedded":
        from cadenza.engines.embedded.engine import EmbeddedEngine  # noqa: PLC0415 - scipy takes a while
        from cadenza.engines.embedded.memory import Memory  # noqa: PLC0415 - as above

        settings = current_settings()
        return EmbeddedEngine(
            song_s=settings.song_seconds or None,
            extend_s=settings.extend_seconds or None,
            shelf=Shelf(settings.packs_folder),
            memory=Memory(folder=settings.portraits_folder),
        )
    if name == "debug":
        from cadenza.testing.engine import FakeEngine  # noqa: PLC0415 - only where it is asked for

        return FakeEngine()
    raise _no_engine()


def findings(source: Signal) -> Findings:
    """Return what is heard in a recording. Raises as ``portrait``."""
    from cadenza.engines.embedded.listen import listen, tell  # noqa: PLC0415 - scipy takes a while

    return tell(source, listen(source))


def portrait(source: Signal) -> dict[str, Any]:
    """Return what is heard in a recording as JSON values, with ``peaks`` for drawing it.

    Raises
    ------
    SourceUnusable
        If it is silent or has too little music.
    """
    from cadenza.audio.peaks import waveform_peaks  # noqa: PLC0415 - numpy takes a while
    from cadenza.music.findings import findings_to_json  # noqa: PLC0415 - as above

    return {**findings_to_json(findings(source)), "peaks": waveform_peaks(source)}


def take_apart(source: Signal) -> tuple[dict[str, Signal], dict[str, Any]]:
    """Return ``vocals`` and ``rest`` of a recording, and its notes as JSON values. Needs the pack ears.

    Raises
    ------
    Unavailable
        The pack is not installed.
    Damaged
        A file of the pack is not what was installed.
    SourceUnusable
        The recording is silent or has too little music.
    """
    from cadenza.engines.embedded import hearing  # noqa: PLC0415 - scipy takes a while

    apart = hearing.take_apart(source, Shelf(current_settings().packs_folder))
    return {"vocals": apart.voice, "rest": apart.rest}, hearing.apart_to_json(apart)


def check_engine(name: str) -> None:
    """Raise ``SettingsError`` for an engine that is not installed, without loading any."""
    if name not in ENGINES:
        raise _no_engine()


def check_collector(settings: Settings) -> None:
    """Raise ``SettingsError`` where traces are wanted and the extra for them is not installed."""
    if settings.collector and importlib.util.find_spec("opentelemetry") is None:
        raise SettingsError(
            "CADENZA_OTEL_ENDPOINT and OTEL_EXPORTER_OTLP_ENDPOINT need the extra telemetry: make telemetry."
        )


def _no_engine() -> SettingsError:
    return SettingsError(f"CADENZA_ENGINE takes one of: {', '.join(ENGINES)}.")
