"""Asks Telegram whether a bot's account would work."""

from collections.abc import Iterator

import aiohttp
from telegram import User, WebhookInfo
from yarl import URL

from channels.config import Respond
from channels.errors import Conflict, Unauthorized
from channels.probe import Finding, Probed
from channels.probing import PROBE_SECONDS, in_time
from channels.telegram.client import BotClient
from channels.telegram.config import TelegramSettings
from channels.telegram.faults import (
    ANOTHER_READER,
    BACKLOG,
    NO_GROUPS,
    PRIVACY_MODE,
    TOKEN_REFUSED,
    WEBHOOK_FAILING,
    WEBHOOK_LEFT,
)

MANY_WAITING = 100
"""Unfetched messages that are worth a word."""


async def probe(
    name: str, settings: TelegramSettings, *, http: aiohttp.ClientSession, listen: float = 0.0
) -> Probed:
    """What Telegram says about the account. Never raises for what Telegram says.

    For `listen` seconds the bot's updates are asked for, which ends the question of whoever else
    reads them: that one asks again, and so is found. Nothing is confirmed by that. It must be 0
    while a gateway of ours reads the account.
    """
    client = BotClient(name, settings, http)
    asking = _asked(name, settings, client, listen)
    # Telegram lets a conflict's second answer wait for three seconds.
    return await in_time(name, asking, seconds=PROBE_SECONDS + (listen and listen + 3))


async def forget_webhook(
    name: str, settings: TelegramSettings, *, http: aiohttp.ClientSession
) -> None:
    """End webhook mode; what waits for the bot is kept. Raises `channels.errors.ChannelError`."""
    await BotClient(name, settings, http).delete_webhook()


async def _asked(name: str, settings: TelegramSettings, client: BotClient, listen: float) -> Probed:
    try:
        me = await client.me()
    except Unauthorized:
        return Probed(None, (TOKEN_REFUSED.at(name),))
    webhook = await client.webhook()
    findings = [*_of_groups(name, settings, me), *_of_updates(name, settings, webhook)]
    if listen and not webhook.url:
        findings += await _of_readers(name, client, listen)
    return Probed(f"@{me.username}", tuple(findings))


def _of_groups(name: str, settings: TelegramSettings, me: User) -> Iterator[Finding]:
    bot = f"@{me.username}"
    everything = (settings.respond, *(chat.respond for chat in settings.chats.values()))
    if Respond.ALWAYS in everything and not me.can_read_all_group_messages:
        yield PRIVACY_MODE.at(name, bot=bot)
    if (settings.allow_groups or settings.chats) and me.can_join_groups is False:
        yield NO_GROUPS.at(name, bot=bot)


def _of_updates(name: str, settings: TelegramSettings, info: WebhookInfo) -> Iterator[Finding]:
    # Only the host: a webhook's path often holds a secret.
    host = URL(info.url).host or "an unknown address"
    waiting = info.pending_update_count
    if settings.webhook is None and info.url:
        yield WEBHOOK_LEFT.at(name, host=host)
    elif settings.webhook is not None and info.last_error_message and waiting:
        said = info.last_error_message.replace(settings.token.get_secret_value(), "[token]")
        yield WEBHOOK_FAILING.at(name, said=said, waiting=waiting, host=host)
    elif waiting >= MANY_WAITING:
        yield BACKLOG.at(name, waiting=waiting)


async def _of_readers(name: str, client: BotClient, seconds: float) -> list[Finding]:
    try:
        await client.peek(seconds)
    except Conflict:
        return [ANOTHER_READER.at(name)]
    return []
