"""A Slack app as a channel."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime, timedelta

import aiohttp

from channels.channel import Capabilities, Command, Health, Receive
from channels.cursors import Cursors
from channels.errors import Unauthorized
from channels.pace import Pace
from channels.pulse import Pulse
from channels.rendering import NOTHING_TO_SEE
from channels.slack import ids
from channels.slack.catchup import CatchUp
from channels.slack.client import BotClient
from channels.slack.config import SlackSettings
from channels.slack.directory import Directory
from channels.slack.dispatch import Dispatch
from channels.slack.events_api import CHECK_EVERY, EventsApi
from channels.slack.files import UPLOAD_LIMIT, Files
from channels.slack.format import TEXT_LIMIT, render
from channels.slack.identity import Identity
from channels.slack.intake import Intake
from channels.slack.marks import Marks
from channels.slack.responses import Responses
from channels.slack.sending import Sending
from channels.slack.signs import STATUS_SECONDS, Signs
from channels.slack.socket import QUIET_SECONDS, Socket
from state.keys import Address
from state.messages import Attachment, OwedPart, Part, Receipt, Reply

EDIT_SECONDS = 2.0
"""Slack allows somewhat more than fifty edits a minute, of all chats of a workspace together: two
answers can grow at once before it asks to wait. https://docs.slack.dev/apis/web-api/rate-limits/"""

_PACE = Pace()


class SlackChannel:
    """See `channels.channel.Channel`. `http` is shared and is not closed here."""

    kind = "slack"
    capabilities = Capabilities(
        text_limit=TEXT_LIMIT,
        typing_seconds=STATUS_SECONDS,
        edit_seconds=EDIT_SECONDS,
        upload_limit=UPLOAD_LIMIT,
        acknowledges=True,
        acknowledges_in_private=True,
    )

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
        self._sending = Sending(name, self._client, self._responses)
        self._files = Files(self._client, settings)
        self._signs = Signs(name, self._client)

    async def run(self, receive: Receive) -> None:
        """Take messages in until cancelled. Raises `Unauthorized` when a token is refused."""
        self._pulse.starting()
        try:
            me = await self._pace.until_done(
                lambda: self._client.identity(self._settings, self._commands),
                self._pulse.missed,
            )
            self._pulse.known_as(f"@{me.name}")
            await self._take_in(me, receive)
        except Unauthorized as error:
            self._pulse.failed(str(error))
            raise
        finally:
            self._pulse.stopped()

    def render(self, reply: Reply) -> tuple[Part, ...]:
        """See `channels.channel.Channel`; the first part answers the question itself.

        What answers a slash command is for its author alone, with all its parts.
        """
        messages = render(reply.text) or render(NOTHING_TO_SEE)
        later = reply.reply_to if ids.is_trigger(reply.reply_to) else None
        return tuple(
            Part(message.text, message.plain, later if index else reply.reply_to)
            for index, message in enumerate(messages)
        )

    async def send(self, part: OwedPart) -> Receipt:
        """See `channels.channel.Channel`."""
        return await self._sending.send(part)

    async def upload(self, part: OwedPart, content: bytes) -> Receipt:
        """See `channels.channel.Channel`."""
        return await self._files.upload(part, content)

    def download(self, attachment: Attachment) -> AsyncGenerator[bytes, None]:
        """See `channels.channel.Channel`."""
        return self._files.download(attachment)

    async def acknowledge(self, address: Address, message: str, *, seen: bool) -> None:
        """See `channels.channel.Channel`."""
        await self._signs.reaction(address, message, seen=seen)

    async def typing(self, address: Address) -> None:
        """See `channels.channel.Channel`. Slack has a status in threads, and nowhere else."""
        await self._signs.status(address)

    def health(self) -> Health:
        """See `channels.channel.Channel`."""
        return self._pulse.health()

    async def close(self) -> None:
        """See `channels.channel.Channel`."""
        await self._signs.close()
        await self._files.close()

    async def _take_in(self, me: Identity, receive: Receive) -> None:
        marks, directory = Marks(me, self._cursors), Directory(self._client)
        await self._pace.until_done(
            marks.load, lambda error: self._pulse.missed(error, cut_off=True)
        )
        await marks.begin(ids.ts_of(self._now()))
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
