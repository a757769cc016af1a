"""What people do with the bot's commands and buttons, as messages.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog

from channels.discord import ids
from channels.discord.client import BotClient
from channels.discord.commands import Invocations
from channels.discord.identity import Identity
from channels.discord.inbound import malformed, parse_interaction
from channels.discord.places import Place, read_place
from channels.discord.rooms import Rooms
from channels.errors import ChannelError
from state.messages import ChatKind, Inbound

Json = dict[str, Any]
_PRESS = 3
_log = structlog.get_logger("channels.discord")


class Interactions:
    """Takes interactions over. They are in no history, so `insist` must not give up."""

    def __init__(
        self,
        client: BotClient,
        me: Identity,
        rooms: Rooms,
        invocations: Invocations,
        *,
        insist: Callable[[Inbound], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._me = me
        self._rooms = rooms
        self._invocations = invocations
        self._insist = insist
        self._now = now

    async def take(self, data: Json) -> None:
        """Not in the room's order: Discord waits three seconds, and /stop must not wait at all."""
        try:
            place = self._place(data)
        except (KeyError, TypeError, ValueError) as error:
            await self._insist(malformed(data, self._me, error, self._now()))
            return
        inbound = parse_interaction(data, place, self._me, self._now()) if place else None
        if place is None or inbound is None:
            return
        if data.get("type") == _PRESS:
            # Until it is answered, the button shows that it works; and then it is ours.
            await self._insist(inbound)
            await self._acknowledge(data, place)
        else:
            # The answer can take longer than Discord waits, so that it is coming is said at once.
            await asyncio.gather(self._acknowledge(data, place), self._insist(inbound))

    def _place(self, data: Json) -> Place | None:
        known = self._rooms.known(ids.snowflake(data["channel_id"]))
        guild = ids.optional_snowflake(data.get("guild_id"))
        return known or read_place(data["channel"], guild, self._me.id)

    async def _acknowledge(self, data: Json, place: Place) -> None:
        try:
            number, token = ids.snowflake(data["id"]), str(data["token"])
            if data.get("type") == _PRESS:
                await self._client.take_press(number, token)
                return
            # In company, a command's answer is for whoever gave it.
            ephemeral = place.kind is not ChatKind.DIRECT
            await self._invocations.begin(number, token, self._me, ephemeral=ephemeral)
        except (ChannelError, KeyError, TypeError, ValueError) as error:
            # The answer to a command then comes as a message.
            _log.warning("interaction_not_acknowledged", channel=self._me.account, error=str(error))
