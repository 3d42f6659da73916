"""A portrait as a file: arrays and numbers under the names of their fields, exactly as they were."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any, Final, get_type_hints

import numpy as np
from numpy.typing import NDArray

from cadenza.domain.errors import Damaged
from cadenza.music.portrait import Floats, Ints, Portrait

# Plain numbers lie together as JSON: Python's own and numpy's are calculated with differently.
_PLAIN: Final = "plain"
_SCALARS: Final[dict[Any, tuple[type, ...]]] = {
    float: (float, int, np.floating),
    int: (int, np.integer),
    bool: (bool, np.bool_),
}
_ARRAYS: Final[dict[Any, str]] = {Floats: "f", Floats | None: "f", Ints: "i"}


def write_portrait(portrait: Portrait, path: Path) -> None:
    """Write all of a portrait, without anything that could be executed when it is read."""
    arrays: dict[str, NDArray[Any]] = {}
    plain: dict[str, float] = {}
    _take_down(portrait, "", arrays, plain)
    arrays[_PLAIN] = np.frombuffer(json.dumps(plain).encode(), dtype=np.uint8)
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_portrait(path: Path) -> Portrait:
    """Return the portrait of a file, to the bit.

    Raises
    ------
    FileNotFoundError
        It is not there.
    Damaged
        It is not whole, or holds anything but a portrait.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            stored: dict[str, Any] = {name: arrays[name] for name in arrays.files}
        plain = json.loads(stored.pop(_PLAIN).tobytes())
        portrait: Portrait = _built(Portrait, "", stored | plain)
        _check(portrait, len(stored) + len(plain))
    except (AttributeError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise Damaged("portrait") from error
    return portrait


def _take_down(thing: Any, prefix: str, arrays: dict[str, NDArray[Any]], plain: dict[str, float]) -> None:
    for field in dataclasses.fields(thing):
        name, value = prefix + field.name, getattr(thing, field.name)
        if dataclasses.is_dataclass(value):
            _take_down(value, f"{name}.", arrays, plain)
        elif isinstance(value, np.ndarray | np.generic):
            arrays[name] = np.asarray(value)
        elif value is not None:
            plain[name] = value


def _built(kind: Any, prefix: str, stored: dict[str, Any]) -> Any:
    """Return a ``kind`` of what is stored under its names. Raises as a wrong type or a missing name does."""
    values: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        if dataclasses.is_dataclass(hint):
            values[name] = _built(hint, f"{prefix}{name}.", stored)
        elif prefix + name in stored:
            values[name] = _fitting(stored[prefix + name], hint)
    return kind(**values)


def _fitting(value: Any, hint: Any) -> Any:
    if hint in _SCALARS:
        value = value[()] if isinstance(value, np.ndarray) else value
        if not isinstance(value, _SCALARS[hint]):
            raise TypeError
        return value
    if value.ndim == 0 or value.dtype.kind != _ARRAYS[hint]:
        raise TypeError
    return value


def _check(portrait: Portrait, stored: int) -> None:
    """Raise ``ValueError`` where rows are missing, or where more is stored than belongs to a portrait."""
    arrays: dict[str, NDArray[Any]] = {}
    plain: dict[str, float] = {}
    _take_down(portrait, "", arrays, plain)
    by_beat = [portrait.chords, *(arrays[name] for name in arrays if name.startswith("views."))]
    by_beat += [] if portrait.voice is None else [portrait.voice]
    if (
        len(arrays) + len(plain) != stored
        or {len(rows) for rows in by_beat} != {portrait.beat_count}
        or len(portrait.moments.power) != len(portrait.moments.chroma)
        or not all(np.isfinite(values).all() for values in arrays.values())
    ):
        raise ValueError
