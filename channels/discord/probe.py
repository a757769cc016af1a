"""Asks Discord whether a bot's account would work."""

from collections.abc import Iterator
from typing import Any

import aiohttp

from channels.discord import ids
from channels.discord.client import BotClient
from channels.discord.config import DiscordSettings
from channels.discord.faults import CONTENT_OFF, NO_SERVER, PERMISSIONS_MISSING, TOKEN_REFUSED
from channels.discord.permissions import Permission, invitation, missing, named
from channels.discord.transport import Transport
from channels.errors import Unauthorized, Unreachable
from channels.probe import Finding, Probed
from channels.probing import PROBE_SECONDS, in_time

Json = dict[str, Any]

# https://docs.discord.com/developers/resources/application#application-object-application-flags:
# verified bots have the first, those in fewer than a hundred servers the second.
_MESSAGE_CONTENT = 1 << 18 | 1 << 19
_MOST_NAMED = 5


async def probe(name: str, settings: DiscordSettings, *, http: aiohttp.ClientSession) -> Probed:
    """What Discord says about the account. Never raises for what Discord says."""
    token = settings.token.get_secret_value().strip()
    client = BotClient(name, Transport(name, settings.api_root, token, http))
    return await in_time(name, _asked(name, client), seconds=PROBE_SECONDS)


async def _asked(name: str, client: BotClient) -> Probed:
    try:
        me = await client.identity()
    except Unauthorized:
        return Probed(None, (TOKEN_REFUSED.at(name),))
    application, servers = await client.application(), await client.servers()
    try:
        # Read to the end here: what is malformed is met while it is looked at.
        findings = tuple(_findings(name, f"@{me.username}", me.application, application, servers))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Unreachable("Discord's answer could not be read") from None
    return Probed(f"@{me.username}", findings)


def _findings(
    name: str, bot: str, number: int, application: Json, servers: list[Any]
) -> Iterator[Finding]:
    if not int(application["flags"]) & _MESSAGE_CONTENT:
        portal = f"https://discord.com/developers/applications/{number}/bot"
        yield CONTENT_OFF.at(name, bot=bot, portal=portal)
    if not servers:
        yield NO_SERVER.at(name, bot=bot, invitation=invitation(number))
    lacking = {str(s["name"]): missing(ids.snowflake(s["permissions"])) for s in servers}
    poor = [server for server, permissions in lacking.items() if permissions]
    if poor:
        more = f" and {len(poor) - _MOST_NAMED} more" if len(poor) > _MOST_NAMED else ""
        all_missing = Permission(0)
        for permissions in lacking.values():
            all_missing |= permissions
        yield PERMISSIONS_MISSING.at(
            name,
            bot=bot,
            servers=", ".join(poor[:_MOST_NAMED]) + more,
            missing=named(all_missing),
            invitation=invitation(number),
        )
