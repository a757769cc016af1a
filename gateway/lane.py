"""What one session has to do, in order. Plain data: `lanes` works on it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any, Generic, TypeVar

from gateway.stop import Stop
from state.messages import Accepted, Correction, Deletion, InboundMessage

T = TypeVar("T")


class Message:
    """A message that has no outcome yet, with the changes that follow it."""

    __slots__ = ("accepted", "arrived", "changes", "stop")

    def __init__(self, accepted: Accepted, stop: Stop) -> None:
        self.accepted = accepted
        self.stop = stop
        self.arrived = asyncio.get_running_loop().time()
        self.changes: list[Accepted] = []

    @property
    def deleted(self) -> bool:
        """Whether it was deleted before it had an outcome."""
        return any(isinstance(change.message, Deletion) for change in self.changes)

    def take(self, change: Accepted) -> None:
        """Read differently, or be deleted, from now on."""
        self.changes.append(change)
        message, new = self.accepted.message, change.message
        if isinstance(message, InboundMessage) and isinstance(new, Correction):
            self.accepted = replace(self.accepted, message=replace(message, text=new.text))

    def again(self, known: Accepted, *, stopped: bool) -> None:
        """Wait anew, with what was found out about the attachments in the turn given up."""
        message, found = self.accepted.message, known.message
        if isinstance(message, InboundMessage) and isinstance(found, InboundMessage):
            message = replace(message, attachments=found.attachments)
        self.accepted = replace(known, message=message)
        self.stop = Stop(deleted=self.deleted)
        if stopped:
            self.stop.request()


class Action(Generic[T]):
    """Something to do between two messages, `done` with what came of it.

    What is given up, or cut off in the middle, cancels whoever waits for it.
    """

    __slots__ = ("_act", "done")

    def __init__(self, act: Callable[[], Awaitable[T]]) -> None:
        self._act = act
        self.done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Do it, also where nobody waits for it any more."""
        try:
            result = await self._act()
        except Exception as error:
            if not self.done.done():
                self.done.set_exception(error)
        else:
            if not self.done.done():
                self.done.set_result(result)
        finally:
            self.done.cancel()


class Lane:
    """What a session has to do: `items` wait, `current` are being answered together.

    `changed` is set whenever something was put in; `interruptions` counts the turns given up
    since the last outcome.
    """

    __slots__ = ("changed", "current", "interruptions", "items", "task")

    def __init__(self) -> None:
        self.items: deque[Message | Action[Any]] = deque()
        self.current: tuple[Message, ...] = ()
        self.changed = asyncio.Event()
        self.interruptions = 0
        self.task: asyncio.Task[None] | None = None

    def messages(self) -> list[Message]:
        """What has no outcome yet, in order; what is worked on comes first."""
        return [*self.current, *(each for each in self.items if isinstance(each, Message))]

    def interrupt(self) -> bool:
        """Give up the running turn to take its messages up anew; whether that was asked."""
        stop = self.current[0].stop
        self.interruptions += not stop.requested
        stop.interrupt()
        return stop.again

    def give_up(self) -> None:
        """Nothing of what waits is done here any more."""
        for item in self.items:
            if isinstance(item, Action):
                item.done.cancel()

    def put_first(self, items: Iterable[Message]) -> None:
        """Put messages in front of everything, in their order."""
        self.items.extendleft(reversed(list(items)))
