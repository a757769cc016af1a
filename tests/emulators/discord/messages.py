"""Messages as Discord makes them: what is detected in a text, and who is notified."""

import re
from typing import Any

from tests.emulators.discord.snowflakes import moment
from tests.emulators.discord.world import MESSAGE_CONTENT, Bot, Channel, World, member_json

Json = dict[str, Any]
_MENTION = re.compile(r"<@!?(\d{15,20})>")
_ROLE = re.compile(r"<@&(\d{15,20})>")
_EVERYONE = re.compile(r"@(everyone|here)\b")
_CODE = re.compile(r"```.*?```|``.*?``|`[^`]*`", re.DOTALL)
REPLY = 19


def new_message(world: World, channel: Channel, author: Json, content: str, **fields: Any) -> Json:
    """A message of this channel, kept."""
    number = world.ids.next()
    body: Json = {
        "id": str(number), "type": 0, "content": content, "channel_id": str(channel.id),
        "author": author, "attachments": [], "embeds": [], "pinned": False, "tts": False,
        "mentions": [], "mention_roles": [], "mention_everyone": False,
        "timestamp": moment(number), "edited_timestamp": None, "flags": 0, "components": [],
    }  # fmt: skip
    body |= fields
    channel.messages[number] = body
    return body


def mentions(world: World, channel: Channel, content: str, allowed: Json | None) -> Json:
    """The fields of a message that say whom it names, outside of code and as far as allowed.

    https://docs.discord.com/developers/resources/message#allowed-mentions-object
    """
    words = _CODE.sub("", content)
    known = {str(b.id): b.as_user() for b in world.bots.values()}
    known |= {str(number): person for number, person in world.people.items()}
    roles = channel.guild.role_ids if channel.guild is not None else set()
    users = [number for number in dict.fromkeys(_MENTION.findall(words)) if number in known]
    named = [number for number in dict.fromkeys(_ROLE.findall(words)) if int(number) in roles]
    return {
        "mentions": [known[number] for number in _allowed(users, "users", allowed)],
        "mention_roles": _allowed(named, "roles", allowed),
        "mention_everyone": bool(_everyone(words, allowed)),
    }


def pings(message: Json, allowed: Json | None) -> tuple[str, ...]:
    """Who is notified by a message."""
    named = [str(user["id"]) for user in message["mentions"]] + message["mention_roles"]
    return tuple(named + _everyone(_CODE.sub("", message["content"]), allowed))


def _allowed(numbers: list[str], kind: str, allowed: Json | None) -> list[str]:
    if allowed is None or kind in allowed.get("parse", ()):
        return numbers
    return [number for number in numbers if number in (allowed.get(kind) or ())]


def _everyone(words: str, allowed: Json | None) -> list[str]:
    if allowed is not None and "everyone" not in allowed.get("parse", ()):
        return []
    return [found[0] for found in _EVERYONE.finditer(words)]


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
            body["member"] = member_json(channel.guild.id)
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
