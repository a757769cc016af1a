"""The reaction that says that a message is being worked on.

https://docs.discord.com/developers/resources/message#create-reaction
"""

import asyncio
from weakref import WeakValueDictionary

import structlog

from channels.discord.client import BotClient
from channels.discord.refusals import NotPermitted
from channels.errors import ChannelError, RateLimited

EMOJI = "👀"

_ASK_AGAIN_SECONDS = 3600.0
"""After so long, somebody may have given the bot the permission."""

_LONGEST_WAIT = 5.0
_TRIES = 4
_MANY = 1_000
_log = structlog.get_logger("channels.discord")


class Reactions:
    """Gives reactions and takes them back, in order. Nothing is raised: nobody depends on them."""

    def __init__(self, account: str, client: BotClient) -> None:
        self._account = account
        self._client = client
        self._refused_until: dict[int, float] = {}
        # A room's calls go one by one: a reaction that waits out its limit must not be given after
        # it was taken back.
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def show(self, room: int, message: int, *, shown: bool) -> None:
        """Give a message the reaction, or take it back; not where the bot may not."""
        if self._refused_until.get(room, 0.0) > _now():
            return
        turn = self._turns.setdefault(room, asyncio.Lock())
        async with turn:
            try:
                await self._insist(room, message, shown)
            except NotPermitted as error:
                self._refused(room)
                _log.info("reactions_not_permitted", channel=self._account, error=str(error))
            except ChannelError as error:
                _log.debug("reaction_not_given", channel=self._account, error=str(error))

    async def _insist(self, room: int, message: int, shown: bool) -> None:
        # One in 250 ms is what a channel takes, so a short wait is nothing unusual.
        for left in reversed(range(_TRIES)):
            try:
                await self._client.react(room, message, EMOJI, shown=shown)
                return
            except RateLimited as error:
                if not left or error.retry_after > _LONGEST_WAIT:
                    raise
                await asyncio.sleep(error.retry_after)

    def _refused(self, room: int) -> None:
        now = _now()
        if len(self._refused_until) >= _MANY:
            self._refused_until = {r: t for r, t in self._refused_until.items() if t > now}
        self._refused_until[room] = now + _ASK_AGAIN_SECONDS


def _now() -> float:
    return asyncio.get_running_loop().time()
