"""A request to the HTTP API, and the routes that it can take."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.discord import errors
from tests.emulators.discord.world import Bot, Channel

Json = dict[str, Any]
Handler = Callable[["Call"], Awaitable[Any]]


@dataclass
class Upload:
    """A file of a multipart request."""

    field: str
    name: str
    content: bytes
    type: str


@dataclass
class Call:
    """One request. `bot` is None where no token is needed and none was given."""

    route: "Route"
    ids: dict[str, str]
    query: dict[str, str]
    bot: Bot | None = None
    body: Any = None
    files: list[Upload] = field(default_factory=list)

    @property
    def caller(self) -> Bot:
        if self.bot is None:
            raise errors.unauthorized()
        return self.bot

    @property
    def major(self) -> str:
        """What a bucket belongs to besides the route."""
        names = ("channel", "guild", "application", "interaction")
        return next((self.ids[name] for name in names if name in self.ids), "")

    @property
    def fields(self) -> Json:
        """The body of a request that must have an object for one."""
        if not isinstance(self.body, dict):
            raise errors.invalid("_errors", "MODEL_TYPE_CONVERT", "Only dictionaries are allowed")
        return self.body


@dataclass(frozen=True)
class Route:
    """`name` is what faults and limits are set for."""

    name: str
    method: str
    path: re.Pattern[str]
    handler: Handler
    open: bool = False
    """Whether it goes without a bot's token."""


def route(name: str, method: str, path: str, handler: Handler, *, open_: bool = False) -> Route:
    """A route; ``{channel}`` in the path becomes a group."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
    return Route(name, method, re.compile(pattern), handler, open_)


def snowflake(value: object) -> int:
    """An id out of a path or a body. Raises 50035."""
    if isinstance(value, int | str) and str(value).isdecimal() and len(str(value)) <= 20:
        return int(value)
    text = f'Value "{value}" is not snowflake.'
    raise errors.invalid("id", "NUMBER_TYPE_COERCE", text)


def find(channels: dict[int, Channel], bot: Bot, number: str) -> Channel:
    """The channel as a bot can see it. Raises `ApiError`."""
    channel = channels.get(snowflake(number))
    if channel is None:
        raise errors.unknown_channel()
    if not bot.is_in(channel) or channel.hidden:
        raise errors.missing_access()
    return channel
