"""The HTTP calls that Argent makes as a Discord bot, with Argent's errors."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from channels.channel import Command
from channels.discord import ids
from channels.discord.buttons import rows
from channels.discord.identity import Identity
from channels.discord.transport import Transport, Upload
from channels.errors import Unreachable
from state.messages import Button

Json = dict[str, Any]

# A preview makes Discord fetch every link at once: nobody asked for that, and a link that a
# stranger's words put into an answer would carry data out without a click.
_NO_PREVIEWS = 1 << 2
_EPHEMERAL = 1 << 6
_NOBODY: Json = {"parse": [], "replied_user": False}
LONGEST_PAGE = 100
"""Messages of a history that are given at once."""

_DEFERRED = 5
_DEFERRED_UPDATE = 6
_STRING = 3
_LONGEST_DESCRIPTION = 100


class BotClient:
    """One bot. Every method raises `channels.errors.ChannelError` and nothing else."""

    def __init__(self, account: str, transport: Transport) -> None:
        self._account = account
        self._transport = transport

    async def identity(self) -> Identity:
        """Who the bot is."""
        me = await self._transport.call("GET", "/users/@me")
        application = await self._transport.call("GET", "/applications/@me")
        try:
            return Identity(
                self._account,
                ids.snowflake(me["id"]),
                ids.snowflake(application["id"]),
                str(me["username"]),
            )
        except (TypeError, KeyError, ValueError):
            raise _unreadable() from None

    async def application(self) -> Json:
        """The bot's application: https://docs.discord.com/developers/resources/application."""
        raw = await self._transport.call("GET", "/applications/@me")
        if not isinstance(raw, dict):
            raise _unreadable()
        return raw

    async def servers(self) -> list[Any]:
        """The servers that the bot is in, the first two hundred, with its permissions there.

        https://docs.discord.com/developers/resources/user#get-current-user-guilds
        """
        raw = await self._transport.call("GET", "/users/@me/guilds")
        if not isinstance(raw, list):
            raise _unreadable()
        return raw

    async def channel(self, channel: int) -> Json:
        """A channel object."""
        raw = await self._transport.call("GET", f"/channels/{channel}", bucket=f"get {channel}")
        if not isinstance(raw, dict):
            raise _unreadable()
        return raw

    async def open_chat(self, person: int) -> int:
        """The private chat with somebody, made if need be; its id."""
        body = {"recipient_id": str(person)}
        return _id_of(await self._transport.call("POST", "/users/@me/channels", body))

    async def history(self, channel: int, limit: int, after: int | None = None) -> list[Any]:
        """The latest messages of a channel, or the first ones after another; newest first."""
        path = f"/channels/{channel}/messages?limit={limit}"
        if after is not None:
            path += f"&after={after}"
        raw = await self._transport.call("GET", path, bucket=f"history {channel}")
        if not isinstance(raw, list):
            raise _unreadable()
        return raw

    async def message(self, channel: int, message: int) -> Json:
        """A message object."""
        path = f"/channels/{channel}/messages/{message}"
        raw = await self._transport.call("GET", path, bucket=f"message {channel}")
        if not isinstance(raw, dict):
            raise _unreadable()
        return raw

    # Messages -------------------------------------------------------------------------------

    async def send(
        self,
        channel: int,
        text: str,
        *,
        key: str,
        reply_to: int | None,
        buttons: Sequence[Button] = (),
    ) -> int:
        """Send a message; returns its id. What is sent again under one key soon after appears
        once, and this returns the first one's id."""
        body = _new(text, key, reply_to)
        if buttons:
            body["components"] = rows(buttons)
        path = f"/channels/{channel}/messages"
        return _id_of(await self._transport.call("POST", path, body, bucket=f"send {channel}"))

    async def upload(
        self, channel: int, text: str, file: Upload, *, key: str, reply_to: int | None
    ) -> int:
        """Send a message with a file; see `send`."""
        body = _new(text, key, reply_to) | {"attachments": [{"id": 0, "filename": file.name}]}
        path, bucket = f"/channels/{channel}/messages", f"send {channel}"
        return _id_of(await self._transport.call("POST", path, body, bucket=bucket, file=file))

    async def edit(self, channel: int, message: int, text: str, buttons: Sequence[Button]) -> None:
        """Let a message of ours read differently. Raises `Gone` where that cannot be done."""
        # https://docs.discord.com/developers/resources/message#edit-message: without a word about
        # mentions they would be taken as they come.
        body = _words(text) | {"components": rows(buttons)}
        path = f"/channels/{channel}/messages/{message}"
        await self._transport.call("PATCH", path, body, bucket=f"edit {channel}")

    async def remove(self, channel: int, message: int) -> None:
        """Take a message of ours away. Raises `Gone` when it is not there."""
        path = f"/channels/{channel}/messages/{message}"
        await self._transport.call("DELETE", path, bucket=f"remove {channel}")

    async def react(self, channel: int, message: int, emoji: str, *, shown: bool) -> None:
        """Give a message our reaction, or take it back."""
        path = f"/channels/{channel}/messages/{message}/reactions/{quote(emoji)}/@me"
        method = "PUT" if shown else "DELETE"
        await self._transport.call(method, path, bucket=f"react {channel}")

    async def show_typing(self, channel: int) -> None:
        """Show "typing…" for ten seconds."""
        path = f"/channels/{channel}/typing"
        await self._transport.call("POST", path, bucket=f"typing {channel}")

    # Commands -------------------------------------------------------------------------------

    async def set_commands(self, application: int, commands: Sequence[Command]) -> None:
        """Let Discord offer these commands and no others."""
        body = command_list(commands)
        await self._transport.call("PUT", f"/applications/{application}/commands", body)

    async def defer(self, interaction: int, token: str, *, ephemeral: bool) -> None:
        """Say that a command will be answered; Discord waits three seconds for this."""
        data: Json = {"flags": _EPHEMERAL} if ephemeral else {}
        path = f"/interactions/{interaction}/{token}/callback"
        body = {"type": _DEFERRED, "data": data}
        await self._transport.call("POST", path, body, own_token=False)

    async def take_press(self, interaction: int, token: str) -> None:
        """Say that a press of a button was heard; nothing changes by that."""
        path = f"/interactions/{interaction}/{token}/callback"
        await self._transport.call("POST", path, {"type": _DEFERRED_UPDATE}, own_token=False)

    async def answer(self, application: int, token: str, text: str) -> int:
        """Put the answer in the place of what was deferred; the same again changes nothing."""
        path = f"/webhooks/{application}/{token}/messages/@original"
        raw = await self._transport.call("PATCH", path, _words(text), own_token=False)
        return _id_of(raw)

    async def follow_up(self, application: int, token: str, text: str, *, ephemeral: bool) -> int:
        """Say more in answer to a command."""
        body = _words(text)
        if ephemeral:
            body["flags"] |= _EPHEMERAL
        path = f"/webhooks/{application}/{token}?wait=true"
        return _id_of(await self._transport.call("POST", path, body, own_token=False))


def command_list(commands: Sequence[Command]) -> list[Json]:
    """The commands as Discord wants them, each with room for words behind it.

    https://docs.discord.com/developers/interactions/application-commands
    """
    words = {"type": _STRING, "name": "words", "description": "What the command is about"}
    return [
        {
            "name": command.name,
            "description": (command.description or command.name)[:_LONGEST_DESCRIPTION],
            "type": 1,
            "options": [words],
        }
        for command in commands
    ]


def _new(text: str, key: str, reply_to: int | None) -> Json:
    body = _words(text)
    if key:
        # https://docs.discord.com/developers/resources/message#create-message
        body |= {"nonce": ids.nonce(key), "enforce_nonce": True}
    if reply_to is not None:
        # What was asked may be deleted by now; the answer is wanted all the same.
        body["message_reference"] = {"message_id": str(reply_to), "fail_if_not_exists": False}
    return body


def _words(text: str) -> Json:
    return {"content": text, "allowed_mentions": _NOBODY, "flags": _NO_PREVIEWS}


def _id_of(raw: Any) -> int:
    try:
        return ids.snowflake(raw["id"])
    except (TypeError, KeyError, ValueError):
        raise _unreadable() from None


def _unreadable() -> Unreachable:
    return Unreachable("Discord's answer could not be read", uncertain=True)
