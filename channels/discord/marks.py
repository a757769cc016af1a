"""How far each room has been read: what makes up for messages that came while nobody listened."""

import json
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from channels.cursors import Cursors
from channels.discord import ids

_OLDEST = timedelta(days=7)
"""What was said longer ago is not answered any more."""

_MOST_CHATS = 1_000
_log = structlog.get_logger("channels.discord")


class ReadMarks:
    """The last message of each room that was taken over, by bot and room.

    Written now and then: what is lost in between is read again, and recognised.
    """

    def __init__(self, cursors: Cursors, bot: int, now: Callable[[], datetime]) -> None:
        self._cursors = cursors
        self._name = f"discord:{bot}"
        self._now = now
        self._known: dict[int, int] = {}
        self._unwritten: dict[int, int] = {}
        self._chats: OrderedDict[int, None] = OrderedDict()
        self._met: set[int] = set()
        self._began = 0

    async def recall(self) -> None:
        """Learn what an earlier run knew; the first one begins now.

        Raises what reading raises: what is not known would be written over.
        """
        text = await self._cursors.get(f"{self._name}:began")
        chats = await self._cursors.get(f"{self._name}:chats")
        met = await self._cursors.get(f"{self._name}:met")
        self._began = int(text) if text and text.isdecimal() else ids.earliest(self._now())
        if text is None:
            await self._set(f"{self._name}:began", str(self._began))
        self._chats = OrderedDict.fromkeys(_numbers(chats))
        self._met = set(_numbers(met))

    async def after(self, room: int) -> int:
        """The message after which a room has not been read; no older than a week."""
        if room not in self._known:
            text = await self._get(f"{self._name}:{room}")
            self._known[room] = int(text) if text and text.isdecimal() else self._began
        return max(self._known[room], ids.earliest(self._now() - _OLDEST))

    def began_before(self, message: int) -> bool:
        """Whether the bot was there already when this message was written."""
        return message > self._began

    def move(self, room: int, message: int) -> None:
        """A message was taken over, and all before it."""
        if message > self._known.get(room, 0):
            self._known[room] = self._unwritten[room] = message

    @property
    def chats(self) -> tuple[int, ...]:
        """Private chats: Discord does not list them, so they are remembered."""
        return tuple(self._chats)

    async def remember_chat(self, room: int) -> None:
        """There is a private chat; the longest silent of very many is forgotten."""
        if room in self._chats:
            return
        self._chats[room] = None
        while len(self._chats) > _MOST_CHATS:
            self._chats.popitem(last=False)
        await self._set(f"{self._name}:chats", json.dumps(list(self._chats)))

    def has_met(self, person: int) -> bool:
        """Whether the private chat with somebody was asked for."""
        return person in self._met

    async def meet(self, person: int, chat: int) -> None:
        """The private chat with somebody is this one."""
        self._met.add(person)
        await self.remember_chat(chat)
        await self._set(f"{self._name}:met", json.dumps(sorted(self._met)))

    async def write(self) -> None:
        """Keep what was moved."""
        moved, self._unwritten = self._unwritten, {}
        for room, message in moved.items():
            await self._set(f"{self._name}:{room}", str(message))

    async def _get(self, name: str) -> str | None:
        try:
            return await self._cursors.get(name)
        except Exception as error:
            _log.warning("cursor_not_read", cursor=name, error=repr(error))
            return None

    async def _set(self, name: str, value: str) -> None:
        try:
            await self._cursors.set(name, value)
        except Exception as error:
            _log.warning("cursor_not_kept", cursor=name, error=repr(error))


def _numbers(text: str | None) -> list[int]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return [n for n in found if isinstance(n, int)] if isinstance(found, list) else []
