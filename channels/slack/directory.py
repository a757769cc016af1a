"""Who and what the ids of an event are, remembered: events carry no names."""

import asyncio
from collections.abc import Awaitable, Callable
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

    async def known(self, wanted: Wanted) -> Known:
        """What is known of the ids; who cannot be looked up in time is left out."""
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                await asyncio.gather(
                    *(self.person(user) for user in wanted.people),
                    *((self.place(wanted.channel),) if wanted.channel else ()),
                )
        except TimeoutError:
            pass
        people = {user: self._people.get(user) for user in wanted.people}
        place = self._places.get(wanted.channel) if wanted.channel else None
        return Known(
            {user: person for user, person in people.items() if person is not None},
            {wanted.channel: place} if wanted.channel and place is not None else {},
        )

    async def person(self, user: str) -> Person | None:
        """A member, None when Slack does not say."""
        return await self._people.recall(user, lambda: self._ask_person(user))

    async def place(self, channel: str) -> Place | None:
        """A conversation, None when Slack does not say."""
        return await self._places.recall(channel, lambda: self._ask_place(channel))

    async def _ask_person(self, user: str) -> Person:
        return read_person(user, await self._client.person(user))

    async def _ask_place(self, channel: str) -> Place:
        return read_place(await self._client.place(channel))


class _Memory(Generic[T]):
    """What was found, for an hour; that nothing was, for a minute."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[T | None, float]] = {}

    def get(self, name: str) -> T | None:
        return self._found.get(name, (None, 0.0))[0]

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
