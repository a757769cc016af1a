"""The native command menu: https://core.telegram.org/bots/api#setmycommands."""

from collections.abc import Sequence

import structlog

from channels.channel import Command
from channels.errors import ChannelError
from channels.telegram.client import BotClient

_log = structlog.get_logger("channels.telegram")


async def publish(client: BotClient, account: str, commands: Sequence[Command]) -> None:
    """Let Telegram show the commands if it shows others; what goes wrong is only logged."""
    if not commands:
        return
    try:
        if await client.menu() != tuple(commands):
            await client.set_menu(commands)
            _log.info("menu_published", channel=account, commands=len(commands))
    except ChannelError as error:
        _log.warning("menu_not_published", channel=account, error=str(error))
