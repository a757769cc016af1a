"""Which channels exist. A platform's package is imported when an account of it is first needed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from channels.channel import Channel, Command
from channels.config import AccountSettings
from channels.cursors import Cursors
from channels.discord.config import DiscordSettings
from channels.probe import Probed
from channels.slack.config import SlackSettings
from channels.telegram.config import TelegramSettings

if TYPE_CHECKING:
    # The settings need the kinds, and every command the settings, but none of them the network.
    import aiohttp

KINDS = ("telegram", "discord", "slack")
"""The kinds of accounts that a configuration can name."""


class UnknownKind(ValueError):
    """Settings of a kind that no channel is for."""


def load(settings: AccountSettings) -> None:
    """Import the package of an account's platform, so that `build` need not. It may be done in a
    thread of its own: a client library takes a good part of a second."""
    if isinstance(settings, TelegramSettings):
        import channels.telegram.channel
    elif isinstance(settings, DiscordSettings):
        import channels.discord.channel
    elif isinstance(settings, SlackSettings):
        import channels.slack.channel  # noqa: F401


def build(
    name: str,
    settings: AccountSettings,
    *,
    http: "aiohttp.ClientSession",
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
    raise _unknown(settings)


async def probe(
    name: str, settings: AccountSettings, *, http: "aiohttp.ClientSession", listen: float = 0.0
) -> Probed:
    """What an account's platform says about it: who it is there, and what would not work.

    Takes a few seconds at most, and raises nothing for what the platform says or does not say.
    `listen` seconds are given to finding out whether another program reads the account's messages,
    where asking is the only way; it must be 0 while a gateway of ours reads them. Raises
    `UnknownKind`.
    """
    if isinstance(settings, TelegramSettings):
        from channels.telegram.probe import probe as probe_telegram

        return await probe_telegram(name, settings, http=http, listen=listen)
    if isinstance(settings, DiscordSettings):
        from channels.discord.probe import probe as probe_discord

        return await probe_discord(name, settings, http=http)
    if isinstance(settings, SlackSettings):
        from channels.slack.probe import probe as probe_slack

        return await probe_slack(name, settings, http=http)
    raise _unknown(settings)


def _unknown(settings: AccountSettings) -> UnknownKind:
    return UnknownKind(f"no channel takes {type(settings).__name__}; there are {', '.join(KINDS)}")
