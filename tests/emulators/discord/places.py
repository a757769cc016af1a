"""Servers with their rooms, as a test makes them."""

from typing import TYPE_CHECKING

from tests.emulators.discord.world import Bot, Channel, ChannelType, Guild, role_json

if TYPE_CHECKING:
    from tests.emulators.discord.emulator import DiscordEmulator
    from tests.emulators.discord.people import User


class Server(Guild):
    """A guild; rooms that are made in it are told to its bots."""

    def __init__(self, discord: "DiscordEmulator", number: int, name: str) -> None:
        super().__init__(number, name, owner=discord.user("Admin").id)
        self._discord = discord

    def channel(self, name: str) -> "Room":
        """A text channel."""
        return self._room(name, ChannelType.TEXT)

    def forum(self, name: str) -> "Room":
        """A forum, whose posts are threads."""
        return self._room(name, ChannelType.FORUM)

    def role(self, name: str) -> int:
        """A new role of people; its id."""
        number = self._discord.world.ids.next()
        self.roles[number] = role_json(number, name)
        for bot in self._discord.world.bots.values():
            if self in bot.guilds:
                body = {"guild_id": str(self.id), "role": self.roles[number]}
                self._discord.gateway.tell(bot, "GUILD_ROLE_CREATE", body)
        return number

    def role_of(self, bot: Bot) -> int:
        """The role that came into the server with a bot."""
        return next(
            number for number, role in self.roles.items()
            if role.get("tags", {}).get("bot_id") == str(bot.id)
        )  # fmt: skip

    def _room(self, name: str, kind: ChannelType) -> "Room":
        room = Room(self._discord.world.ids.next(), kind, name=name, guild=self)
        room.discord = self._discord
        self.channels[room.id] = self._discord.world.channels[room.id] = room
        for bot in self._discord.world.bots.values():
            if self in bot.guilds:
                self._discord.gateway.tell(bot, "CHANNEL_CREATE", room.as_json())
        return room


class Room(Channel):
    """A channel of a server."""

    discord: "DiscordEmulator"

    def thread(self, name: str, *, by: "User | None" = None, at: int | None = None) -> Channel:
        """A new thread, or one that begins at the message `at`."""
        person = (by or self.discord.user("Admin")).person
        return self.discord.open_thread(self, name, person, number=at)

    async def post(self, title: str, text: str, *, by: "User") -> Channel:
        """A new post of a forum: a thread whose first message has the thread's id."""
        assert self.type is ChannelType.FORUM, "only a forum has posts"
        post = self.discord.open_thread(self, title, by.person)
        await by.says(text, in_=post)
        return post
