"""Request fields as data: one table per request says names, kinds, limits and sentences.

``read`` goes through a JSON object by such a table and collects every fault under its wire name;
``openapi_schema`` says the same table as a JSON schema. A decoder reads, adds the rules that join
fields ("lyrics is required if instrumental is false"), calls ``settle`` and builds the request::

    reading = read(TABLE, body)
    reading.require(TITLE, STYLE, when="customMode is true")
    reading.settle()
    title = reading.get(TITLE)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Generic, TypeVar

from cadenza.dialects.kinds import Kind, Object, Schema, Unfit, too_long
from cadenza.dialects.soundness import showable, unsoundness
from cadenza.domain.errors import Fault, Malformed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TooLong(Fault):
    """A text over its limit. sunoapi has a code of its own for it (413)."""


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """One field of a request.

    ``name`` is the documented wire name, ``also`` are further names that other programs use.
    ``required`` says that it is needed in every mode; conditional needs are the decoder's.
    ``default`` is what an absent field means. ``doc`` is the sentence that API pages show.
    """

    name: str
    kind: Kind[T]
    doc: str
    default: T | None = None
    required: bool = False
    also: tuple[str, ...] = ()


Table = tuple[Field[Any], ...]

# A body of thousands of wrong or unknown fields is answered with the first ones.
MOST_FAULTS = 50
MOST_REPORTED = 32


@dataclass(slots=True)
class _Notes:
    """What the readings of one body share: faults so far, and names that meant nothing."""

    faults: list[Fault] = dataclass_field(default_factory=list)
    unused: list[str] = dataclass_field(default_factory=list)


class Reading:
    """What one JSON object said by a table: values, faults so far, and names that meant nothing."""

    def __init__(self, table: Table, body: Mapping[str, Any], *, prefix: str = "", notes: _Notes) -> None:
        self._prefix = prefix
        self._notes = notes
        self._values: dict[str, Any] = {}
        self._wire_names: dict[str, str] = {}  # of the fields that were there, fit or not
        by_name = {name: field for field in table for name in (field.name, *field.also)}
        for name, value in body.items():
            self._meet(by_name.get(name), name, value)
        for field in table:
            if field.required and not self.has(field):
                self.fault(field, "is required")

    def _meet(self, field: Field[Any] | None, name: str, value: object) -> None:
        """Take in one member of the object."""
        if (reason := _unsoundness(field, name, value)) is not None:
            self._notes.faults.append(Fault(self._prefix + showable(name), reason))
            if field is not None:
                self._wire_names[field.name] = name
        elif field is None:
            self._notes.unused.append(self._prefix + showable(name))
        elif not _is_absent(value) and not self.has(field):
            self._wire_names[field.name] = name
            try:
                self._values[field.name] = field.kind.read(value)
            except Unfit as unfit:
                self.unfit(field, unfit)

    def get(self, field: Field[T]) -> T | None:
        """Return the value of a field, its default where it is absent, else None."""
        value: T | None = self._values.get(field.name, field.default)
        return value

    def flag(self, field: Field[bool]) -> bool:
        """Return a flag; an absent one without a default is false."""
        return self._values.get(field.name, field.default) is True

    def text(self, field: Field[str]) -> str:
        """Return a text; an absent one is empty."""
        return self.get(field) or ""

    def has(self, field: Field[Any]) -> bool:
        """Whether the field was given with a value, fit or not."""
        return field.name in self._wire_names

    def nested(self, field: Field[Mapping[str, Any]], table: Table) -> Reading:
        """Read an object field by its own table; its faults are ours."""
        body = self.get(field) or {}
        return Reading(table, body, prefix=f"{self._prefix}{field.name}.", notes=self._notes)

    def fault(self, field: Field[Any], reason: str) -> None:
        """Note that a field is wrong."""
        self._notes.faults.append(Fault(self._named(field), reason))

    def unfit(self, field: Field[Any], unfit: Unfit) -> None:
        """Note that a field's value does not fit."""
        kind = TooLong if unfit.too_long else Fault
        self._notes.faults.append(kind(self._named(field), unfit.reason, unfit.limit, unfit.actual))

    def require(self, *fields: Field[Any], when: str) -> None:
        """Note a fault for each field that is absent; ``when`` says what makes it needed."""
        for field in fields:
            if not self.has(field):
                self.fault(field, f"is required when {when}")

    def limit(self, field: Field[str], limit: int, *, where: str) -> None:
        """Note a fault if a text is longer than ``limit`` here (``where``: " with model V4")."""
        length = len(self._values.get(field.name, ""))
        if length > limit:
            self.unfit(field, too_long(limit, length, where=where))

    def unused(self, *fields: Field[Any]) -> None:
        """Report fields that were given and mean nothing in this mode."""
        self._notes.unused.extend(self._named(field) for field in fields if self.has(field))

    @property
    def reported(self) -> tuple[str, ...]:
        """Names that meant nothing: unknown ones, and known ones without meaning in this mode."""
        return tuple(dict.fromkeys(self._notes.unused))[:MOST_REPORTED]

    @property
    def is_faulty(self) -> bool:
        """Whether a fault was noted so far."""
        return bool(self._notes.faults)

    def settle(self) -> None:
        """Raise ``Malformed`` with the faults noted, if there are any."""
        if self._notes.faults:
            raise Malformed(*self._notes.faults[:MOST_FAULTS])

    def _named(self, field: Field[Any]) -> str:
        return self._prefix + self._wire_names.get(field.name, field.name)


def read(table: Table, body: object) -> Reading:
    """Read a JSON object by a table. Raises ``Malformed`` at once if it is no object."""
    if not isinstance(body, Mapping):
        raise Malformed(Fault("body", "must be a JSON object"))
    return Reading(table, body, notes=_Notes())


def _unsoundness(field: Field[Any] | None, name: str, value: object) -> str | None:
    """Return what is wrong with a member whatever it means; a nested table tells its own faults."""
    if field is not None and isinstance(field.kind, Object) and isinstance(value, Mapping):
        return None
    return unsoundness(value) or unsoundness(name)


def _is_absent(value: object) -> bool:
    """Null and blank texts mean "not given": programs send them for fields they leave out."""
    return value is None or (isinstance(value, str) and not value.strip())


def openapi_schema(table: Table) -> Schema:
    """Return the JSON schema (draft 2020-12, as OpenAPI 3.1 uses it) of a table's object."""
    properties: dict[str, Schema] = {}
    for field in table:
        properties[field.name] = _property(field)
        for name in field.also:
            properties[name] = {**_property(field), "description": f"Another name of {field.name}."}
    required = [field.name for field in table if field.required and not field.also]
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _property(field: Field[Any]) -> Schema:
    kind = field.kind.schema()
    schema = {"description": field.doc, **(kind if field.required else _or_null(kind))}
    if isinstance(field.default, str | int | float):
        schema["default"] = field.default
    return schema


def _or_null(schema: Schema) -> Schema:
    if "oneOf" in schema:
        return {**schema, "oneOf": [*schema["oneOf"], {"type": "null"}]}
    nullable = {**schema, "type": [schema["type"], "null"]}
    return {**nullable, "enum": [*schema["enum"], None]} if "enum" in schema else nullable


def object_field(name: str, table: Table, doc: str, *, required: bool = False) -> Field[Mapping[str, Any]]:
    """Return a field that holds an object with a table of its own."""
    return Field(name, Object(openapi_schema(table)), doc, required=required)
