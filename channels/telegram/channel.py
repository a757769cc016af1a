"""A Telegram bot as a channel."""

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime, timedelta

import aiohttp
import structlog
from telegram.constants import ReactionEmoji

from channels.channel import Capabilities, Command, Health, Receive
from channels.cursors import Cursors
from channels.errors import ChannelError, Unauthorized
from channels.fetching import Fetcher
from channels.loose_calls import LooseCalls
from channels.pace import Pace
from channels.pulse import Pulse
from channels.rendering import NOTHING_TO_SEE
from channels.telegram import ids, menu
from channels.telegram.client import POLL_GRACE_SECONDS, BotClient
from channels.telegram.config import TelegramSettings
from channels.telegram.files import UPLOAD_LIMIT, Downloads
from channels.telegram.format import TEXT_LIMIT, render
from channels.telegram.identity import Identity
from channels.telegram.polling import Poller
from channels.telegram.reading import Reader
from channels.telegram.sending import Outgoing
from channels.telegram.webhook import CHECK_EVERY, Webhook
from state.keys import Address
from state.messages import Attachment, OwedPart, Part, Receipt, Reply

_TYPING_SECONDS = 5.0
_EDIT_SECONDS = 1.5
_GROUP_EDIT_SECONDS = 4.0
"""One limit holds for messages and edits, about one a second in a chat and 20 a minute in a group
(https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this): edits must leave
something of it for the final words."""
_SEEN = ReactionEmoji.EYES
_PACE = Pace()
_ALWAYS_OURS = Command("start", "")
"""Telegram sends /start itself when somebody opens the bot; it is in no menu."""

_log = structlog.get_logger("channels.telegram")


class TelegramChannel:
    """See `channels.channel.Channel`. `http` is shared and is not closed here."""

    kind = "telegram"
    capabilities = Capabilities(
        text_limit=TEXT_LIMIT,
        typing_seconds=_TYPING_SECONDS,
        edit_seconds=_EDIT_SECONDS,
        group_edit_seconds=_GROUP_EDIT_SECONDS,
        upload_limit=UPLOAD_LIMIT,
        acknowledges=True,
    )

    def __init__(
        self,
        name: str,
        settings: TelegramSettings,
        *,
        http: aiohttp.ClientSession,
        cursors: Cursors,
        now: Callable[[], datetime],
        commands: Sequence[Command] = (),
        pace: Pace = _PACE,
    ) -> None:
        self.name = name
        self._settings = settings
        self._cursors = cursors
        self._now = now
        self._commands = tuple(commands)
        self._pace = pace
        self._client = BotClient(name, settings, http)
        self._fetcher = Fetcher(trusted=(settings.api_root,))
        self._outgoing = Outgoing(name, self._client)
        self._downloads = Downloads(self._client, self._fetcher)
        interval = CHECK_EVERY if settings.webhook else timedelta(seconds=settings.poll_seconds)
        grace = timedelta(seconds=POLL_GRACE_SECONDS)
        self._pulse = Pulse(name, stale_after=interval + grace, now=now)
        self._loose = LooseCalls()

    async def run(self, receive: Receive) -> None:
        """Take messages in until cancelled. Raises `Unauthorized` when the token is refused."""
        self._pulse.starting()
        try:
            me = await self._pace.until_done(
                lambda: self._client.identity((*self._commands, _ALWAYS_OURS)),
                self._pulse.missed,
            )
            self._pulse.known_as(f"@{me.username}")
            self._loose.begin(menu.publish(self._client, self.name, self._commands))
            await self._intake(me, receive).run()
        except Unauthorized as error:
            self._pulse.failed(str(error))
            raise
        finally:
            self._pulse.stopped()

    def render(self, reply: Reply) -> tuple[Part, ...]:
        """See `channels.channel.Channel`; the first part answers the question itself."""
        messages = render(reply.text)
        if not messages:
            return (Part(NOTHING_TO_SEE, NOTHING_TO_SEE, reply.reply_to),)
        return tuple(
            Part(message.text, message.plain, None if index else reply.reply_to)
            for index, message in enumerate(messages)
        )

    async def send(self, part: OwedPart) -> Receipt:
        """See `channels.channel.Channel`."""
        return await self._outgoing.send(part)

    async def upload(self, part: OwedPart, content: bytes) -> Receipt:
        """See `channels.channel.Channel`."""
        return await self._outgoing.upload(part, content)

    def download(self, attachment: Attachment) -> AsyncGenerator[bytes, None]:
        """See `channels.channel.Channel`."""
        return self._downloads.stream(attachment)

    async def acknowledge(self, address: Address, message: str, *, seen: bool) -> None:
        """See `channels.channel.Channel`. A group's admins may forbid reactions."""
        await self._loose.make(self._react(address, message, _SEEN if seen else None))

    async def typing(self, address: Address) -> None:
        """See `channels.channel.Channel`."""
        await self._loose.make(self._type(address))

    def health(self) -> Health:
        """See `channels.channel.Channel`."""
        return self._pulse.health()

    async def close(self) -> None:
        """See `channels.channel.Channel`."""
        await self._loose.close()
        await self._fetcher.close()

    def _intake(self, me: Identity, receive: Receive) -> Poller | Webhook:
        reader = Reader(me, pressed=self._answer_press)
        if self._settings.webhook is not None:
            return Webhook(
                self._client,
                me,
                receive,
                reader=reader,
                settings=self._settings.webhook,
                pulse=self._pulse,
                pace=self._pace,
                now=self._now,
            )
        return Poller(
            self._client,
            me,
            receive,
            reader=reader,
            seconds=self._settings.poll_seconds,
            pulse=self._pulse,
            cursors=self._cursors,
            pace=self._pace,
            now=self._now,
        )

    async def _type(self, address: Address) -> None:
        try:
            await self._client.show_typing(ids.chat_id(address), ids.thread_id(address))
        except ChannelError as error:
            _log.debug("typing_not_shown", channel=self.name, error=str(error))

    def _answer_press(self, press: str) -> None:
        self._loose.begin(self._stop_spinning(press))

    async def _stop_spinning(self, press: str) -> None:
        try:
            await self._client.answer_press(press)
        except ChannelError as error:
            # It stops by itself after a while.
            _log.debug("press_not_answered", channel=self.name, error=str(error))

    async def _react(self, address: Address, message: str, emoji: str | None) -> None:
        try:
            await self._client.react(ids.chat_id(address), ids.message_id(message), emoji)
        except ChannelError as error:
            _log.debug("not_acknowledged", channel=self.name, error=str(error))
