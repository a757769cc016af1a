"""The Bot API calls that Argent makes, with Argent's errors."""

import logging
import math
from collections.abc import Sequence
from urllib.parse import quote

import aiohttp
from telegram import (
    Bot,
    BotCommand,
    InputFile,
    LinkPreviewOptions,
    ReplyParameters,
    User,
    WebhookInfo,
)
from telegram.constants import ChatAction, ParseMode
from yarl import URL

from channels.channel import Command
from channels.errors import Unreachable
from channels.telegram.config import TelegramSettings
from channels.telegram.identity import Identity
from channels.telegram.inbound import WANTED
from channels.telegram.keyboard import keyboard
from channels.telegram.refusals import Refusals
from channels.telegram.request import AiohttpRequest
from state.messages import Button

POLL_GRACE_SECONDS = 8.0
"""How much longer than the poll itself its answer may take."""

# A preview makes Telegram fetch every link at once: nobody asked for that, and a link that a
# stranger's words put into an answer would carry data out without a click.
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


# At DEBUG the library logs the URL that it calls, and the token is in it.
logging.getLogger("telegram.Bot").setLevel(logging.INFO)


class BotClient:
    """One bot. Every method raises `channels.errors.ChannelError` and nothing else."""

    def __init__(self, account: str, settings: TelegramSettings, http: aiohttp.ClientSession):
        root = settings.api_root.rstrip("/")
        request = AiohttpRequest(http, _server(root))
        token = settings.token.get_secret_value() or "0:missing"
        self._account = account
        self._files = f"{root}/file/bot{token}"
        self._refusals = Refusals(account, token)
        self._bot = Bot(
            token,
            base_url=f"{root}/bot",
            base_file_url=f"{root}/file/bot",
            request=request,
            get_updates_request=request,
        )

    async def identity(self, commands: Sequence[Command]) -> Identity:
        """Who the bot is."""
        me = await self.me()
        return Identity(
            self._account, me.id, me.username or "", frozenset(c.name for c in commands)
        )

    async def me(self) -> User:
        """The bot as Telegram describes it."""
        with self._refusals.named():
            return await self._bot.get_me()

    async def peek(self, seconds: float) -> None:
        """Ask for updates as a reader does, but confirm none and change nothing.

        Raises `Conflict` where somebody else reads them.
        """
        arguments = {"timeout": math.ceil(seconds), "limit": 1}
        with self._refusals.named():
            await self._bot.do_api_request("getupdates", arguments)

    async def updates(self, offset: int | None, seconds: int) -> list[object]:
        """The updates from `offset` on, raw, waiting up to `seconds` for one.

        Everything below `offset` is confirmed with this. Without it nothing is.
        """
        arguments: dict[str, object] = {"timeout": seconds, "allowed_updates": list(WANTED)}
        if offset is not None:
            arguments["offset"] = offset
        with self._refusals.named():
            # `Bot.get_updates` parses all or nothing. Asking for the raw answer by the method's
            # usual spelling is warned about; case does not matter: api#making-requests.
            raw = await self._bot.do_api_request(
                "getupdates", arguments, read_timeout=seconds + POLL_GRACE_SECONDS
            )
        if not isinstance(raw, list):
            raise Unreachable("Telegram's answer could not be read")
        return raw

    async def send(
        self,
        chat: int,
        text: str,
        *,
        html: bool,
        thread: int | None,
        reply_to: int | None,
        buttons: Sequence[Button] = (),
    ) -> int:
        """Send a message; returns its id.

        Raises `BadMarkup`, `TopicGone` and `QuestionGone` among the others: nothing was sent.
        """
        arguments = _text(text, html, buttons) | _place(chat, thread, reply_to)
        with self._refusals.named():
            # `Bot.send_message` would raise for a message that it cannot read back whole (one
            # that answers a kind of content it does not know), when it has already been sent.
            message = await self._bot.do_api_request("sendmessage", arguments)
            return int(message["message_id"])

    async def edit(
        self, chat: int, message: int, text: str, *, html: bool, buttons: Sequence[Button] = ()
    ) -> None:
        """Let a message of the bot's read so, with these buttons and no others.

        Raises `NothingNew`, `MessageGone` and `BadMarkup` among the others.
        """
        arguments = _text(text, html, buttons) | {"chat_id": chat, "message_id": message}
        with self._refusals.named():
            await self._bot.do_api_request("editmessagetext", arguments)

    async def delete(self, chat: int, message: int) -> None:
        """Take a message away. Raises `MessageGone` and `MessageSettled` among the others."""
        with self._refusals.named():
            await self._bot.delete_message(chat, message)

    async def upload(
        self,
        chat: int,
        way: tuple[str, str],
        file: InputFile,
        caption: str,
        *,
        html: bool,
        thread: int | None,
        reply_to: int | None,
        buttons: Sequence[Button] = (),
    ) -> int:
        """Send a file by a method and its parameter; returns the message's id.

        Raises what `send` raises.
        """
        method, parameter = way
        arguments = _place(chat, thread, reply_to) | {parameter: file}
        if caption:
            arguments |= {"caption": caption} | ({"parse_mode": ParseMode.HTML} if html else {})
        if (markup := keyboard(buttons)) is not None:
            arguments["reply_markup"] = markup
        with self._refusals.named():
            message = await self._bot.do_api_request(method, arguments)
            return int(message["message_id"])

    async def file_path(self, file_id: str) -> str:
        """Where a file is, as Telegram says: below `file_address`, for an hour."""
        with self._refusals.named():
            return str(
                (await self._bot.do_api_request("getfile", {"file_id": file_id}))["file_path"]
            )

    def file_address(self, path: str) -> str:
        """The address of a file. The token is in it: it must not be shown."""
        return f"{self._files}/{quote(path)}"

    async def react(self, chat: int, message: int, emoji: str | None) -> None:
        """Let the bot's reaction to a message be this one, or none."""
        with self._refusals.named():
            await self._bot.set_message_reaction(chat, message, emoji or ())

    async def answer_press(self, press: str) -> None:
        """Let a button that was pressed stop to spin."""
        with self._refusals.named():
            await self._bot.answer_callback_query(press)

    async def show_typing(self, chat: int, thread: int | None) -> None:
        """Show "typing…" for five seconds."""
        with self._refusals.named():
            await self._bot.send_chat_action(chat, ChatAction.TYPING, message_thread_id=thread)

    async def menu(self) -> tuple[Command, ...]:
        """The commands that Telegram shows."""
        with self._refusals.named():
            return tuple(
                Command(c.command, c.description) for c in await self._bot.get_my_commands()
            )

    async def set_menu(self, commands: Sequence[Command]) -> None:
        """Let Telegram show these commands."""
        with self._refusals.named():
            await self._bot.set_my_commands([BotCommand(c.name, c.description) for c in commands])

    async def set_webhook(self, url: str, secret: str) -> None:
        """Let Telegram call `url`; what waits for the bot is kept."""
        with self._refusals.named():
            await self._bot.set_webhook(
                url, secret_token=secret, allowed_updates=WANTED, drop_pending_updates=False
            )

    async def delete_webhook(self) -> None:
        """End webhook mode; what waits for the bot is kept."""
        with self._refusals.named():
            await self._bot.delete_webhook(drop_pending_updates=False)

    async def webhook(self) -> WebhookInfo:
        """How Telegram sees the webhook."""
        with self._refusals.named():
            return await self._bot.get_webhook_info()


def _text(text: str, html: bool, buttons: Sequence[Button]) -> dict[str, object]:
    arguments: dict[str, object] = {"text": text, "link_preview_options": _NO_PREVIEW}
    if html:
        arguments["parse_mode"] = ParseMode.HTML
    if (markup := keyboard(buttons)) is not None:
        arguments["reply_markup"] = markup
    return arguments


def _place(chat: int, thread: int | None, reply_to: int | None) -> dict[str, object]:
    arguments: dict[str, object] = {"chat_id": chat}
    if thread is not None:
        arguments["message_thread_id"] = thread
    if reply_to is not None:
        # What was asked may be deleted by now; the answer is wanted all the same.
        arguments["reply_parameters"] = ReplyParameters(reply_to, allow_sending_without_reply=True)
    return arguments


def _server(root: str) -> str:
    url = URL(root)
    return f"{url.host}:{url.port}" if url.explicit_port else str(url.host)
