"""Messages as Discord makes them: what is detected in a text, and who is notified."""

import re
from collections.abc import Iterable
from typing import Any

from tests.emulators.discord.snowflakes import moment
from tests.emulators.discord.world import MESSAGE_CONTENT, Bot, Channel, World

Json = dict[str, Any]
LONGEST_TEXT = 2000
"""Characters: https://docs.discord.com/developers/resources/message#create-message"""

_MENTION = re.compile(r"<@!?(\d{15,20})>")
_EVERYONE = re.compile(r"@(everyone|here)\b")
_CODE = re.compile(r"```.*?```|``.*?``|`[^`]*`", re.DOTALL)
REPLY = 19


def new_message(world: World, channel: Channel, author: Json, content: str, **fields: Any) -> Json:
    """A message of this channel, kept; `mentions` are found as Discord finds them."""
    number = world.ids.next()
    body: Json = {
        "id": str(number), "type": 0, "content": content, "channel_id": str(channel.id),
        "author": author, "attachments": [], "embeds": [], "pinned": False, "tts": False,
        "mentions": mentioned(world, channel, content), "mention_roles": [],
        "mention_everyone": bool(_EVERYONE.search(content)), "timestamp": moment(number),
        "edited_timestamp": None, "flags": 0, "components": [],
    }  # fmt: skip
    body |= fields
    channel.messages[number] = body
    return body


def mentioned(world: World, channel: Channel, content: str) -> list[Json]:
    """The users that a text names."""
    known = {str(b.id): b.as_user() for b in world.bots.values()}
    known |= {str(number): person for number, person in world.people.items()}
    found = dict.fromkeys(_MENTION.findall(_CODE.sub("", content)))
    return [known[number] for number in found if number in known]


def pings(content: str, mentions: Iterable[Json], allowed: Json | None) -> tuple[str, ...]:
    """Who is notified: https://docs.discord.com/developers/resources/message#allowed-mentions-object"""
    named = [str(user["id"]) for user in mentions]
    everyone = [found[0] for found in _EVERYONE.finditer(_CODE.sub("", content))]
    if allowed is None:
        return tuple(named + everyone)
    parse = allowed.get("parse", ())
    users = named if "users" in parse else [n for n in named if n in allowed.get("users", ())]
    return tuple(users + (everyone if "everyone" in parse else []))


def reply(channel: Channel, to: int) -> Json:
    """The fields of a message that answers another."""
    fields: Json = {"type": REPLY, "message_reference": reference(channel, to)}
    fields["referenced_message"] = without_reply(channel.messages.get(to))
    return fields


def reference(channel: Channel, to: int) -> Json:
    body: Json = {"type": 0, "message_id": str(to), "channel_id": str(channel.id)}
    if channel.guild is not None:
        body["guild_id"] = str(channel.guild.id)
    return body


def without_reply(message: Json | None) -> Json | None:
    """A message inside of a reply: replies are not nested further."""
    if message is None:
        return None
    return {k: v for k, v in message.items() if k != "referenced_message"}


def as_event(message: Json, channel: Channel) -> Json:
    """A message as the gateway tells of it: with the guild and the author as its member."""
    body = dict(message)
    if channel.guild is not None:
        body["guild_id"] = str(channel.guild.id)
        if "webhook_id" not in message:
            body["member"] = {
                "nick": None, "avatar": None, "roles": [], "joined_at": moment(channel.guild.id),
                "deaf": False, "mute": False, "flags": 0, "pending": False,
                "communication_disabled_until": None, "premium_since": None,
            }  # fmt: skip
    return body


def as_seen_by(bot: Bot, event: Json, intents: int) -> Json:
    """Without the intent, only what concerns the bot has words.

    https://docs.discord.com/developers/events/gateway#message-content-intent
    """
    concerns = (
        "guild_id" not in event
        or event["author"]["id"] == str(bot.id)
        or any(user["id"] == str(bot.id) for user in event["mentions"])
    )
    if concerns or intents & MESSAGE_CONTENT:
        return event
    return event | {"content": "", "attachments": [], "embeds": [], "components": []}
