"""Hands what happens to those who watch: the terminal's stream, metrics, traces, the log.

Observers never steer and never slow anything down. A subscription has a bounded buffer, and one
that does not keep up loses the oldest events and is told how many. A watcher is called at once, so
that it misses nothing: it only counts, and one that breaks is not called again.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import structlog

from gateway.events import GatewayEvent, Missed

_log = structlog.get_logger("feed")

Watcher = Callable[[GatewayEvent], None]
"""Is told of every event at once, on the event loop. It is quick, and never raises."""


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
        self._watchers: tuple[Watcher, ...] = ()

    def publish(self, event: GatewayEvent) -> None:
        """Tell the observers; never waits."""
        for watcher in self._watchers:
            try:
                watcher(event)
            except Exception:
                _log.exception("watcher_broke", told=type(event).__name__)
                self.unwatch(watcher)
        for subscription in self._subscriptions:
            subscription.put(event)

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` with every event from now on."""
        self._watchers = (*self._watchers, watcher)

    def unwatch(self, watcher: Watcher) -> None:
        """Call it no more."""
        self._watchers = tuple(each for each in self._watchers if each != watcher)

    @contextmanager
    def subscribe(self, size: int = 1024) -> Iterator[Subscription]:
        """Watch from now on, with room for `size` events."""
        subscription = Subscription(size)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
