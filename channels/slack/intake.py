"""From a payload to the gateway: each conversation in order, all of them side by side.

Slack is told that a payload arrived only when it is durable. What could not be stored, or not in
time, leaves its conversation *behind*: it is then read from the history before anything newer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from weakref import WeakValueDictionary

import structlog

from channels.channel import Receive
from channels.errors import Rejected
from channels.pulse import Pulse
from channels.slack import ids
from channels.slack.directory import Directory
from channels.slack.identity import Identity
from channels.slack.inbound import Wanted, malformed, parse, wanted
from channels.slack.known import Known
from channels.slack.marks import Marks
from channels.slack.responses import Responses
from state.messages import ChatKind, Inbound, InboundMessage

ACK_SECONDS = 2.5
"""Slack wants its answer within three: https://docs.slack.dev/apis/events-api/#responding"""

_REMEMBERED = 5000
_log = structlog.get_logger("channels.slack")

CatchUp = Callable[[str], Awaitable[list[object]]]
"""The payloads that a conversation's history has after its mark, oldest first."""


class Intake:
    """Takes payloads in for one bot, whichever way they come."""

    def __init__(
        self,
        me: Identity,
        receive: Receive,
        *,
        directory: Directory,
        marks: Marks,
        pulse: Pulse,
        responses: Responses,
        follow_threads: bool,
        now: Callable[[], datetime],
    ) -> None:
        self._me = me
        self._receive = receive
        self._directory = directory
        self._marks = marks
        self._pulse = pulse
        self._responses = responses
        self._follow_threads = follow_threads
        self._now = now
        # A conversation's events go one by one; who holds or awaits a lane keeps it.
        self._lanes: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._working: set[asyncio.Task[bool]] = set()
        self._seen: dict[str, None] = {}
        self._catch_up: CatchUp | None = None
        self.behind: dict[str, None] = {}
        """Conversations of which something may have been missed, the first to read first."""
        self.fell_behind = asyncio.Event()
        self.stuck = False
        """Whether what came last could not be stored."""

    def catch_up_with(self, catch_up: CatchUp) -> None:
        """How to read what a conversation that is behind has missed."""
        self._catch_up = catch_up

    async def take(self, payload: object) -> bool:
        """Whether the payload is durable, or nothing to us, within the time that Slack waits."""
        work = asyncio.create_task(self._take(payload))
        self._working.add(work)
        work.add_done_callback(self._working.discard)
        # Storing goes on when the time is up: Slack tells it again, and it is recognised then.
        await asyncio.wait({work}, timeout=ACK_SECONDS)
        return work.done() and work.result()

    async def set_aside(self, raw: bytes, reason: str) -> bool:
        """Keep a body that is no payload at all; whether that is durable."""
        return await self._stored(malformed(raw, self._me, reason, self._now()))

    async def read_again(self, channel: str) -> bool:
        """Bring a conversation up to date; whether it is. Raises a `ChannelError`."""
        async with self._lane(channel):
            return await self._read_again(channel)

    def falls_behind(self, channel: str) -> None:
        """Something in a conversation may have been missed."""
        self.behind[channel] = None
        self.fell_behind.set()

    async def close(self) -> None:
        """Finish what has been begun."""
        if self._working:
            await asyncio.wait(self._working, timeout=ACK_SECONDS)
        for work in self._working:
            work.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        await self._marks.save()

    async def _take(self, payload: object) -> bool:
        asked = wanted(payload)
        self._responses.remember(payload)
        try:
            if asked.channel is None:
                return await self._hand_over(payload, asked)
            async with self._lane(asked.channel):
                if asked.channel in self.behind and not await self._read_again(asked.channel):
                    return False
                return await self._hand_over(payload, asked)
        except Exception as error:
            _log.warning("not_taken_in", channel=self._me.account, error=repr(error))
            if asked.channel is not None:
                self.falls_behind(asked.channel)
            return False

    async def _read_again(self, channel: str) -> bool:
        if self._catch_up is None or channel not in self.behind:
            return True
        try:
            missed = await self._catch_up(channel)
        except Rejected as error:
            # Without the history's scope, or thrown out: what was missed is out of reach.
            _log.warning("not_caught_up", channel=self._me.account, chat=channel, error=str(error))
            missed = []
        for payload in missed:
            if not await self._hand_over(payload, wanted(payload)):
                return False
        del self.behind[channel]
        return True

    async def _hand_over(self, payload: object, asked: Wanted) -> bool:
        known = await self._directory.known(asked)
        known = replace(known, in_thread=self._takes_part(asked))
        inbound = parse(payload, self._me, known, self._now())
        if isinstance(inbound, InboundMessage) and self._begins_amid_thread(inbound):
            chat, thread = inbound.address.chat, inbound.address.thread or ""
            known = await self._directory.with_root(known, chat, thread)
            inbound = parse(payload, self._me, known, self._now())
        if inbound is None:
            return True
        self._pulse.heard(inbound)
        if inbound.source not in self._seen and not await self._stored(inbound):
            if isinstance(inbound, InboundMessage) and asked.channel is not None:
                await self._leave_mark(inbound)
                self.falls_behind(asked.channel)
            return False
        if isinstance(inbound, InboundMessage) and asked.channel is not None:
            await self._advance(inbound, known)
        return True

    async def _stored(self, inbound: Inbound) -> bool:
        try:
            await self._receive(inbound)
        except Exception as error:
            self.stuck = True
            _log.warning("not_stored", channel=self._me.account, error=repr(error))
            self._pulse.trouble(f"messages cannot be stored: {error}", cut_off=True)
            return False
        self._seen[inbound.source] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        if self.stuck:
            self.stuck = False
            self._pulse.proved()
        return True

    def _takes_part(self, asked: Wanted) -> bool:
        if not self._follow_threads or asked.channel is None or asked.thread is None:
            return False
        return self._marks.get(asked.channel, asked.thread) is not None

    def _begins_amid_thread(self, message: InboundMessage) -> bool:
        """Whether the bot is called into a thread that went on without it so far."""
        chat, thread = message.address.chat, message.address.thread
        called = message.addressed and message.kind is ChatKind.THREAD and thread != message.id
        new = message.source not in self._seen and self._marks.get(chat, thread) is None
        # Who presses a button, or runs a command, does so on a message of the bot.
        return called and new and ids.is_ts(message.id)

    async def _advance(self, message: InboundMessage, known: Known) -> None:
        chat, thread = message.address.chat, message.address.thread
        if thread is None or thread == message.id:
            await self._marks.reached(chat, None, message.id)
        if thread is not None and (message.addressed or known.in_thread):
            await self._marks.reached(chat, thread, message.id)

    async def _leave_mark(self, message: InboundMessage) -> None:
        """Let a place that was not known before be read from this message on."""
        chat, thread = message.address.chat, message.address.thread
        thread = None if thread == message.id else thread
        if self._marks.get(chat, thread) is None:
            await self._marks.reached(chat, thread, ids.before(message.id))

    def _lane(self, channel: str) -> asyncio.Lock:
        return self._lanes.setdefault(channel, asyncio.Lock())
