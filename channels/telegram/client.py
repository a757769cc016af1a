"""The Bot API calls that Argent makes, with Argent's errors."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import aiohttp
from telegram import Bot, BotCommand, LinkPreviewOptions, ReplyParameters, WebhookInfo
from telegram.constants import ChatAction, ParseMode
from telegram.error import TelegramError
from yarl import URL

from channels.channel import Command
from channels.errors import (
    ChannelError,
    Conflict,
    Moved,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from channels.telegram.config import TelegramSettings
from channels.telegram.identity import Identity
from channels.telegram.inbound import WANTED
from channels.telegram.request import AiohttpRequest, NoAnswer, Refused

_POLL_GRACE_SECONDS = 10.0
"""How much longer than the poll itself its answer may take."""

_FLOOD_SECONDS = 5.0
"""The wait after a 429 that does not say how long."""

# A preview makes Telegram fetch every link at once: nobody asked for that, and a link that a
# stranger's words put into an answer would carry data out without a click.
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


# At DEBUG the library logs the URL that it calls, and the token is in it.
logging.getLogger("telegram.Bot").setLevel(logging.INFO)


class BadMarkup(Rejected):
    """Telegram cannot read the markup; the words alone can be sent."""


class TopicGone(Rejected):
    """There is no such topic in the chat (any more)."""


class QuestionGone(Rejected):
    """The message to reply to is not there (any more)."""


class WebhookInTheWay(Conflict):
    """Updates go to a webhook, so they cannot be polled."""


class BotClient:
    """One bot. Every method raises `channels.errors.ChannelError` and nothing else."""

    def __init__(self, account: str, settings: TelegramSettings, http: aiohttp.ClientSession):
        root = settings.api_root.rstrip("/")
        request = AiohttpRequest(http, _server(root))
        self._account = account
        self._token = settings.token.get_secret_value() or "0:missing"
        self._bot = Bot(
            self._token,
            base_url=f"{root}/bot",
            base_file_url=f"{root}/file/bot",
            request=request,
            get_updates_request=request,
        )

    async def identity(self, commands: Sequence[Command]) -> Identity:
        """Who the bot is."""
        with self._errors():
            me = await self._bot.get_me()
        return Identity(
            self._account, me.id, me.username or "", frozenset(c.name for c in commands)
        )

    async def updates(self, offset: int | None, seconds: int) -> list[object]:
        """The updates from `offset` on, raw, waiting up to `seconds` for one.

        Everything below `offset` is confirmed with this. Without it nothing is.
        """
        arguments: dict[str, object] = {"timeout": seconds, "allowed_updates": list(WANTED)}
        if offset is not None:
            arguments["offset"] = offset
        with self._errors():
            # `Bot.get_updates` parses all or nothing. Asking for the raw answer by the method's
            # usual spelling is warned about; case does not matter: api#making-requests.
            raw = await self._bot.do_api_request(
                "getupdates", arguments, read_timeout=seconds + _POLL_GRACE_SECONDS
            )
        if not isinstance(raw, list):
            raise Unreachable("Telegram's answer could not be read")
        return raw

    async def send(
        self, chat: int, text: str, *, html: bool, thread: int | None, reply_to: int | None
    ) -> int:
        """Send a message; returns its id.

        Raises `BadMarkup`, `TopicGone` and `QuestionGone` among the others: nothing was sent.
        """
        arguments: dict[str, object] = {
            "chat_id": chat,
            "text": text,
            "link_preview_options": _NO_PREVIEW,
        }
        if html:
            arguments["parse_mode"] = ParseMode.HTML
        if thread is not None:
            arguments["message_thread_id"] = thread
        if reply_to is not None:
            # What was asked may be deleted by now; the answer is wanted all the same.
            arguments["reply_parameters"] = ReplyParameters(
                reply_to, allow_sending_without_reply=True
            )
        with self._errors():
            # `Bot.send_message` would raise for a message that it cannot read back whole (one
            # that answers a kind of content it does not know), when it has already been sent.
            message = await self._bot.do_api_request("sendmessage", arguments)
            return int(message["message_id"])

    async def show_typing(self, chat: int, thread: int | None) -> None:
        """Show "typing…" for five seconds."""
        with self._errors():
            await self._bot.send_chat_action(chat, ChatAction.TYPING, message_thread_id=thread)

    async def menu(self) -> tuple[Command, ...]:
        """The commands that Telegram shows."""
        with self._errors():
            return tuple(
                Command(c.command, c.description) for c in await self._bot.get_my_commands()
            )

    async def set_menu(self, commands: Sequence[Command]) -> None:
        """Let Telegram show these commands."""
        with self._errors():
            await self._bot.set_my_commands([BotCommand(c.name, c.description) for c in commands])

    async def set_webhook(self, url: str, secret: str) -> None:
        """Let Telegram call `url`; what waits for the bot is kept."""
        with self._errors():
            await self._bot.set_webhook(
                url, secret_token=secret, allowed_updates=WANTED, drop_pending_updates=False
            )

    async def delete_webhook(self) -> None:
        """End webhook mode; what waits for the bot is kept."""
        with self._errors():
            await self._bot.delete_webhook(drop_pending_updates=False)

    async def webhook(self) -> WebhookInfo:
        """How Telegram sees the webhook."""
        with self._errors():
            return await self._bot.get_webhook_info()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except TelegramError as error:
            # Not chained: what lies beneath may show the URL, and the URL holds the token.
            raise self._meaning(error) from None
        except Exception as error:
            # The library stumbled over an answer of another shape.
            text = f"Telegram's answer could not be read: {type(error).__name__}"
            raise Unreachable(text, uncertain=True) from None

    def _meaning(self, error: TelegramError) -> ChannelError:
        match error:
            case NoAnswer():
                return Unreachable(str(error), uncertain=error.uncertain)
            case Refused():
                return self._refusal(error)
            case _:
                kind = type(error).__name__
                return Unreachable(f"a call to Telegram failed: {kind}", uncertain=True)

    def _refusal(self, error: Refused) -> ChannelError:
        words = error.description.replace(self._token, "[token]")
        migrated = error.parameters.get("migrate_to_chat_id")
        match error.code:
            case _ if migrated:
                return Moved(str(migrated))
            case 429:
                return RateLimited(float(error.parameters.get("retry_after") or _FLOOD_SECONDS))
            case 401 | 404:
                return Unauthorized(
                    f"Telegram does not accept the token of {self._account!r}: get a new one from "
                    f"@BotFather (/mybots, API Token), set it as channels.{self._account}.token "
                    "or TELEGRAM_BOT_TOKEN, and start again"
                )
            case 409 if "webhook" in words:
                return WebhookInTheWay(words)
            case 409:
                return Conflict(words)
            case code if code >= 500:
                return Unreachable(f"Telegram failed: {words} ({code})", uncertain=True)
            case 400 if "can't parse entities" in words:
                return BadMarkup(words)
            case 400 if "message thread not found" in words or "TOPIC_DELETED" in words:
                return TopicGone(words)
            case 400 if "message to be replied not found" in words:
                return QuestionGone(words)
            case _:
                return Rejected(f"Telegram refused: {words}")


def _server(root: str) -> str:
    url = URL(root)
    return f"{url.host}:{url.port}" if url.explicit_port else str(url.host)
