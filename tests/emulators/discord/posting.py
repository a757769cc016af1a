"""The HTTP API's routes for messages: history, posting, editing, typing.

https://docs.discord.com/developers/resources/message
"""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.emulators.discord import errors
from tests.emulators.discord.messages import (
    LONGEST_TEXT,
    mentioned,
    new_message,
    pings,
    reply,
)
from tests.emulators.discord.routes import Call, Route, Upload, route, snowflake
from tests.emulators.discord.snowflakes import now
from tests.emulators.discord.world import Channel, ChannelType, Sent

if TYPE_CHECKING:
    from tests.emulators.discord.emulator import DiscordEmulator

Json = dict[str, Any]
LONGEST_NONCE = 25
_EPHEMERAL = 1 << 6


class MessageRoutes:
    """What a bot does with messages."""

    def __init__(self, discord: "DiscordEmulator") -> None:
        self._discord = discord

    def routes(self) -> Iterator[Route]:
        """The routes, faults and limits under the names given here."""
        many = "/channels/{channel}/messages"
        one = many + "/{message}"
        yield route("get_messages", "GET", many, self._history)
        yield route("create_message", "POST", many, self.create)
        yield route("get_message", "GET", one, self._one)
        yield route("edit_message", "PATCH", one, self._edit)
        yield route("delete_message", "DELETE", one, self._delete)
        yield route("typing", "POST", "/channels/{channel}/typing", self._typing)

    async def create(self, call: Call) -> Json:
        """Post a message; with `enforce_nonce` the same one is posted once."""
        bot = call.caller
        channel = self._discord.find(bot, call.ids["channel"])
        self._may_write(channel)
        fields = call.fields
        content = checked_content(fields, call.files)
        nonce = _nonce(fields)
        if nonce is not None and fields.get("enforce_nonce") is True and nonce in bot.nonces:
            return bot.nonces[nonce]
        extra = self._reply(channel, fields)
        if nonce is not None:
            extra["nonce"] = nonce
        extra["flags"] = int(fields.get("flags") or 0) & ~_EPHEMERAL
        message = self.post(channel, bot.as_user(), content, extra, call.files)
        if nonce is not None:
            bot.nonces[nonce] = message
        self.record(bot.id, channel, message, fields)
        return message

    def post(
        self, channel: Channel, author: Json, content: str, extra: Json, files: list[Upload]
    ) -> Json:
        """A new message, told to everybody."""
        message = new_message(self._discord.world, channel, author, content, **extra)
        message["attachments"] = [self._kept(channel, upload) for upload in files]
        channel.archived = False
        if channel.type is ChannelType.THREAD:
            for bot in self._discord.world.bots.values():
                if str(bot.id) == author["id"]:
                    self._discord.join_thread(channel, bot)
        self._discord.tell_message("MESSAGE_CREATE", channel, message)
        return message

    def record(self, bot: int, channel: Channel, message: Json, fields: Json, **more: Any) -> Sent:
        """Remember what a bot sent."""
        to = message.get("message_reference", {}).get("message_id")
        sent = Sent(
            seq=len(self._discord.record),
            bot=bot,
            chat=channel.id,
            message=int(message["id"]),
            text=message["content"],
            reply_to=int(to) if to else None,
            nonce=message.get("nonce"),
            at=time.monotonic(),
            pings=pings(message["content"], message["mentions"], fields.get("allowed_mentions")),
            body=fields,
            **more,
        )
        self._discord.sent_now(channel, sent)
        return sent

    async def _history(self, call: Call) -> list[Json]:
        channel = self._discord.find(call.caller, call.ids["channel"])
        limit = call.query.get("limit", "50")
        if not limit.isdecimal() or not 1 <= int(limit) <= 100:
            raise errors.invalid(
                "limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100."
            )
        found = _window(channel, call.query, int(limit))
        return [channel.messages[number] for number in sorted(found, reverse=True)]

    async def _one(self, call: Call) -> Json:
        return self._message(call)[1]

    async def _edit(self, call: Call) -> Json:
        channel, message = self._message(call)
        if message["author"]["id"] != str(call.caller.id):
            raise errors.not_the_author()
        self.change(channel, message, checked_content(call.fields, call.files))
        return message

    def change(self, channel: Channel, message: Json, content: str) -> None:
        """A message reads differently from now on."""
        message |= {
            "content": content, "edited_timestamp": now(),
            "mentions": mentioned(self._discord.world, channel, content),
        }  # fmt: skip
        self._discord.tell_message("MESSAGE_UPDATE", channel, message)

    async def _delete(self, call: Call) -> None:
        channel, message = self._message(call)
        if message["author"]["id"] != str(call.caller.id) and channel.guild is None:
            raise errors.ApiError(403, 50003, "Cannot execute action on a DM channel")
        self._discord.delete(channel, int(message["id"]))

    async def _typing(self, call: Call) -> None:
        channel = self._discord.find(call.caller, call.ids["channel"])
        self._may_write(channel)
        self._discord.typings.append(channel.id)

    def _message(self, call: Call) -> tuple[Channel, Json]:
        channel = self._discord.find(call.caller, call.ids["channel"])
        message = channel.messages.get(snowflake(call.ids["message"]))
        if message is None:
            raise errors.unknown_message()
        return channel, message

    def _may_write(self, channel: Channel) -> None:
        if channel.type is ChannelType.FORUM:
            raise errors.no_text_channel()
        if channel.read_only and channel.type is ChannelType.DM:
            raise errors.cannot_send_to_user()
        if channel.read_only:
            raise errors.missing_permissions()
        if channel.locked:
            raise errors.thread_locked()

    def _reply(self, channel: Channel, fields: Json) -> Json:
        """https://docs.discord.com/developers/resources/message#message-reference"""
        reference = fields.get("message_reference")
        if reference is None:
            return {}
        to = snowflake(reference.get("message_id"))
        if to in channel.messages:
            return reply(channel, to)
        if reference.get("fail_if_not_exists", True):
            raise errors.invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        return {}

    def _kept(self, channel: Channel, upload: Upload) -> Json:
        number = self._discord.world.ids.next()
        path = f"/attachments/{channel.id}/{number}/{upload.name}"
        self._discord.world.files[path] = (upload.content, upload.type)
        return {
            "id": str(number), "filename": upload.name, "size": len(upload.content),
            "url": self._discord.url + path, "proxy_url": self._discord.url + path,
            "content_type": upload.type,
        }  # fmt: skip


def checked_content(fields: Json, files: list[Upload]) -> str:
    """The words of a message. Raises `ApiError` for what Discord would refuse."""
    content = fields.get("content")
    if content is not None and not isinstance(content, str):
        raise errors.invalid("content", "STRING_TYPE_CONVERT", "Could not interpret as string.")
    content = (content or "").strip()
    if len(content) > LONGEST_TEXT:
        raise errors.invalid(
            "content", "BASE_TYPE_MAX_LENGTH", f"Must be {LONGEST_TEXT} or fewer in length."
        )
    if not content and not files and not fields.get("embeds"):
        raise errors.empty_message()
    return content


def _nonce(fields: Json) -> str | None:
    nonce = fields.get("nonce")
    if nonce is None:
        return None
    if not isinstance(nonce, str | int) or len(str(nonce)) > LONGEST_NONCE:
        raise errors.invalid("nonce", "NONCE_TYPE_TOO_LONG", "Must be 25 or fewer in length.")
    return str(nonce)


def _window(channel: Channel, query: dict[str, str], limit: int) -> list[int]:
    """https://docs.discord.com/developers/resources/message#get-channel-messages"""
    numbers = sorted(channel.messages)
    if "around" in query:
        middle = snowflake(query["around"])
        near = sorted(numbers, key=lambda number: abs(number - middle))
        return near[:limit]
    if "before" in query:
        edge = snowflake(query["before"])
        return [n for n in numbers if n < edge][-limit:]
    if "after" in query:
        edge = snowflake(query["after"])
        return [n for n in numbers if n > edge][:limit]
    return numbers[-limit:]
