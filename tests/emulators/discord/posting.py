"""The HTTP API's routes for messages: history, posting, editing, typing.

https://docs.discord.com/developers/resources/message
"""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.emulators.discord import errors
from tests.emulators.discord.content import checked_components, checked_content, checked_nonce
from tests.emulators.discord.messages import mentions, new_message, pings, reply
from tests.emulators.discord.routes import Call, Route, Upload, route, snowflake
from tests.emulators.discord.snowflakes import now
from tests.emulators.discord.world import Channel, ChannelType, Sent

if TYPE_CHECKING:
    from tests.emulators.discord.emulator import DiscordEmulator

Json = dict[str, Any]
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
        nonce = checked_nonce(fields)
        if nonce is not None and fields.get("enforce_nonce") is True and nonce in bot.nonces:
            return self._discord.cdn.signed(bot.nonces[nonce])
        extra = self._reply(channel, fields)
        if nonce is not None:
            extra["nonce"] = nonce
        extra["flags"] = int(fields.get("flags") or 0) & ~_EPHEMERAL
        message = self.post(channel, bot.as_user(), content, extra, call.files, fields)
        if nonce is not None:
            bot.nonces[nonce] = message
        self.record(bot.id, channel, message, fields)
        return self._discord.cdn.signed(message)

    def post(
        self,
        channel: Channel,
        author: Json,
        content: str,
        extra: Json,
        files: list[Upload],
        fields: Json,
    ) -> Json:
        """A new message, told to everybody; `fields` are what a request said besides."""
        kept = self._discord.cdn.keep(channel.id, files, fields.get("attachments"))
        named = mentions(self._discord.world, channel, content, fields.get("allowed_mentions"))
        extra = {"components": checked_components(fields.get("components")), **named, **extra}
        message = new_message(
            self._discord.world, channel, author, content, attachments=kept, **extra
        )
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
            pings=pings(message, fields.get("allowed_mentions")),
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
        newest_first = sorted(found, reverse=True)
        return [self._discord.cdn.signed(channel.messages[number]) for number in newest_first]

    async def _one(self, call: Call) -> Json:
        return self._discord.cdn.signed(self.find(call)[1])

    async def _edit(self, call: Call) -> Json:
        channel, message = self.find(call)
        if message["author"]["id"] != str(call.caller.id):
            raise errors.not_the_author()
        if channel.archived:
            raise errors.thread_archived()
        self.change(channel, message, call.fields, call.files)
        return self._discord.cdn.signed(message)

    def change(
        self, channel: Channel, message: Json, fields: Json, files: list[Upload] | None = None
    ) -> None:
        """A message reads differently from now on: what `fields` do not name stays.

        https://docs.discord.com/developers/resources/message#edit-message
        """
        kept = message["attachments"]
        if "attachments" in fields:
            wanted = {str(each.get("id")) for each in fields["attachments"] or ()}
            kept = [each for each in kept if each["id"] in wanted]
        new: Json = {"attachments": kept, "edited_timestamp": now()}
        if "content" in fields or not kept:
            said = {"content": message["content"]} | fields
            new["content"] = checked_content(said, files or [], attached=bool(kept))
            allowed = fields.get("allowed_mentions")
            new |= mentions(self._discord.world, channel, new["content"], allowed)
        if "components" in fields:
            new["components"] = checked_components(fields["components"])
        new["attachments"] = kept + self._discord.cdn.keep(
            channel.id, files or [], fields.get("attachments")
        )
        message |= new
        channel.edits.append((int(message["id"]), message["content"]))
        self._discord.tell_message("MESSAGE_UPDATE", channel, message)
        self._discord.changed.changed()
        channel.changed.changed()

    async def _delete(self, call: Call) -> None:
        channel, message = self.find(call)
        if message["author"]["id"] != str(call.caller.id) and channel.guild is None:
            raise errors.ApiError(403, 50003, "Cannot execute action on a DM channel")
        self._discord.delete(channel, int(message["id"]))

    async def _typing(self, call: Call) -> None:
        channel = self._discord.find(call.caller, call.ids["channel"])
        self._may_write(channel)
        self._discord.typings.append(channel.id)

    def find(self, call: Call) -> tuple[Channel, Json]:
        """The message that a request is about. Raises `ApiError`."""
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
