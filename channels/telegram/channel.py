"""A Telegram bot as a channel."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import aiohttp
import structlog

from channels.channel import Capabilities, Command, Health, Receive
from channels.cursors import Cursors
from channels.errors import ChannelError, Unauthorized
from channels.pace import Pace
from channels.pulse import Pulse
from channels.telegram import ids, menu
from channels.telegram.client import BadMarkup, BotClient, QuestionGone, TopicGone
from channels.telegram.config import TelegramSettings
from channels.telegram.format import TEXT_LIMIT, render
from channels.telegram.identity import Identity
from channels.telegram.polling import Poller
from channels.telegram.webhook import CHECK_EVERY, Webhook
from state.keys import Address
from state.messages import OwedPart, Part, Receipt, Reply

NOTHING_TO_SEE = "…"
"""Stands for an answer in which nothing can be seen; Telegram refuses an empty message."""

_TYPING_SECONDS = 5.0
_CLOSE_SECONDS = 5.0
_PACE = Pace()
_ALWAYS_OURS = Command("start", "")
"""Telegram sends /start itself when somebody opens the bot; it is in no menu."""

_log = structlog.get_logger("channels.telegram")


@dataclass(frozen=True, slots=True)
class Form:
    """How a part is sent."""

    thread: int | None
    reply_to: int | None
    html: bool = True

    def without(self, refused: ChannelError) -> "Form":
        """The form without what was refused, so that each refusal is met once."""
        match refused:
            case BadMarkup():
                return replace(self, html=False)
            case TopicGone():
                # The question was in the topic.
                return replace(self, thread=None, reply_to=None)
            case _:
                return replace(self, reply_to=None)


class TelegramChannel:
    """See `channels.channel.Channel`. `http` is shared and is not closed here."""

    kind = "telegram"
    capabilities = Capabilities(text_limit=TEXT_LIMIT, typing_seconds=_TYPING_SECONDS)

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
        interval = CHECK_EVERY if settings.webhook else timedelta(seconds=settings.poll_seconds)
        self._pulse = Pulse(name, stale_after=2 * interval, now=now)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, receive: Receive) -> None:
        """Take messages in until cancelled. Raises `Unauthorized` when the token is refused."""
        self._pulse.starting()
        try:
            me = await self._pace.until_done(
                lambda: self._client.identity((*self._commands, _ALWAYS_OURS)),
                lambda error: self._pulse.trouble(str(error)),
            )
            self._pulse.known_as(f"@{me.username}")
            self._begin(menu.publish(self._client, self.name, self._commands))
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
        """See `channels.channel.Channel`.

        What Telegram cannot parse is sent as plain words; what has lost its topic or its question
        is sent to the chat as it is, where at least it is seen.
        """
        form = Form(ids.thread_id(part.address), _question(part))
        while True:
            try:
                return await self._send(part, form)
            except (BadMarkup, TopicGone, QuestionGone) as error:
                simpler = form.without(error)
                if simpler == form:
                    raise
                form = simpler
                kind = type(error).__name__
                _log.error("sent_simpler", channel=self.name, part=part.id, error=kind)

    async def typing(self, address: Address) -> None:
        """See `channels.channel.Channel`."""
        # Cancelled with the turn it announces, the call itself ends in its own time: a request
        # that is broken off costs its connection.
        await asyncio.shield(self._begin(self._type(address)))

    def health(self) -> Health:
        """See `channels.channel.Channel`."""
        return self._pulse.health()

    async def close(self) -> None:
        """See `channels.channel.Channel`."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_CLOSE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _intake(self, me: Identity, receive: Receive) -> Poller | Webhook:
        if self._settings.webhook is not None:
            return Webhook(
                self._client,
                me,
                receive,
                settings=self._settings.webhook,
                pulse=self._pulse,
                pace=self._pace,
                now=self._now,
            )
        return Poller(
            self._client,
            me,
            receive,
            seconds=self._settings.poll_seconds,
            pulse=self._pulse,
            cursors=self._cursors,
            pace=self._pace,
            now=self._now,
        )

    async def _send(self, part: OwedPart, form: Form) -> Receipt:
        message = await self._client.send(
            ids.chat_id(part.address),
            part.part.text if form.html else part.part.plain,
            html=form.html,
            thread=form.thread,
            reply_to=form.reply_to,
        )
        return Receipt(str(message))

    async def _type(self, address: Address) -> None:
        try:
            await self._client.show_typing(ids.chat_id(address), ids.thread_id(address))
        except ChannelError as error:
            _log.debug("typing_not_shown", channel=self.name, error=str(error))

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _question(part: OwedPart) -> int | None:
    reply_to = part.part.reply_to
    return None if reply_to is None else ids.message_id(reply_to)
