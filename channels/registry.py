"""Which channels exist. A platform's package is imported only when an account of it is built."""

from collections.abc import Callable, Sequence
from datetime import datetime

import aiohttp

from channels.channel import Channel, Command
from channels.config import AccountSettings
from channels.cursors import Cursors
from channels.discord.config import DiscordSettings
from channels.slack.config import SlackSettings
from channels.telegram.config import TelegramSettings

KINDS = ("telegram", "discord", "slack")
"""The kinds of accounts that a configuration can name."""


class UnknownKind(ValueError):
    """Settings of a kind that no channel is for."""


def build(
    name: str,
    settings: AccountSettings,
    *,
    http: aiohttp.ClientSession,
    cursors: Cursors,
    commands: Sequence[Command] = (),
    now: Callable[[], datetime],
) -> Channel:
    """The channel of a configured account, not running yet.

    `http` is shared by all of them and stays open as long as they are; `commands` are what a
    native menu shows; `now` gives the time in UTC. Raises `UnknownKind`.
    """
    if isinstance(settings, TelegramSettings):
        from channels.telegram.channel import TelegramChannel

        return TelegramChannel(
            name, settings, http=http, cursors=cursors, commands=commands, now=now
        )
    if isinstance(settings, DiscordSettings):
        from channels.discord.channel import DiscordChannel

        return DiscordChannel(
            name, settings, http=http, cursors=cursors, commands=commands, now=now
        )
    if isinstance(settings, SlackSettings):
        from channels.slack.channel import SlackChannel

        return SlackChannel(name, settings, http=http, cursors=cursors, commands=commands, now=now)
    raise UnknownKind(f"no channel takes {type(settings).__name__}; there are {', '.join(KINDS)}")
