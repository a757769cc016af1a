"""The rooms by their ids: what the gateway told of, and otherwise what Discord says when asked."""

import structlog

from channels.discord.client import BotClient
from channels.discord.identity import Identity
from channels.discord.places import Directory, Json, Place, read_place
from channels.errors import Rejected
from state.messages import ChatKind

_log = structlog.get_logger("channels.discord")


class Rooms:
    """A directory that asks for what it does not know."""

    def __init__(self, client: BotClient, me: Identity) -> None:
        self._client = client
        self._me = me
        self._directory = Directory(me.id)

    def known(self, room: int) -> Place | None:
        """A room that was told of, or asked for before."""
        return self._directory.find(room)

    def learn(self, event: str, data: Json) -> list[Place]:
        """See `Directory.learn`."""
        return self._directory.learn(event, data)

    def new_session(self) -> None:
        """See `Directory.new_session`."""
        self._directory.new_session()

    async def find(self, room: int, guild: object = None) -> Place | None:
        """The room; None for one that cannot be read, is in no server and so could be anything.

        Raises `ChannelError` while Discord does not answer.
        """
        place = self._directory.find(room)
        if place is not None:
            return place
        try:
            place = read_place(await self._client.channel(room), None, self._me.id)
        except (Rejected, TypeError, ValueError, KeyError) as error:
            _log.debug("channel_not_read", channel=self._me.account, room=room, error=str(error))
            number = int(guild) if isinstance(guild, str) and guild.isdecimal() else None
            # A room of a server is one even when nothing more is known of it.
            return Place(room, ChatKind.GROUP, guild=number) if number is not None else None
        if place is None:
            return None
        self._directory.add(place)
        return self._directory.find(room)
