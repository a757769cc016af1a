"""A Slack app as a channel."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta

import aiohttp
import structlog

from channels.channel import Capabilities, Command, Health, Receive
from channels.cursors import Cursors
from channels.errors import ChannelError, Rejected, Unauthorized
from channels.pace import Pace
from channels.pulse import Pulse
from channels.slack import ids
from channels.slack.catchup import CatchUp
from channels.slack.client import BotClient
from channels.slack.config import SlackSettings
from channels.slack.directory import Directory
from channels.slack.dispatch import Dispatch
from channels.slack.events_api import CHECK_EVERY, EventsApi
from channels.slack.format import TEXT_LIMIT, render
from channels.slack.identity import Identity
from channels.slack.intake import Intake
from channels.slack.marks import Marks
from channels.slack.refusals import BadBlocks
from channels.slack.responses import Responses
from channels.slack.socket import QUIET_SECONDS, Socket
from state.keys import Address
from state.messages import OwedPart, Part, Receipt, Reply

NOTHING_TO_SEE = "…"
"""Stands for an answer in which nothing can be seen; Slack refuses an empty message."""

STATUS = "is thinking…"

_STATUS_SECONDS = 60.0
"""Slack shows a status for two minutes:
https://docs.slack.dev/reference/methods/assistant.threads.setStatus"""

_CLOSE_SECONDS = 5.0
_PACE = Pace()
_log = structlog.get_logger("channels.slack")


class SlackChannel:
    """See `channels.channel.Channel`. `http` is shared and is not closed here."""

    kind = "slack"
    capabilities = Capabilities(text_limit=TEXT_LIMIT, typing_seconds=_STATUS_SECONDS)

    def __init__(
        self,
        name: str,
        settings: SlackSettings,
        *,
        http: aiohttp.ClientSession,
        cursors: Cursors,
        now: Callable[[], datetime],
        commands: Sequence[Command] = (),
        pace: Pace = _PACE,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        self.name = name
        self._settings = settings
        self._http = http
        self._cursors = cursors
        self._now = now
        self._commands = frozenset(command.name for command in commands)
        self._pace = pace
        self._quiet_seconds = quiet_seconds
        self._client = BotClient(name, settings, http)
        self._responses = Responses()
        interval = CHECK_EVERY if settings.events else timedelta(seconds=quiet_seconds)
        self._pulse = Pulse(name, stale_after=2.5 * interval, now=now)
        self._shows_status = True
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, receive: Receive) -> None:
        """Take messages in until cancelled. Raises `Unauthorized` when a token is refused."""
        self._pulse.starting()
        try:
            me = await self._pace.until_done(
                lambda: self._client.identity(self._settings, self._commands),
                lambda error: self._pulse.trouble(str(error)),
            )
            self._pulse.known_as(f"@{me.name}")
            await self._take_in(me, receive)
        except Unauthorized as error:
            self._pulse.failed(str(error))
            raise
        finally:
            self._pulse.stopped()

    def render(self, reply: Reply) -> tuple[Part, ...]:
        """See `channels.channel.Channel`; the first part answers the question itself."""
        messages = render(reply.text) or render(NOTHING_TO_SEE)
        return tuple(
            Part(message.text, message.plain, None if index else reply.reply_to)
            for index, message in enumerate(messages)
        )

    async def send(self, part: OwedPart) -> Receipt:
        """See `channels.channel.Channel`; where Slack does not take the blocks, words are sent."""
        channel, thread = ids.channel_id(part.address), ids.thread_ts(part.address)
        if part.uncertain and part.key:
            sent = await self._found(channel, thread, part)
            if sent is not None:
                return Receipt(sent)
        if await self._responses.answer(self._client, part.part):
            return Receipt(part.part.reply_to or "")
        try:
            return Receipt(await self._send(channel, thread, part, blocks=part.part.text))
        except BadBlocks as error:
            _log.error("blocks_refused", channel=self.name, part=part.id, reason=str(error))
            return Receipt(await self._send(channel, thread, part, blocks=None))

    async def typing(self, address: Address) -> None:
        """See `channels.channel.Channel`. Slack has a status in threads, and nowhere else."""
        if self._shows_status and address.thread is not None:
            # Cancelled with the turn it announces, the call itself ends in its own time: a
            # request that is broken off costs its connection.
            await asyncio.shield(self._begin(self._show_status(address)))

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

    async def _take_in(self, me: Identity, receive: Receive) -> None:
        marks, directory = Marks(me, self._cursors), Directory(self._client)
        await marks.load()
        intake = Intake(
            me,
            receive,
            directory=directory,
            marks=marks,
            pulse=self._pulse,
            responses=self._responses,
            follow_threads=self._settings.follow_threads,
            now=self._now,
        )
        catch_up = CatchUp(
            self._client,
            me,
            intake,
            directory=directory,
            marks=marks,
            pulse=self._pulse,
            pace=self._pace,
            most=self._settings.catch_up,
        )
        reading = asyncio.create_task(catch_up.run())
        try:
            await self._way_in(me, intake, catch_up).run()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await intake.close()

    def _way_in(self, me: Identity, intake: Intake, catch_up: CatchUp) -> Socket | EventsApi:
        dispatch = Dispatch(self._client, intake)
        if self._settings.events is not None and self._settings.signing_secret is not None:
            return EventsApi(
                self._client,
                me,
                intake,
                settings=self._settings.events,
                signing_secret=self._settings.signing_secret.get_secret_value(),
                dispatch=dispatch,
                catch_up=catch_up,
                pulse=self._pulse,
                pace=self._pace,
            )
        return Socket(
            self._client,
            me,
            intake,
            dispatch=dispatch,
            catch_up=catch_up,
            http=self._http,
            pulse=self._pulse,
            pace=self._pace,
            quiet_seconds=self._quiet_seconds,
        )

    async def _found(self, channel: str, thread: str | None, part: OwedPart) -> str | None:
        """What became of an attempt of which nothing was heard: its message, if there is one."""
        try:
            return await self._client.find(channel, thread, part.key)
        except Rejected as error:
            _log.info("not_looked_up", channel=self.name, part=part.id, reason=str(error))
            return None

    async def _send(
        self, channel: str, thread: str | None, part: OwedPart, *, blocks: str | None
    ) -> str:
        text = part.part.plain
        return await self._client.send(
            channel, text=text, blocks=blocks, thread=thread, key=part.key
        )

    async def _show_status(self, address: Address) -> None:
        try:
            thread = ids.thread_ts(address)
            await self._client.show_status(ids.channel_id(address), thread or "", STATUS)
        except Rejected as error:
            # An app without the scope: it would be refused every time.
            self._shows_status = "missing_scope" not in str(error)
            _log.debug("status_not_shown", channel=self.name, error=str(error))
        except ChannelError as error:
            _log.debug("status_not_shown", channel=self.name, error=str(error))

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
