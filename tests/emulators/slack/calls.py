"""A call's arguments, how it is refused, and the places that it may name."""

from typing import TYPE_CHECKING, Any

import orjson

from tests.emulators.slack.world import Channel

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import SlackEmulator

Json = dict[str, Any]


class ApiError(Exception):
    """What Slack refuses, as its error code."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


class Params:
    """A call's arguments; forms and queries write every value as text, JSON bodies do not."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if isinstance(value, str) else orjson.dumps(value).decode()

    def integer(self, name: str, default: int) -> int:
        try:
            return int(self.values.get(name, default))
        except (TypeError, ValueError):
            raise ApiError("invalid_arguments") from None

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.values.get(name, default)
        return value.lower() in {"1", "true"} if isinstance(value, str) else bool(value)

    def json(self, name: str) -> Any:
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            raise ApiError(f"invalid_{name}_format") from None


class Places:
    """The conversations, as far as the bot may see them. Every method raises `ApiError`."""

    def __init__(self, slack: "SlackEmulator") -> None:
        self._slack = slack
        self._world = slack.world

    def known(self, name: str) -> Channel:
        channel = self._world.channels.get(name)
        if channel is None:
            raise ApiError("channel_not_found")
        return channel

    def readable(self, name: str) -> Channel:
        channel = self.known(name)
        if self._world.bot_user not in channel.members:
            raise ApiError("not_in_channel" if channel.kind == "channel" else "channel_not_found")
        return channel

    def writable(self, name: str) -> Channel:
        if name in self._world.users:
            return self._slack.im_of(name)
        channel = self.readable(name)
        if channel.archived:
            raise ApiError("is_archived")
        return channel
