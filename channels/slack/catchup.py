"""Reading what was missed: after every gap, each known conversation from its mark on.

https://docs.slack.dev/messaging/retrieving-messages. Threads are not part of a channel's history;
those that the bot takes part in are read on their own.
"""

import asyncio
from typing import NoReturn

import structlog

from channels.errors import ChannelError, RateLimited, Rejected
from channels.pace import Pace
from channels.pulse import Pulse
from channels.slack import ids
from channels.slack.client import BotClient
from channels.slack.directory import Directory
from channels.slack.identity import Identity
from channels.slack.inbound import from_history, parse, wanted
from channels.slack.intake import Intake
from channels.slack.known import Known, Place, Room
from channels.slack.marks import Marks
from state.messages import InboundMessage

MOST_PLACES = 100
"""New conversations that are looked into after a gap, and threads of one conversation that are
read again: the latest ones."""

_MOST_READ = 1000
_log = structlog.get_logger("channels.slack")


class CatchUp:
    """Keeps the conversations of one bot up to date. At most `most` messages of each are run."""

    def __init__(
        self,
        client: BotClient,
        me: Identity,
        intake: Intake,
        *,
        directory: Directory,
        marks: Marks,
        pulse: Pulse,
        pace: Pace,
        most: int,
    ) -> None:
        self._client = client
        self._me = me
        self._intake = intake
        self._directory = directory
        self._marks = marks
        self._pulse = pulse
        self._pace = pace
        self._most = most
        self._since: str | None = None
        self._undiscovered = False
        intake.catch_up_with(self.missed)

    def gap(self) -> None:
        """Nothing was heard for a while: every known conversation may have gone on meanwhile."""
        if self._marks.new:
            self._marks.new = False
            return
        if not self._undiscovered:
            # A gap before that is not closed yet began earlier.
            self._since = self._marks.since()
        if self._since is None or not self._most:
            return
        self._undiscovered = True
        self._intake.fell_behind.set()
        # All of them: the next live message of one that was left out would hide what it missed.
        for channel in self._marks.channels():
            self._intake.falls_behind(channel)

    async def run(self) -> NoReturn:
        """Read what is behind until cancelled."""
        while True:
            await self._intake.fell_behind.wait()
            self._intake.fell_behind.clear()
            await self._pace.until_done(self._read_all, self._failed)

    async def missed(self, channel: str) -> list[object]:
        """The payloads after a conversation's mark, oldest first. Raises a `ChannelError`."""
        oldest = self._marks.get(channel)
        if oldest is None and self._since is not None:
            oldest = self._since
            await self._marks.reached(channel, None, oldest)
        place = await self._directory.place(channel) or _guess(channel)
        found: list[dict[str, object]] = []
        if oldest is not None:
            found += await self._messages(channel, None, oldest)
        threads = list(self._marks.threads(channel))[:MOST_PLACES]
        begun = [ts for m in found if "reply_count" in m and ids.is_ts(ts := m.get("ts"))]
        for thread in dict.fromkeys([*threads, *map(str, begun)]):
            after = self._marks.get(channel, thread) or thread
            found += await self._messages(channel, thread, after)
        found.sort(key=lambda message: float(str(message["ts"])))
        payloads: list[object] = [from_history(message, channel, place.room) for message in found]
        return self._for_us(payloads, channel)

    async def _messages(
        self, channel: str, thread: str | None, oldest: str
    ) -> list[dict[str, object]]:
        while True:
            read = self._client.history(channel, thread, oldest=oldest, most=_MOST_READ)
            try:
                # A thread's root comes with every page of its replies.
                return [m async for m in read if ids.is_ts(m.get("ts")) and _after(m, oldest)]
            except RateLimited as error:
                # In place: to begin the conversation anew would come to the same limit again.
                await asyncio.sleep(error.retry_after)

    def _for_us(self, payloads: list[object], channel: str) -> list[object]:
        """The newest of those that anybody would hear of."""
        in_threads = set(self._marks.threads(channel))
        mine = [p for p in payloads if self._concerns(p, in_threads)]
        if len(mine) > self._most:
            _log.warning(
                "too_much_missed", channel=self._me.account, chat=channel, missed=len(mine)
            )
        return mine[-self._most :] if self._most else []

    def _concerns(self, payload: object, threads: set[str]) -> bool:
        known = Known(in_thread=wanted(payload).thread in threads)
        message = parse(payload, self._me, known, ids.moment("0.0"))
        if not isinstance(message, InboundMessage) or not message.addressed:
            return False
        # What is said for the bot in a thread makes what follows there its business, too.
        threads.add(message.address.thread or "")
        return True

    async def _read_all(self) -> None:
        await self._discover()
        for channel in list(self._intake.behind):
            if not await self._intake.read_again(channel):
                raise NotUpToDate(channel)

    async def _discover(self) -> None:
        """People may have written for the first time meanwhile."""
        if not self._undiscovered:
            return
        count = 0
        try:
            async for conversation in self._client.conversations():
                channel = conversation.get("id")
                if not isinstance(channel, str) or self._marks.get(channel) is not None:
                    continue
                if ids.is_conversation(channel) and count < MOST_PLACES:
                    self._intake.falls_behind(channel)
                    count += 1
        except Rejected as error:
            # Without the scope to list them, what is known must do.
            _log.warning("not_discovered", channel=self._me.account, error=str(error))

    def _failed(self, error: Exception) -> None:
        if isinstance(error, ChannelError):
            self._pulse.trouble(f"what was missed could not be read: {error}")


class NotUpToDate(Exception):
    """A conversation is still behind, because what it has could not be stored."""


def _after(message: dict[str, object], oldest: str) -> bool:
    return float(str(message["ts"])) > float(oldest)


def _guess(channel: str) -> Place:
    return Place(Room.IM if channel.startswith("D") else Room.CHANNEL)
