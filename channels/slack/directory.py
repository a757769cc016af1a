"""Who and what the ids of an event are, remembered: events carry no names."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Generic, TypeVar

from channels.errors import ChannelError
from channels.slack.client import BotClient
from channels.slack.inbound import Wanted
from channels.slack.known import Known, Person, Place, Room

Json = dict[str, object]
T = TypeVar("T")

LOOKUP_SECONDS = 1.0
"""A name is worth this much delay, no more: the id stands for it until the next time."""

_LASTS = 3600.0
_LASTS_UNKNOWN = 60.0
_MOST = 5000


class Directory:
    """The people and places of one workspace."""

    def __init__(self, client: BotClient) -> None:
        self._client = client
        self._people: _Memory[Person] = _Memory()
        self._places: _Memory[Place] = _Memory()
        self._files: _Memory[Json] = _Memory()
        self._roots: _Memory[Json] = _Memory()

    async def known(self, wanted: Wanted) -> Known:
        """What is known of the ids; what cannot be looked up in time is left out."""
        channel = wanted.channel
        await _in_time(
            *(self.person(user) for user in wanted.people),
            *(self._file(file) for file in wanted.files),
            *((self.place(channel),) if channel else ()),
        )
        place = self._places.get(channel) if channel else None
        return Known(
            self._people.all(wanted.people),
            {channel: place} if channel and place is not None else {},
            self._files.all(wanted.files),
        )

    async def with_root(self, known: Known, channel: str, thread: str) -> Known:
        """The message that a thread began with, and who wrote it, if they come in time."""
        await _in_time(self._root(channel, thread))
        root = self._roots.get(f"{channel}/{thread}")
        user = root.get("user") if root is not None else None
        author = self._people.all([user]) if isinstance(user, str) else {}
        return replace(known, root=root, people={**author, **known.people})

    async def person(self, user: str) -> Person | None:
        """A member, None when Slack does not say."""
        return await self._people.recall(user, lambda: self._ask_person(user))

    async def place(self, channel: str) -> Place | None:
        """A conversation, None when Slack does not say."""
        return await self._places.recall(channel, lambda: self._ask_place(channel))

    async def _file(self, file: str) -> None:
        await self._files.recall(file, lambda: self._client.file(file))

    async def _root(self, channel: str, thread: str) -> None:
        async def ask() -> Json:
            root = await self._client.root(channel, thread) or {}
            if isinstance(user := root.get("user"), str):
                await self.person(user)
            return root

        await self._roots.recall(f"{channel}/{thread}", ask)

    async def _ask_person(self, user: str) -> Person:
        return read_person(user, await self._client.person(user))

    async def _ask_place(self, channel: str) -> Place:
        return read_place(await self._client.place(channel))


async def _in_time(*lookups: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            await asyncio.gather(*lookups)
    except TimeoutError:
        pass


class _Memory(Generic[T]):
    """What was found, for an hour; that nothing was, for a minute."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[T | None, float]] = {}

    def get(self, name: str) -> T | None:
        return self._found.get(name, (None, 0.0))[0]

    def all(self, names: Iterable[str]) -> dict[str, T]:
        return {name: found for name in names if (found := self.get(name)) is not None}

    async def recall(self, name: str, ask: Callable[[], Awaitable[T]]) -> T | None:
        now = asyncio.get_running_loop().time()
        known, until = self._found.get(name, (None, 0.0))
        if now < until:
            return known
        try:
            known, lasts = await ask(), _LASTS
        except ChannelError:
            # What was known before is better than nothing.
            lasts = _LASTS_UNKNOWN
        self._found.pop(name, None)
        self._found[name] = known, now + lasts
        if len(self._found) > _MOST:
            del self._found[next(iter(self._found))]
        return known


def read_person(user: str, json: Json) -> Person:
    """https://docs.slack.dev/reference/objects/user-object/"""
    profile = json.get("profile")
    named = profile if isinstance(profile, dict) else {}
    names = (named.get("display_name"), named.get("real_name"), json.get("real_name"))
    username = json.get("name")
    shown = next((n for n in (*names, username) if isinstance(n, str) and n), user)
    return Person(
        shown, username if isinstance(username, str) else None, is_bot=json.get("is_bot") is True
    )


def read_place(json: Json) -> Place:
    """https://docs.slack.dev/reference/objects/conversation-object/"""
    name = json.get("name")
    title = name if isinstance(name, str) and name else None
    if json.get("is_im"):
        return Place(Room.IM)
    if json.get("is_mpim"):
        return Place(Room.MPIM, title)
    return Place(Room.PRIVATE if json.get("is_private") else Room.CHANNEL, title)
