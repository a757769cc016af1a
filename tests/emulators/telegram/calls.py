"""A call of the Bot API: its parameters, and how it is refused.

https://core.telegram.org/bots/api#making-requests
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp.web import FileField

from tests.emulators.telegram.world import Bot

Json = dict[str, Any]
_TRUE = frozenset({"true", "1", "yes", "y", "t"})


class ApiError(Exception):
    """What Telegram refuses, with the words it uses."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(text: str, **parameters: int) -> ApiError:
    return ApiError(400, f"Bad Request: {text}", **parameters)


@dataclass(frozen=True)
class Upload:
    """A file as a client sends it."""

    name: str
    mime: str
    content: bytes = field(repr=False)


class Params:
    """A call's parameters; forms and queries write every value as text, JSON bodies do not."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if isinstance(value, str) else orjson.dumps(value).decode()

    def integer(self, name: str, default: int = 0) -> int:
        value = self.values.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        return value.lower() in _TRUE if isinstance(value, str) else bool(value)

    def json(self, name: str) -> Any:
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            raise bad_request(f"can't parse {name} JSON object") from None

    def file(self, name: str) -> Upload | None:
        """A file that came with the call, by itself or under ``attach://``."""
        value = self.values.get(name)
        if isinstance(value, str) and value.startswith("attach://"):
            value = self.values.get(value.removeprefix("attach://"))
        if not isinstance(value, FileField):
            return None
        return Upload(value.filename, value.content_type, value.file.read())


Call = Callable[[Bot, Params], Awaitable[Any]]


def calls(methods: object) -> dict[str, Call]:
    """What an object does, by the names of the API's methods in lower case."""
    return {
        name.removeprefix("_do_").replace("_", ""): getattr(methods, name)
        for name in dir(type(methods))
        if name.startswith("_do_")
    }
