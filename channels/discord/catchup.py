"""What was said while nobody listened, out of each room's history.

https://docs.discord.com/developers/resources/message#get-channel-messages
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog

from channels.discord import ids
from channels.discord.client import LONGEST_PAGE, BotClient
from channels.discord.marks import ReadMarks
from channels.discord.places import Place
from channels.discord.rooms import Rooms
from channels.errors import Rejected

Take = Callable[[Any, Place], Awaitable[None]]

_READERS = 4
"""Histories that are read at the same time."""

_SLOW = timedelta(hours=1)
"""How far our clock may be behind Discord's, which made the rooms' numbers."""

_log = structlog.get_logger("channels.discord")


class CatchUp:
    """Reads a room's history from its mark on and gives it to `take`, the oldest first.

    `most` is how many messages of a room are made up for after an absence, the latest.
    """

    def __init__(
        self, account: str, client: BotClient, rooms: Rooms, marks: ReadMarks, *, most: int
    ) -> None:
        self._account = account
        self._client = client
        self._rooms = rooms
        self._marks = marks
        self._most = most
        self._readers = asyncio.Semaphore(_READERS)
        self._session_began = 0
        self._whole: set[int] = set()

    def begin_session(self, at: datetime) -> None:
        """A session that is not the last one going on: there may be a gap everywhere."""
        self._session_began = ids.earliest(at + _SLOW)
        self._whole.clear()

    def is_whole(self, room: int) -> bool:
        """Whether there is no gap in the room since this session began."""
        return room in self._whole

    async def fill(self, room: int, take: Take) -> None:
        """Take over what was missed in a room; once a session."""
        if room not in self._whole:
            if await self._may_have_gap(room):
                await self._latest(room, take)
            self._whole.add(room)

    async def reread(self, room: int, take: Take) -> None:
        """Take over everything after the mark: events were there, and too many to be kept."""
        place = await self._rooms.find(room)
        while place is not None:
            after = await self._marks.after(room)
            page = await self._page(room, LONGEST_PAGE, after)
            for _, raw in _in_order(page):
                await take(raw, place)
            if len(page) < LONGEST_PAGE or await self._marks.after(room) == after:
                return

    async def _may_have_gap(self, room: int) -> bool:
        if not self._most:
            return False
        known = self._rooms.known(room)
        if known is None or known.last is None:
            # A room that was made in this session has no past.
            return room <= self._session_began
        return known.last > await self._marks.after(room)

    async def _latest(self, room: int, take: Take) -> None:
        after = await self._marks.after(room)
        page = await self._page(room, self._most)
        missed = [(number, raw) for number, raw in _in_order(page) if number > after]
        place = await self._rooms.find(room) if missed else None
        if place is None:
            return
        _log.info("caught_up", channel=self._account, room=room, messages=len(missed))
        if len(missed) == self._most:
            _log.warning("missed_messages_left_out", channel=self._account, room=room)
        for _, raw in missed:
            await take(raw, place)

    async def _page(self, room: int, limit: int, after: int | None = None) -> list[Any]:
        try:
            async with self._readers:
                return await self._client.history(room, limit, after)
        except Rejected as error:
            _log.debug("history_not_read", channel=self._account, room=room, error=str(error))
            return []


def message_number(raw: Any) -> int | None:
    """A message's id, if it has one."""
    try:
        return ids.snowflake(raw["id"])
    except (KeyError, TypeError, ValueError):
        return None


def _in_order(page: Iterable[Any]) -> list[tuple[int, Any]]:
    numbered = ((message_number(raw), raw) for raw in page)
    return sorted(((n, raw) for n, raw in numbered if n is not None), key=lambda pair: pair[0])
