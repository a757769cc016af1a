"""JSON text.

JSON is written in UTF-8, which has no lone surrogates; some platforms deliver them. They are
written as the six characters of their escape (``\\ud83d``), so that every tool can read the file
and different texts stay different.
"""

from datetime import UTC, datetime
from typing import Any

import orjson

from state.codec.fields import InvalidValue

Json = dict[str, Any]


def text(value: str) -> str:
    """The same text, with lone surrogates written as their escapes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def dumps(value: Json) -> bytes:
    """One line of JSON, without its newline. Raises `InvalidValue`."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        try:
            return orjson.dumps(cleaned(value))
        except orjson.JSONEncodeError as error:
            raise InvalidValue(f"value: cannot be written as JSON ({error})") from error


def loads(data: bytes) -> Any:
    """What a JSON text says. Raises `InvalidValue`."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidValue(f"value: not JSON ({error})") from error


def cleaned(value: Any) -> Any:
    """The same value, with every text in it as `text` gives it."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {text(name): cleaned(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    return value


def time_to_json(at: datetime) -> str:
    """``2026-01-30T10:00:00Z``, with milliseconds when there are any. Raises `InvalidValue`."""
    if at.tzinfo is not UTC:
        if at.tzinfo is None:
            raise InvalidValue(f"at: {at} has no time zone")
        at = at.astimezone(UTC)
    precision = "milliseconds" if at.microsecond >= 1000 else "seconds"
    return at.isoformat(timespec=precision)[:-6] + "Z"


def present(**fields: Any) -> Json:
    """An object of the fields that hold something."""
    return {name: value for name, value in fields.items() if value is not None}
