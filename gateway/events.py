"""What happens, for those who watch: the terminal's stream, a dashboard, metrics.

Observers never steer and never slow anything down: each has a bounded buffer, and one that does
not keep up loses the oldest events and is told how many.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from state.messages import Outcome


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """A message's turn begins. `source` is the message's (`InboundMessage.source`)."""

    session: str
    source: str


@dataclass(frozen=True, slots=True)
class AnswerGrew:
    """Some more words of the answer."""

    session: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class AnswerRestarted:
    """What was streamed so far is void: the model is asked again."""

    session: str
    source: str


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """The agent began to use a tool."""

    session: str
    source: str
    tool: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """A message has its outcome, and what is owed for it is stored.

    `answered` is the source of the message that the answer points at: another one, where several
    were answered together.
    """

    session: str
    source: str
    outcome: Outcome
    answered: str


@dataclass(frozen=True, slots=True)
class PartSent:
    """A platform took a part. `repeated`: it may have been there already."""

    channel: str
    part: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class ModelRests:
    """A model is not asked, because it failed again and again; `why` is what it failed with."""

    model: str
    why: str


@dataclass(frozen=True, slots=True)
class ModelAnswersAgain:
    """A model that rested is asked again."""

    model: str


@dataclass(frozen=True, slots=True)
class Missed:
    """So many events were dropped because the observer did not keep up."""

    count: int


GatewayEvent = (
    TurnStarted
    | AnswerGrew
    | AnswerRestarted
    | ToolUsed
    | TurnEnded
    | PartSent
    | ModelRests
    | ModelAnswersAgain
    | Missed
)


class Subscription:
    """One observer's bounded buffer; iterate it."""

    def __init__(self, size: int) -> None:
        self._buffer: deque[GatewayEvent] = deque()
        self._size = size
        self._missed = 0
        self._filled = asyncio.Event()

    def put(self, event: GatewayEvent) -> None:
        """Add an event, dropping the oldest one when full."""
        if len(self._buffer) >= self._size:
            self._buffer.popleft()
            self._missed += 1
        self._buffer.append(event)
        self._filled.set()

    async def __aiter__(self) -> AsyncIterator[GatewayEvent]:
        while True:
            await self._filled.wait()
            while self._buffer:
                if self._missed:
                    missed, self._missed = self._missed, 0
                    yield Missed(missed)
                yield self._buffer.popleft()
            self._filled.clear()


class Feed:
    """Hands every event to every observer."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def publish(self, event: GatewayEvent) -> None:
        """Tell the observers; never waits."""
        for subscription in self._subscriptions:
            subscription.put(event)

    @contextmanager
    def subscribe(self, size: int = 1024) -> Iterator[Subscription]:
        """Watch from now on, with room for `size` events."""
        subscription = Subscription(size)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
