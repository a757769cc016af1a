"""A Discord bot as a channel."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import aiohttp
import structlog

from channels.channel import Capabilities, Command, Health, Receive
from channels.cursors import Cursors
from channels.discord import ids
from channels.discord.acquaintances import know_chats
from channels.discord.client import BotClient
from channels.discord.commands import Invocations, publish
from channels.discord.config import DiscordSettings
from channels.discord.files import HOSTS, UPLOAD_LIMIT, Files, upload_of
from channels.discord.format import TEXT_LIMIT, render
from channels.discord.identity import Identity
from channels.discord.intake import Intake
from channels.discord.link import HEARTBEAT_TIMEOUT, Link
from channels.discord.marks import ReadMarks
from channels.discord.platform_time import PlatformTime
from channels.discord.reactions import Reactions
from channels.discord.refusals import EditedTooOften, Gone
from channels.discord.transport import Transport
from channels.errors import ChannelError, Rejected, Unauthorized, Unreachable
from channels.fetching import Fetcher
from channels.loose_calls import LooseCalls
from channels.pace import Pace
from channels.pulse import Pulse
from channels.rendering import NOTHING_TO_SEE
from state.keys import Address
from state.messages import (
    Attachment,
    ChatKind,
    Inbound,
    InboundMessage,
    OwedPart,
    Part,
    Receipt,
    Reply,
)

_EDIT_SECONDS = 1.2
"""Five edits in five seconds is what a channel takes, and the last one must not have to wait."""

_TYPING_SECONDS = 10.0
_IDENTIFY_PAUSE = 5.0
_SETTLED_SECONDS = 60.0
"""A connection that ends sooner counts as a failure: sessions that begin anew are limited a day."""

_PACE = Pace()
_log = structlog.get_logger("channels.discord")


class DiscordChannel:
    """See `channels.channel.Channel`. `http` is shared and is not closed here."""

    kind = "discord"
    capabilities = Capabilities(
        text_limit=TEXT_LIMIT,
        idempotent=True,
        typing_seconds=_TYPING_SECONDS,
        # In private nothing is pointed at in the end, but a command is answered in its place.
        points_in_private=True,
        edit_seconds=_EDIT_SECONDS,
        upload_limit=UPLOAD_LIMIT,
        acknowledges=True,
    )

    def __init__(
        self,
        name: str,
        settings: DiscordSettings,
        *,
        http: aiohttp.ClientSession,
        cursors: Cursors,
        now: Callable[[], datetime],
        commands: Sequence[Command] = (),
        pace: Pace = _PACE,
        identify_pause: float = _IDENTIFY_PAUSE,
        heartbeat_timeout: float = HEARTBEAT_TIMEOUT,
    ) -> None:
        self.name = name
        self._settings = settings
        self._http = http
        self._cursors = cursors
        self._commands = tuple(commands)
        self._pace = pace
        self._identify_pause = identify_pause
        self._heartbeat_timeout = heartbeat_timeout
        self._token = settings.token.get_secret_value().strip()
        self._time = PlatformTime(now)
        self._transport = Transport(
            name, settings.api_root, self._token, http, heard=self._time.heard
        )
        self._client = BotClient(name, self._transport)
        self._invocations = Invocations(self._client)
        self._reactions = Reactions(name, self._client)
        self._fetcher = Fetcher(trusted=(settings.api_root,), hosts=HOSTS)
        self._files = Files(self._client, self._fetcher)
        self._private: set[int] = set()
        """Chats of two, in which an answer need not point at its question."""

        stale_after = timedelta(seconds=heartbeat_timeout)
        self._pulse = Pulse(name, stale_after=stale_after, now=now)
        self._loose = LooseCalls()

    async def run(self, receive: Receive) -> None:
        """Take messages in until cancelled. Raises `Unauthorized` when the token is refused, or
        the bot may not read messages."""
        self._pulse.starting()
        try:
            me = await self._pace.until_done(self._client.identity, self._failed)
            self._pulse.known_as(me.username)
            self._loose.begin(publish(self._client, me, self._commands, self._cursors))
            await self._take_in(me, receive)
        except Unauthorized as error:
            self._pulse.failed(str(error))
            raise
        finally:
            self._pulse.stopped()

    def render(self, reply: Reply) -> tuple[Part, ...]:
        """See `channels.channel.Channel`; the first part answers the question itself."""
        parts = [Part(message.text, message.plain) for message in render(reply.text)]
        first, *rest = parts or [Part(NOTHING_TO_SEE, NOTHING_TO_SEE)]
        return (replace(first, reply_to=reply.reply_to), *rest)

    async def send(self, part: OwedPart) -> Receipt:
        """See `channels.channel.Channel`; a command is answered in its place while that is open."""
        room, said = ids.channel_id(part.address), part.part
        if said.edits is not None and await self._changed(room, said.edits, said):
            return Receipt(said.edits)
        message = await self._invocations.answer(part)
        if message is None:
            message = await self._client.send(
                room,
                said.text,
                key=part.key,
                reply_to=self._pointed_at(room, said),
                buttons=said.buttons,
            )
        return Receipt(str(message))

    async def upload(self, part: OwedPart, content: bytes) -> Receipt:
        """See `channels.channel.Channel`."""
        room, said = ids.channel_id(part.address), part.part
        if said.file is None:
            raise Rejected("there is no file in this part")
        message = await self._client.upload(
            room,
            said.text,
            upload_of(said.file, content),
            key=part.key,
            reply_to=self._pointed_at(room, said),
        )
        return Receipt(str(message))

    def download(self, attachment: Attachment) -> AsyncGenerator[bytes, None]:
        """See `channels.channel.Channel`."""
        return self._files.stream(attachment)

    async def acknowledge(self, address: Address, message: str, *, seen: bool) -> None:
        """See `channels.channel.Channel`; a command has no message that could be given one."""
        if ids.is_command(message):
            return
        await self._loose.make(self._react(address, message, seen=seen))

    async def typing(self, address: Address) -> None:
        """See `channels.channel.Channel`."""
        await self._loose.make(self._type(address))

    def health(self) -> Health:
        """See `channels.channel.Channel`; the proof is the last heartbeat that was answered."""
        return self._pulse.health()

    async def close(self) -> None:
        """See `channels.channel.Channel`."""
        await self._loose.close()
        await self._fetcher.close()

    async def _take_in(self, me: Identity, receive: Receive) -> None:
        marks = ReadMarks(self._cursors, me.id, self._time.now)
        await self._pace.until_done(marks.recall, self._failed)
        people = (*self._settings.owners, *self._settings.allow_users)
        await know_chats(self.name, self._client, marks, people)

        async def take(inbound: Inbound) -> None:
            if isinstance(inbound, InboundMessage) and inbound.kind is ChatKind.DIRECT:
                self._private.add(ids.channel_id(inbound.address))
            await receive(inbound)

        intake = Intake(
            self._client,
            me,
            take,
            marks=marks,
            invocations=self._invocations,
            catch_up=self._settings.catch_up,
            pulse=self._pulse,
            pace=self._pace,
            now=self._time.now,
        )
        taking = asyncio.create_task(intake.run())
        try:
            while True:
                await self._pace.until_done(lambda: self._connection(intake), self._failed)
        finally:
            taking.cancel()
            await asyncio.wait([taking])

    async def _connection(self, intake: Intake) -> None:
        """Be connected for as long as that goes well. Raises what ended it soon."""
        link = Link(
            self._transport,
            self._settings.gateway_url,
            self._http,
            heard=intake.heard,
            lost=lambda: self._lost(intake),
            identify_pause=self._identify_pause,
            heartbeat_timeout=self._heartbeat_timeout,
        )
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await link.serve(self._token)
            raise Unreachable("Discord ended the connection")
        except Unauthorized:
            raise
        except ChannelError as error:
            if loop.time() - began < _SETTLED_SECONDS:
                raise
            self._failed(error)
        finally:
            intake.lost()

    def _failed(self, error: Exception) -> None:
        self._pulse.missed(error, cut_off=True)

    def _lost(self, intake: Intake) -> None:
        intake.lost()
        self._pulse.trouble("the connection to Discord ended; it is made again", cut_off=True)

    async def _changed(self, room: int, message: str, said: Part) -> bool:
        """Whether a message of ours is now what it shall become, or gone if that is it."""
        number = ids.message_id(message)
        try:
            if said.removes:
                await self._client.remove(room, number)
            else:
                await self._client.edit(room, number, said.text, said.buttons)
        except EditedTooOften:
            # Taken away before the answer comes as another: so nothing is left to be repeated.
            with suppress(Gone):
                await self._client.remove(room, number)
            return said.removes
        except Gone:
            return said.removes
        return True

    def _pointed_at(self, room: int, said: Part) -> int | None:
        to = said.reply_to
        if to is None or room in self._private or ids.is_command(to):
            return None
        return ids.message_id(to)

    async def _react(self, address: Address, message: str, *, seen: bool) -> None:
        try:
            room, number = ids.channel_id(address), ids.message_id(message)
        except Rejected:
            return
        await self._reactions.show(room, number, shown=seen)

    async def _type(self, address: Address) -> None:
        try:
            await self._client.show_typing(ids.channel_id(address))
        except ChannelError as error:
            _log.debug("typing_not_shown", channel=self.name, error=str(error))
