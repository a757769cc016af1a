"""What one session has to do, in order. Plain data: `lanes` works on it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from gateway.stop import Stop
from state.messages import Accepted, Correction, Deletion, InboundMessage


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


class Action:
    """Something to do between two messages."""

    __slots__ = ("act",)

    def __init__(self, act: Callable[[], Awaitable[None]]) -> None:
        self.act = act


class Lane:
    """What a session has to do: `items` wait, `current` are being answered together.

    `changed` is set whenever something was put in; `interruptions` counts the turns given up
    since the last outcome.
    """

    __slots__ = ("changed", "current", "interruptions", "items", "task")

    def __init__(self) -> None:
        self.items: deque[Message | Action] = deque()
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

    def put_first(self, items: Iterable[Message]) -> None:
        """Put messages in front of everything, in their order."""
        self.items.extendleft(reversed(list(items)))
