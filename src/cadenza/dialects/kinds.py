"""Kinds of field values: how a JSON value of each kind is read, and its JSON schema.

A kind meets only values that are there (null and blank text are absence, see ``fields``) and sound
(no NUL, no lone surrogate, finite numbers). It returns the value the domain uses, or raises
``Unfit`` with a sentence that never holds what was sent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from cadenza.domain.request import Weight
from cadenza.domain.tiers import Tier, tier_named

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Schema = dict[str, Any]

LARGEST_INTEGER = 2**63 - 1
_NUMBER_TEXT = re.compile(r"[+-]?[0-9]{1,19}(?:\.[0-9]{1,18})?", re.ASCII)


class Unfit(Exception):
    """A value that its field cannot take. ``too_long`` marks texts over their length limit."""

    def __init__(
        self,
        reason: str,
        *,
        limit: float | None = None,
        actual: float | None = None,
        too_long: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason, self.limit, self.actual, self.too_long = reason, limit, actual, too_long


class Kind(Protocol[T_co]):
    """One way to read a JSON value."""

    def read(self, value: object) -> T_co:
        """Return the value in the domain's words, or raise ``Unfit``."""
        ...

    def schema(self) -> Schema:
        """Return the JSON schema of what ``read`` accepts, without null."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """Any text up to ``limit`` characters, counted in code points; kept exactly as sent."""

    limit: int

    def read(self, value: object) -> str:
        """Return the text unchanged."""
        text = _text(value)
        if len(text) > self.limit:
            raise too_long(self.limit, len(text))
        return text

    def schema(self) -> Schema:
        """Return a string with a length."""
        return {"type": "string", "maxLength": self.limit}


def too_long(limit: int, actual: int, *, where: str = "") -> Unfit:
    """Return the refusal of a text that is too long; ``where`` narrows it (" with model V4")."""
    return Unfit(
        f"must have at most {limit} characters{where}, has {actual}",
        limit=limit,
        actual=actual,
        too_long=True,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit("must be a text")
    return value


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http or https address. Whether it may be reached is not judged here."""

    limit: int = 8192

    def read(self, value: object) -> str:
        """Return the address without surrounding space."""
        text = _text(value).strip()
        if len(text) > self.limit:
            raise Unfit(
                f"must have at most {self.limit} characters, has {len(text)}",
                limit=self.limit,
                actual=len(text),
            )
        if not is_http_url(text):
            raise Unfit("must be an absolute http or https URL")
        return text

    def schema(self) -> Schema:
        """Return a string with the format "uri"."""
        return {"type": "string", "format": "uri", "maxLength": self.limit}


def is_http_url(text: str) -> bool:
    """Whether a text is an absolute http(s) URL with a host, free of spaces and control characters."""
    if any(char.isspace() or not char.isprintable() for char in text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for a port that is no number of 16 bits
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """One of a few words, in any case; ``also`` are further spellings that no page documents."""

    words: Mapping[str, T]
    also: Mapping[str, T] | None = None

    def read(self, value: object) -> T:
        """Return what the word stands for."""
        word = _text(value).strip().casefold()
        for spelling, meaning in {**self.words, **(self.also or {})}.items():
            if spelling.casefold() == word:
                return meaning
        raise Unfit(f"must be one of: {', '.join(self.words)}")

    def schema(self) -> Schema:
        """Return an enumeration of the documented words."""
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Choices(Generic[T]):
    """Some of a few words, in any case, as an array or one text with commas."""

    words: Mapping[str, T]

    def read(self, value: object) -> frozenset[T]:
        """Return what the words stand for."""
        listed = value.split(",") if isinstance(value, str) else value
        if not isinstance(listed, list):
            raise Unfit("must be an array of words")
        one = Choice(self.words)
        return frozenset(one.read(word) for word in listed)

    def schema(self) -> Schema:
        """Return an array of the words."""
        return {"type": "array", "items": {"type": "string", "enum": list(self.words)}, "uniqueItems": True}


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model as the caller spelt it, and the tier it means."""

    wire: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Model:
    """A model name; ``names`` are the documented ones.

    Every dialect's spellings are understood, unless they must be ``exact``.
    """

    names: tuple[str, ...]
    exact: bool = False

    def read(self, value: object) -> ModelName:
        """Return the name and its tier."""
        wire = _text(value).strip()
        tier = tier_named(wire)
        if tier is None or (self.exact and wire not in self.names):
            raise Unfit(f"must be one of: {', '.join(self.names)}")
        return ModelName(wire=wire, tier=tier)

    def schema(self) -> Schema:
        """Return an enumeration of the documented names."""
        return {"type": "string", "enum": list(self.names)}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false; the words "true" and "false" count as such."""

    def read(self, value: object) -> bool:
        """Return the truth value."""
        if isinstance(value, bool):
            return value
        word = value.strip().casefold() if isinstance(value, str) else ""
        if word not in {"true", "false"}:
            raise Unfit("must be true or false")
        return word == "true"

    def schema(self) -> Schema:
        """Return a boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Hundredths:
    """A weight: 0.00 to 1.00 in steps of 0.01, as a JSON number (not as a text)."""

    def read(self, value: object) -> Weight:
        """Return the weight; a binary rounding error far below a hundredth is forgiven."""
        number = _number(value, in_texts=False)
        _check_range(number, 0, 1)
        hundredths = round(number * 100)
        if abs(number * 100 - hundredths) > 1e-6:
            raise Unfit("must be a multiple of 0.01", limit=0.01, actual=number)
        return Weight(hundredths)

    def schema(self) -> Schema:
        """Return a number with its range and step."""
        return {"type": "number", "minimum": 0, "maximum": 1, "multipleOf": 0.01}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """A place or a length in seconds, as a number or a numeric text.

    ``at_least_s`` is allowed itself; without it any number greater than 0 is.
    """

    at_most_s: float = 86_400.0
    at_least_s: float | None = None

    def read(self, value: object) -> float:
        """Return the seconds."""
        number = float(_number(value, in_texts=True))
        if self.at_least_s is not None:
            _check_range(number, self.at_least_s, self.at_most_s)
        elif number <= 0:
            raise Unfit("must be greater than 0", limit=0, actual=number)
        elif number > self.at_most_s:
            raise Unfit(f"must be at most {self.at_most_s:g}", limit=self.at_most_s, actual=number)
        return number

    def schema(self) -> Schema:
        """Return a number, or a text that is one."""
        low = {"exclusiveMinimum": 0} if self.at_least_s is None else {"minimum": self.at_least_s}
        return {
            "oneOf": [
                {"type": "number", **low, "maximum": self.at_most_s},
                {"type": "string", "pattern": r"^\+?[0-9]{1,19}(\.[0-9]{1,18})?$"},
            ]
        }


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from ``low`` to ``high``, as a number or a numeric text."""

    low: int
    high: int

    def read(self, value: object) -> int:
        """Return the number; 60.0 is whole, 60.5 is not."""
        number = _number(value, in_texts=True)
        _check_range(number, self.low, self.high)
        if number != int(number):
            raise Unfit("must be a whole number", actual=number)
        return int(number)

    def schema(self) -> Schema:
        """Return an integer with its range, or a text that is one."""
        return {
            "oneOf": [
                {"type": "integer", "minimum": self.low, "maximum": self.high},
                {"type": "string", "pattern": r"^\+?[0-9]{1,19}$"},
            ]
        }


@dataclass(frozen=True, slots=True)
class Object:
    """A nested JSON object, read by a table of its own; ``schema_of`` is that table's schema."""

    schema_of: Mapping[str, Any]

    def read(self, value: object) -> Mapping[str, Any]:
        """Return the object as it is."""
        if not isinstance(value, Mapping):
            raise Unfit("must be an object")
        return value

    def schema(self) -> Schema:
        """Return the nested schema."""
        return dict(self.schema_of)


def _number(value: object, *, in_texts: bool) -> int | float:
    """Return a finite number of at most 64 bits. True and false are no numbers."""
    if isinstance(value, str) and in_texts:
        value = _number_in(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit("must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise Unfit("must be a finite number")
    if abs(value) > LARGEST_INTEGER:
        raise Unfit("must be a number of at most 63 bits")
    return value


def _number_in(text: str) -> int | float:
    if not _NUMBER_TEXT.fullmatch(text):
        raise Unfit("must be a number")
    return float(text) if "." in text or text.startswith("-") else int(text)


def _check_range(number: float, low: float, high: float) -> None:
    # Minus zero lies below zero here: no program means it, and it reads as a fault elsewhere.
    if not low <= number <= high or (low >= 0 and math.copysign(1.0, number) < 0):
        limit = high if number > high else low
        raise Unfit(f"must lie between {low:g} and {high:g}", limit=limit, actual=number)
