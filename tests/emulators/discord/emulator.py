"""A Discord on this machine, and the hands of the people who use it."""

import asyncio
from collections import Counter
from types import TracebackType
from typing import Any, Self

from tests.emulators.discord.cdn import Cdn
from tests.emulators.discord.gateway import Gateway
from tests.emulators.discord.limits import Limits
from tests.emulators.discord.messages import as_event
from tests.emulators.discord.people import WAIT_SECONDS, User
from tests.emulators.discord.places import Server
from tests.emulators.discord.rest import Rest
from tests.emulators.discord.routes import find
from tests.emulators.discord.server import Server as HttpServer
from tests.emulators.discord.snowflakes import moment
from tests.emulators.discord.world import Bot, Channel, ChannelType, Sent, World, role_json
from tests.emulators.telegram.faults import Faults
from tests.emulators.telegram.signal import Signal

Json = dict[str, Any]


class DiscordEmulator:
    """The servers, and everything a test does on Discord's side of the wire.

    ``async with DiscordEmulator() as dc:`` listens on a free port of 127.0.0.1.
    """

    def __init__(self, *, port: int = 0, username: str = "argent") -> None:
        self.world = World()
        self.bot = self.world.add_bot(username)
        self.faults = Faults()
        """By the names of the routes: ``create_message``, ``get_messages``, ``typing`` …"""
        self.limits = Limits()
        self.gateway = Gateway(self)
        self.rest = Rest(self)
        self.cdn = Cdn(self)
        self.record: list[Sent] = []
        """Every message that a bot sent, in order."""
        self.typings: list[int] = []
        """The channels in which "typing…" was shown."""
        self.calls: Counter[str] = Counter()
        """How often each route was called, faults included."""
        self.changed = Signal()
        self._server = HttpServer(self, port)

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End everything that is under way."""
        self.faults.clear()
        await self.gateway.stop()
        await self._server.stop()

    async def restarts(self) -> None:
        """Gone and back at the same port: connections are cut, sessions are forgotten."""
        await self.close()
        self.gateway.sessions.clear()
        await self._server.start()

    @property
    def url(self) -> str:
        """What stands for ``https://discord.com``."""
        return f"http://{self._server.host}"

    @property
    def gateway_url(self) -> str:
        """What stands for ``wss://gateway.discord.gg``."""
        return f"ws://{self._server.host}"

    @property
    def token(self) -> str:
        """The first bot's token."""
        return self.bot.token

    # People and places ------------------------------------------------------------------------

    def user(self, name: str, *, username: str | None = None) -> User:
        """A new person."""
        return User(self, self.world.add_person(name, username))

    def guild(self, name: str, *, bot: Bot | None = None) -> Server:
        """A new server with the bot in it."""
        server = Server(self, self.world.ids.next(), name)
        self.world.guilds[server.id] = server
        self.add_bot_to(server, bot)
        return server

    def group_dm(self, name: str, *people: User) -> Channel:
        """A private chat of several people, with the bot in it."""
        owner = people[0].id if people else 0
        channel = self.world.add_channel(
            ChannelType.GROUP_DM, name=name, people=[p.person for p in people], owner=owner
        )
        self.bot.group_dms.append(channel)
        return channel

    def add_bot_to(self, server: Server, bot: Bot | None = None) -> None:
        """A bot joins a server."""
        bot = bot or self.bot
        server.joined_at = moment(self.world.ids.next())
        bot.guilds.append(server)
        number = self.world.ids.next()
        server.roles[number] = role_json(
            number, bot.username, managed=True, tags={"bot_id": str(bot.id)}
        )
        self.gateway.tell(bot, "GUILD_CREATE", server.as_created(bot))

    def remove_bot(self, server: Server, bot: Bot | None = None) -> None:
        """A bot is thrown out of a server."""
        bot = bot or self.bot
        bot.guilds.remove(server)
        self.gateway.tell(bot, "GUILD_DELETE", {"id": str(server.id)})

    def find(self, bot: Bot, number: str) -> Channel:
        """The channel as a bot can see it. Raises `ApiError`."""
        return find(self.world.channels, bot, number)

    # Threads ----------------------------------------------------------------------------------

    def open_thread(
        self, parent: Channel, name: str, by: Json, *, number: int | None = None
    ) -> Channel:
        """A new thread or forum post; one that begins at a message has the message's id."""
        thread = self.world.add_channel(
            ChannelType.THREAD, name=name, guild=parent.guild, parent=parent, owner=int(by["id"])
        )
        if number is not None:
            self._renumber(thread, number)
        thread.members.add(int(by["id"]))
        for bot in self._bots(thread):
            body = thread.as_json(bot=bot) | {"newly_created": True}
            self.gateway.tell(bot, "THREAD_CREATE", body)
        return thread

    def join_thread(self, thread: Channel, bot: Bot) -> None:
        """A bot becomes a member of a thread."""
        if bot.id in thread.members:
            return
        thread.members.add(bot.id)
        self._membership(thread, bot, added_members=[thread.member(bot.id)])

    def leave_thread(self, thread: Channel, bot: Bot) -> None:
        thread.members.discard(bot.id)
        self._membership(thread, bot, removed_member_ids=[str(bot.id)])

    def _membership(self, thread: Channel, bot: Bot, **change: Any) -> None:
        assert thread.guild is not None
        body = {"id": str(thread.id), "guild_id": str(thread.guild.id)}
        self.gateway.tell(
            bot, "THREAD_MEMBERS_UPDATE", body | {"member_count": len(thread.members)} | change
        )

    def _renumber(self, channel: Channel, number: int) -> None:
        for known in (self.world.channels, channel.guild.channels if channel.guild else {}):
            known.pop(channel.id, None)
            known[number] = channel
        channel.id = number

    # Events -----------------------------------------------------------------------------------

    def tell_message(self, event: str, channel: Channel, message: Json) -> None:
        """Tell the bots that can see a channel of a message in it."""
        self.tell_all(event, channel, as_event(self.cdn.signed(message), channel))

    def tell_all(self, event: str, channel: Channel, body: Json) -> None:
        """Tell the bots that can see a channel of something in it."""
        if channel.guild is not None:
            body = body | {"guild_id": str(channel.guild.id)}
        for bot in self._bots(channel):
            self.gateway.tell(bot, event, body, private=channel.guild is None)

    def delete(self, channel: Channel, number: int) -> None:
        """A message is gone."""
        channel.messages.pop(number, None)
        body = {"id": str(number), "channel_id": str(channel.id)}
        self.tell_all("MESSAGE_DELETE", channel, body)
        channel.changed.changed()

    def purge(self, channel: Channel, *numbers: int) -> None:
        """A moderator takes many messages away at once."""
        for number in numbers:
            channel.messages.pop(number, None)
        body = {"ids": [str(int(number)) for number in numbers], "channel_id": str(channel.id)}
        self.tell_all("MESSAGE_DELETE_BULK", channel, body)

    def _bots(self, channel: Channel) -> list[Bot]:
        if channel.hidden:
            return []
        return [bot for bot in self.world.bots.values() if bot.is_in(channel)]

    # What the bot did -------------------------------------------------------------------------

    async def sent_in_all(self, count: int, timeout: float = WAIT_SECONDS) -> list[Sent]:
        """Everything sent, once it is `count` messages or more."""
        if not await self.changed.until(lambda: len(self.record) >= count, timeout):
            raise AssertionError(f"{len(self.record)} of {count} messages came")
        return list(self.record)

    async def called(self, route: str, count: int, timeout: float = WAIT_SECONDS) -> None:
        """Wait until a route was called `count` times in all."""
        if not await self.changed.until(lambda: self.calls[route] >= count, timeout):
            raise AssertionError(f"{route} was called {self.calls[route]} times, not {count}")

    def sent_now(self, channel: Channel, sent: Sent) -> None:
        """A bot's message is there."""
        self.record.append(sent)
        channel.sent.append(sent)
        channel.changed.changed()
        self.changed.changed()

    def counted(self, route: str) -> None:
        """A route was called."""
        self.calls[route] += 1
        self.changed.changed()


def run_until_stopped(port: int, heartbeat_ms: int) -> None:
    """Serve until interrupted, having printed the addresses as one JSON line."""
    import orjson

    async def serve() -> None:
        async with DiscordEmulator(port=port) as dc:
            dc.gateway.heartbeat_ms = heartbeat_ms
            line = {
                "url": dc.url, "gateway_url": dc.gateway_url, "token": dc.token,
                "bot": dc.bot.as_user(),
            }  # fmt: skip
            print(orjson.dumps(line).decode(), flush=True)
            await asyncio.Event().wait()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        return
