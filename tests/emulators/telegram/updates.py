"""A bot's queue of updates: offsets confirm, a later poll ends an earlier one.

https://core.telegram.org/bots/api#getupdates
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any

from tests.emulators.telegram.signal import Signal

Json = dict[str, Any]

NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class PollEnded(Exception):
    """Another poller took over."""


class UpdateQueue:
    """What one bot has not confirmed yet."""

    def __init__(self) -> None:
        self._next = random.randrange(100_000_000, 900_000_000)
        self._waiting: deque[Json] = deque()
        self._repeats: list[Json] = []
        self._poll: asyncio.Future[None] | None = None
        self.allowed: frozenset[str] | None = None
        self.created: list[Json] = []
        self.confirmed = 0
        self.confirmed_at: list[float] = []
        """When each update was confirmed, in their order, on the monotonic clock."""
        self.changed = Signal()
        """Updates were confirmed or delivered."""

    def __len__(self) -> int:
        return len(self._waiting)

    def head(self) -> Sequence[Json]:
        """The unconfirmed updates, oldest first."""
        return tuple(self._waiting)

    def add(self, kind: str, body: Json) -> Json | None:
        """A new update, unless the bot does not want this kind."""
        if kind not in self.allowed if self.allowed else kind in NOT_BY_DEFAULT:
            return None
        return self.push({"update_id": self._next, kind: body})

    def push(self, update: Json) -> Json:
        """An update as it stands; one without an id gets the next."""
        if not isinstance(update.get("update_id"), int):
            update = {"update_id": self._next, **update}
        self._next = max(self._next, update["update_id"]) + 1
        self._waiting.append(update)
        self.created.append(update)
        self._wake()
        return update

    def repeat(self, update: Json) -> None:
        """Deliver an update once more under its old id, whatever was confirmed."""
        self._repeats.append(update)
        self._wake()

    def remove(self, update: Json) -> None:
        """The update was delivered (by webhook)."""
        if update in self._waiting:
            self._waiting.remove(update)
            self._count()
            self.changed.changed()

    def clear(self) -> None:
        """Forget what is waiting (`drop_pending_updates`)."""
        self._waiting.clear()

    def jump(self, next_id: int) -> None:
        """Go on with another id, as Telegram does after a week without updates."""
        self._next = next_id

    def interrupt(self) -> None:
        """End the poll under way with a conflict."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(PollEnded())

    async def get(self, offset: int, limit: int, timeout: float) -> list[Json]:
        """Confirm what is below `offset`; return the rest, waiting for something if need be.

        Raises `PollEnded` when another poll begins meanwhile.
        """
        self.interrupt()
        self._confirm(offset)
        if timeout > 0 and not self._waiting and not self._repeats:
            poll = self._poll = asyncio.get_running_loop().create_future()
            try:
                await asyncio.wait({poll}, timeout=timeout)
            finally:
                # Nobody reads what a later poll says to one that is over or broken off.
                if self._poll is poll and not poll.done():
                    self._poll = None
            if poll.done():
                poll.result()
        repeats, self._repeats = self._repeats, []
        # An update numbered below the offset is never returned, and the next call forgets it.
        due = (u for u in self._waiting if u["update_id"] >= offset)
        return repeats + list(islice(due, max(limit - len(repeats), 0)))

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            while len(self._waiting) > -offset:
                self._waiting.popleft()
                self._count()
        while offset > 0 and self._waiting and self._waiting[0]["update_id"] < offset:
            self._waiting.popleft()
            self._count()
        self.changed.changed()

    def _count(self) -> None:
        self.confirmed += 1
        self.confirmed_at.append(time.monotonic())

    def _wake(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
