"""Reading the fields of a JSON object, with errors that name the field."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

E = TypeVar("E", bound=StrEnum)


class InvalidValue(ValueError):
    """A value that is not what its field must hold; the message names the field."""


class Fields:
    """The fields of one object. Those nobody asks for are ignored, so that files can grow."""

    __slots__ = ("_raw", "_where")

    def __init__(self, raw: object, where: str = "") -> None:
        if not isinstance(raw, dict):
            raise InvalidValue(f"{where or 'value'}: expected an object, not {_kind(raw)}")
        self._raw: Mapping[str, Any] = raw
        self._where = where

    def name(self, field: str) -> str:
        """The field's full name, for an error."""
        return f"{self._where}.{field}" if self._where else field

    def has(self, field: str) -> bool:
        """Whether the field holds anything."""
        return self._raw.get(field) is not None

    def value(self, field: str) -> Any:
        """Whatever the field holds; None where it holds nothing."""
        return self._raw.get(field)

    def text(self, field: str) -> str:
        """A text. Raises `InvalidValue`, as all of these do for anything else."""
        value = self._raw.get(field)
        if isinstance(value, str):
            return value
        raise self._expected("a text", field)

    def maybe_text(self, field: str) -> str | None:
        """A text, or nothing."""
        return None if self._raw.get(field) is None else self.text(field)

    def texts(self, field: str) -> tuple[str, ...]:
        """A list of texts; an empty one where there is none."""
        values = self._list(field)
        if all(isinstance(value, str) for value in values):
            return tuple(values)
        raise self._expected("a list of texts", field)

    def count(self, field: str, default: int | None = None) -> int:
        """A whole number that is not negative."""
        value = self._raw.get(field, default)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise self._expected("a whole number, 0 or more", field)

    def maybe_count(self, field: str) -> int | None:
        return None if self._raw.get(field) is None else self.count(field)

    def flag(self, field: str, *, default: bool = False) -> bool:
        """Yes or no."""
        value = self._raw.get(field, default)
        if isinstance(value, bool):
            return value
        raise self._expected("true or false", field)

    def time(self, field: str) -> datetime:
        """A moment, in UTC."""
        written = self.text(field)
        try:
            moment = datetime.fromisoformat(written)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise InvalidValue(f"{self.name(field)}: {written!r} is no time like 2026-01-30T10:00:00Z")

    def one_of(self, field: str, kind: type[E]) -> E:
        """One of an enumeration's values."""
        written = self.text(field)
        try:
            return kind(written)
        except ValueError:
            known = ", ".join(kind)
            raise InvalidValue(f"{self.name(field)}: {written!r} is not one of {known}") from None

    def child(self, field: str) -> "Fields":
        return Fields(self._raw.get(field), self.name(field))

    def maybe_child(self, field: str) -> "Fields | None":
        return None if self._raw.get(field) is None else self.child(field)

    def children(self, field: str) -> Iterable["Fields"]:
        return [Fields(raw, f"{self.name(field)}[{i}]") for i, raw in enumerate(self._list(field))]

    def _list(self, field: str) -> list[Any]:
        value = self._raw.get(field)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise self._expected("a list", field)

    def _expected(self, what: str, field: str) -> InvalidValue:
        return InvalidValue(
            f"{self.name(field)}: expected {what}, not {_kind(self._raw.get(field))}"
        )


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    known = {bool: "true or false", str: "a text", dict: "an object", list: "a list"}
    return known.get(type(value), "a number")
