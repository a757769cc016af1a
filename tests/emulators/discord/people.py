"""The people of a test: what they do in Discord, and what reaches them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.emulators.discord.interactions import Interaction
from tests.emulators.discord.messages import reply
from tests.emulators.discord.routes import Upload
from tests.emulators.discord.world import Bot, Channel, ChannelType, Sent, member_json

if TYPE_CHECKING:
    from tests.emulators.discord.emulator import DiscordEmulator

Json = dict[str, Any]
WAIT_SECONDS = 10.0


class Said(int):
    """A message's id, that remembers its channel."""

    channel: Channel

    def __new__(cls, message: int, channel: Channel) -> "Said":
        said = super().__new__(cls, message)
        said.channel = channel
        return said


@dataclass(frozen=True, eq=False)
class User:
    """Somebody with Discord open."""

    discord: "DiscordEmulator"
    person: Json

    @property
    def id(self) -> int:
        return int(self.person["id"])

    @property
    def name(self) -> str:
        return str(self.person["global_name"])

    def chat(self, bot: Bot | None = None) -> Channel:
        """The private chat with the bot."""
        return self.discord.world.private(bot or self.discord.bot, self.person)

    async def says(
        self,
        text: str,
        *,
        in_: Channel | None = None,
        reply_to: int | None = None,
        files: tuple[tuple[str, bytes, str], ...] = (),
        **fields: Any,
    ) -> Said:
        """Write a message; `files` are names, contents and types, `fields` go into it as given."""
        channel = in_ or self.chat()
        if reply_to is not None:
            fields |= reply(channel, int(reply_to))
            answered = channel.messages.get(int(reply_to))
            author = answered["author"] if answered else None
        else:
            author = None
        uploads = [Upload("", name, content, kind) for name, content, kind in files]
        posting = self.discord.rest.messages
        if author is not None and "mentions" not in fields:
            # A reply notifies whom it answers, and names them.
            fields["mentions"] = [author]
        message = posting.post(channel, self.person, text, fields, uploads, {})
        return Said(int(message["id"]), channel)

    async def edits(self, message: Said, text: str) -> None:
        """Change what was written before."""
        body = message.channel.messages[int(message)]
        self.discord.rest.messages.change(message.channel, body, {"content": text})

    async def deletes(self, message: Said) -> None:
        """Take back what was written before."""
        self.discord.delete(message.channel, int(message))

    async def runs(self, command: str, *, in_: Channel | None = None) -> Interaction:
        """Use a slash command of the bot: ``/name``, and words for its options in their order.

        Raises AssertionError for a command that the bot does not have.
        """
        channel, bot = in_ or self.chat(), self.discord.bot
        name, _, rest = command.removeprefix("/").partition(" ")
        known = next((c for c in bot.commands if c["name"] == name), None)
        assert known is not None, f"the bot has no command {name!r}"
        data: Json = {"id": known["id"], "name": name, "type": 1, "options": []}
        options = known.get("options") or []
        words = rest.split(" ", len(options) - 1) if rest and options else []
        for option, word in zip(options, words, strict=False):
            data["options"].append({"name": option["name"], "type": 3, "value": word})
        interaction = self.discord.rest.interactions.begin(bot, channel)
        self.discord.gateway.tell(bot, "INTERACTION_CREATE", self._event(interaction, 2, data))
        return interaction

    async def presses(self, label: str, *, in_: Channel | None = None) -> Interaction:
        """Press a button under the bot's last message. Raises AssertionError without it."""
        channel, bot = in_ or self.chat(), self.discord.bot
        mine = [m for m in channel.messages.values() if m["author"]["id"] == str(bot.id)]
        last = max(mine, key=lambda message: int(message["id"]), default=None)
        rows = last["components"] if last is not None else []
        buttons = [button for row in rows for button in row["components"]]
        button = next((each for each in buttons if each["label"] == label), None)
        assert button is not None, f"there is no button {label!r} under {last}"
        interaction = self.discord.rest.interactions.begin(bot, channel, last)
        data = {"custom_id": button["custom_id"], "component_type": 2, "id": button["id"]}
        event = self._event(interaction, 3, data) | {"message": last}
        self.discord.gateway.tell(bot, "INTERACTION_CREATE", event)
        return interaction

    def sees(self, *, in_: Channel | None = None) -> list[Json]:
        """The bot's messages that are in the channel now, in their order."""
        channel, bot = in_ or self.chat(), str(self.discord.bot.id)
        return [m for _, m in sorted(channel.messages.items()) if m["author"]["id"] == bot]

    async def hears(
        self, n: int = 1, *, in_: Channel | None = None, timeout: float = WAIT_SECONDS
    ) -> list[Sent]:
        """The next `n` messages of the bot that this person has not heard yet in that channel.

        Raises AssertionError when they do not come within `timeout` seconds.
        """
        channel = in_ or self.chat()
        heard = channel.heard.get(self.id, 0)
        came = await channel.changed.until(lambda: len(channel.sent) >= heard + n, timeout)
        assert came, f"{len(channel.sent) - heard} of {n} messages came: {channel.sent[heard:]}"
        channel.heard[self.id] = heard + n
        return channel.sent[heard : heard + n]

    def blocks(self) -> None:
        """The bot cannot write to this person any more."""
        self.chat().read_only = True

    def _event(self, interaction: Interaction, kind: int, data: Json) -> Json:
        channel, bot = interaction.channel, interaction.bot
        body: Json = {
            "id": str(interaction.id), "application_id": str(bot.id), "type": kind, "data": data,
            "token": interaction.token, "version": 1, "channel_id": str(channel.id),
            "channel": channel.as_json() | {"permissions": "2251799813685247"},
            "app_permissions": "2251799813685247", "locale": "en-US", "entitlements": [],
            "entitlement_sku_ids": [], "authorizing_integration_owners": {"0": "0"},
            "attachment_size_limit": 10_485_760,
            "context": {ChannelType.DM: 1, ChannelType.GROUP_DM: 2}.get(channel.type, 0),
        }  # fmt: skip
        if channel.guild is None:
            return body | {"user": self.person}
        guild = str(channel.guild.id)
        member = member_json(channel.guild.id) | {
            "user": self.person, "permissions": "2251799813685247",
        }  # fmt: skip
        place = {"id": guild, "locale": "en-US", "features": []}
        return body | {"guild_id": guild, "guild": place, "guild_locale": "en-US", "member": member}
