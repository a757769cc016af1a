"""The bots, people, guilds and channels of an emulated Discord, and the messages in them."""

import base64
import itertools
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from tests.emulators.discord.snowflakes import Snowflakes, moment
from tests.emulators.telegram.signal import Signal

Json = dict[str, Any]
MESSAGE_CONTENT = 1 << 15
"""The privileged intent; the others that are privileged are members and presences."""

_FLAG_CONTENT = 1 << 18


class ChannelType(IntEnum):
    """https://docs.discord.com/developers/resources/channel#channel-object-channel-types"""

    TEXT = 0
    DM = 1
    GROUP_DM = 3
    THREAD = 11
    FORUM = 15


def user_json(id_: int, username: str, name: str, *, bot: bool = False) -> Json:
    return {
        "id": str(id_), "username": username, "discriminator": "0", "global_name": name,
        "avatar": None, "bot": bot, "system": False, "public_flags": 0, "flags": 0,
        "banner": None, "accent_color": None, "avatar_decoration_data": None,
    }  # fmt: skip


def member_json(guild: int) -> Json:
    """Somebody as the member of a server: https://docs.discord.com/developers/resources/guild"""
    return {
        "nick": None, "avatar": None, "roles": [], "joined_at": moment(guild), "deaf": False,
        "mute": False, "flags": 0, "pending": False, "communication_disabled_until": None,
        "premium_since": None,
    }  # fmt: skip


def role_json(id_: int, name: str, **fields: Any) -> Json:
    """https://docs.discord.com/developers/topics/permissions#role-object"""
    return {
        "id": str(id_), "name": name, "color": 0, "hoist": False, "icon": None,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "unicode_emoji": None, "position": 0, "permissions": "2251799813685247",
        "managed": False, "mentionable": False, "flags": 0, **fields,
    }  # fmt: skip


@dataclass(eq=False)
class Bot:
    """An application and its bot user, which share an id."""

    id: int
    secret: str
    username: str
    guilds: list["Guild"] = field(default_factory=list)
    private: dict[int, "Channel"] = field(default_factory=dict)
    group_dms: list["Channel"] = field(default_factory=list)
    commands: list[Json] = field(default_factory=list)
    nonces: dict[str, Json] = field(default_factory=dict)
    intents: int = MESSAGE_CONTENT
    """Privileged intents that are switched on in the developer portal."""

    @property
    def token(self) -> str:
        number = base64.b64encode(str(self.id).encode()).decode().rstrip("=")
        return f"{number}.emu.{self.secret}"

    def as_user(self) -> Json:
        return user_json(self.id, self.username, self.username, bot=True)

    def as_me(self) -> Json:
        return {
            **self.as_user(), "global_name": None, "mfa_enabled": True, "locale": "en-US",
            "verified": True, "email": None, "premium_type": 0,
        }  # fmt: skip

    def as_application(self) -> Json:
        owner = user_json(1, "owner", "Owner")
        return {
            "id": str(self.id), "name": self.username, "icon": None, "description": "",
            "summary": "", "type": None, "bot": self.as_user(), "bot_public": True,
            "bot_require_code_grant": False, "owner": owner, "team": None, "rpc_origins": [],
            "verify_key": "00" * 32, "hook": True, "redirect_uris": [], "tags": [],
            "interactions_endpoint_url": None, "role_connections_verification_url": None,
            "approximate_guild_count": len(self.guilds), "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "flags": _FLAG_CONTENT if self.intents & MESSAGE_CONTENT else 0,
        }  # fmt: skip

    def is_in(self, channel: "Channel") -> bool:
        if channel.guild is not None:
            return channel.guild in self.guilds
        return channel in self.group_dms or channel in self.private.values()


@dataclass(eq=False)
class Guild:
    """A server."""

    id: int
    name: str
    owner: int
    channels: dict[int, "Channel"] = field(default_factory=dict)
    joined_at: str = ""
    roles: dict[int, Json] = field(default_factory=dict)
    permissions: int = ((1 << 51) - 1) & ~(1 << 3)
    """The bot's, of all its roles together; Administrator (1 << 3) stands for all."""

    @property
    def role_ids(self) -> set[int]:
        return set(self.roles)

    def as_json(self) -> Json:
        roles = [role_json(self.id, "@everyone"), *self.roles.values()]
        return {
            "id": str(self.id), "name": self.name, "icon": None, "splash": None,
            "discovery_splash": None, "owner_id": str(self.owner), "afk_channel_id": None,
            "afk_timeout": 300, "verification_level": 0, "default_message_notifications": 1,
            "explicit_content_filter": 0, "roles": roles, "emojis": [], "features": [],
            "mfa_level": 0, "application_id": None, "system_channel_id": None,
            "system_channel_flags": 0, "rules_channel_id": None, "vanity_url_code": None,
            "description": None, "banner": None, "premium_tier": 0,
            "premium_subscription_count": 0, "preferred_locale": "en-US",
            "public_updates_channel_id": None, "nsfw_level": 0, "stickers": [], "nsfw": False,
            "premium_progress_bar_enabled": False, "safety_alerts_channel_id": None,
            "max_members": 500000, "max_video_channel_users": 25, "widget_enabled": False,
            "incidents_data": None, "max_stage_video_channel_users": 50,
        }  # fmt: skip

    def as_created(self, bot: Bot) -> Json:
        """What GUILD_CREATE carries besides the guild itself."""
        rooms = [c for c in self.channels.values() if c.type is not ChannelType.THREAD]
        threads = [
            c for c in self.channels.values() if c.type is ChannelType.THREAD and not c.archived
        ]
        member = {
            "user": bot.as_user(), "nick": None, "avatar": None, "roles": [], "flags": 0,
            "joined_at": self.joined_at, "deaf": False, "mute": False, "pending": False,
        }  # fmt: skip
        return {
            **self.as_json(), "joined_at": self.joined_at, "large": False, "unavailable": False,
            "member_count": 2, "voice_states": [], "members": [member], "presences": [],
            "channels": [c.as_json(nested=True) for c in rooms if not c.hidden],
            "threads": [c.as_json(bot=bot) for c in threads if not c.hidden],
            "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [],
        }  # fmt: skip


@dataclass(eq=False)
class Channel:
    """Anything that messages are in, and forums."""

    id: int
    type: ChannelType
    name: str | None = None
    guild: Guild | None = None
    parent: "Channel | None" = None
    people: list[Json] = field(default_factory=list)
    owner: int = 0
    messages: dict[int, Json] = field(default_factory=dict)
    members: set[int] = field(default_factory=set)
    archived: bool = False
    locked: bool = False
    hidden: bool = False
    """The bot may not see it: 50001."""
    no_reactions: bool = False
    """The bot may not react there: 50013."""
    read_only: bool = False
    """The bot may not write there: 50013, or 50007 in a private chat."""
    sent: list["Sent"] = field(default_factory=list)
    heard: dict[int, int] = field(default_factory=dict)
    edits: list[tuple[int, str]] = field(default_factory=list)
    """Every edit that was made: the message, and its words from then on."""
    changed: Signal = field(default_factory=Signal)

    @property
    def last_message(self) -> int | None:
        return max(self.messages, default=None)

    def as_json(self, *, nested: bool = False, bot: Bot | None = None) -> Json:
        last = self.last_message
        body: Json = {
            "id": str(self.id), "type": int(self.type), "flags": 0,
            "last_message_id": str(last) if last else None,
        }  # fmt: skip
        if self.type in {ChannelType.DM, ChannelType.GROUP_DM}:
            body["recipients"] = self.people
            if self.type is ChannelType.GROUP_DM:
                body |= {"name": self.name, "icon": None, "owner_id": str(self.owner)}
            return body
        assert self.guild is not None
        body["name"] = self.name
        if not nested:
            body["guild_id"] = str(self.guild.id)
        if self.type is ChannelType.THREAD:
            return body | self._thread(bot)
        body |= {
            "position": 0, "permission_overwrites": [], "nsfw": False, "parent_id": None,
            "topic": None, "rate_limit_per_user": 0, "last_pin_timestamp": None,
        }  # fmt: skip
        if self.type is ChannelType.FORUM:
            body |= {
                "available_tags": [], "default_reaction_emoji": None, "default_sort_order": None,
                "default_forum_layout": 0, "default_thread_rate_limit_per_user": 0,
            }  # fmt: skip
        return body

    def _thread(self, bot: Bot | None) -> Json:
        assert self.parent is not None
        body: Json = {
            "parent_id": str(self.parent.id), "owner_id": str(self.owner), "message_count":
            len(self.messages), "member_count": len(self.members), "rate_limit_per_user": 0,
            "total_message_sent": len(self.messages), "applied_tags": [],
            "thread_metadata": {
                "archived": self.archived, "auto_archive_duration": 1440, "locked": self.locked,
                "archive_timestamp": moment(self.id), "create_timestamp": moment(self.id),
                "invitable": True,
            },
        }  # fmt: skip
        if bot is not None and bot.id in self.members:
            body["member"] = self.member(bot.id)
        return body

    def member(self, user: int) -> Json:
        """A thread member."""
        return {
            "id": str(self.id), "user_id": str(user), "join_timestamp": moment(self.id), "flags": 1,
        }  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """A message that a bot sent. `pings` are the people whom it notifies."""

    seq: int
    bot: int
    chat: int
    message: int
    text: str
    reply_to: int | None
    nonce: str | None
    at: float
    pings: tuple[str, ...] = ()
    ephemeral: bool = False
    interaction: int | None = None
    body: Json = field(default_factory=dict, repr=False)

    def as_json(self) -> Json:
        return {
            "seq": self.seq, "bot": self.bot, "chat": self.chat, "message": self.message,
            "text": self.text, "reply_to": self.reply_to, "nonce": self.nonce, "at": self.at,
            "pings": list(self.pings), "ephemeral": self.ephemeral,
            "interaction": self.interaction,
        }  # fmt: skip


class World:
    """Everything that exists."""

    def __init__(self) -> None:
        self.ids = Snowflakes()
        self.bots: dict[str, Bot] = {}
        self.people: dict[int, Json] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self._numbers = itertools.count(1)

    def add_bot(self, username: str) -> Bot:
        number = self.ids.next()
        bot = Bot(number, f"secret-of-{username}-{next(self._numbers)}", username)
        self.bots[bot.token] = bot
        return bot

    def add_person(self, name: str, username: str | None) -> Json:
        number = self.ids.next()
        person = user_json(number, username or f"{name.lower().replace(' ', '.')}", name)
        self.people[number] = person
        return person

    def add_channel(self, type_: ChannelType, **fields: Any) -> Channel:
        channel = Channel(self.ids.next(), type_, **fields)
        self.channels[channel.id] = channel
        if channel.guild is not None:
            channel.guild.channels[channel.id] = channel
        return channel

    def private(self, bot: Bot, person: Json) -> Channel:
        """The private chat of a person with a bot, begun if need be."""
        number = int(person["id"])
        if number not in bot.private:
            bot.private[number] = self.add_channel(ChannelType.DM, people=[person])
        return bot.private[number]
