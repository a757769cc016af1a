"""One ordered worker per session, which exists only while the session has work.

A session's messages run one after the other, in the order they were accepted; sessions never wait
for each other. A worker leaves as soon as its lane is empty: between finding it empty and leaving
there is no `await`, so a message submitted at that moment finds either the worker or no lane.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import TypeVar

import structlog

from state.messages import Accepted

T = TypeVar("T")
_log = structlog.get_logger("lanes")


class Stop:
    """A request to stop working on one message, which its turn obeys when it can.

    `obeyed` says that it did. What has no turn, or was nearly finished, goes on all the same.
    """

    __slots__ = ("_asked", "_task", "obeyed", "requested")

    def __init__(self, asked: tuple["Stop", ...] = ()) -> None:
        self.requested = False
        self.obeyed = False
        self._asked = asked
        self._task: asyncio.Task[None] | None = None

    @property
    def others(self) -> int:
        """How many messages were stopped by this one, when it is itself a request to stop."""
        return sum(stop.obeyed for stop in self._asked)

    def request(self) -> None:
        """Ask to stop; cancels what is bound, now or later."""
        self.requested = True
        if self._task is not None:
            self._task.cancel()

    async def guard(self, work: Awaitable[None]) -> bool:
        """Do the work unless or until a stop is requested; whether it was done.

        The work runs in a task of its own, so that a stop cancels it and nothing around it.
        """
        task = asyncio.ensure_future(work)
        self._task = task
        if self.requested:
            task.cancel()
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task])
            raise
        finally:
            self._task = None
        if task.cancelled():
            self.obeyed = True
            return False
        task.result()
        return True


Handle = Callable[[Accepted, Stop], Awaitable[None]]
"""Works on a message until it has its outcome. What it raises is a bug and is logged."""


class _Lane:
    __slots__ = ("current", "items", "task")

    def __init__(self) -> None:
        self.items: deque[tuple[Accepted | None, Stop, Callable[[], Awaitable[None]]]] = deque()
        self.current: tuple[Accepted, Stop] | None = None
        self.task: asyncio.Task[None] | None = None


class Lanes:
    """All lanes with work in them."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._lanes: dict[str, _Lane] = {}
        self._closing = False
        self._empty = asyncio.Event()
        self._empty.set()

    def submit(self, accepted: Accepted, *, stops: bool = False) -> None:
        """Let a message's session work on it when its turn comes.

        With `stops`, what the session accepted before is asked to stop at once.
        """
        stop = Stop(self._stop(accepted.session, accepted.seq) if stops else ())
        self._put(accepted.session, (accepted, stop, lambda: self._handle(accepted, stop)))

    async def run_between(self, session: str, action: Callable[[], Awaitable[T]]) -> T:
        """Run an action between two messages of a session, and return what it returns."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        async def act() -> None:
            try:
                result = await action()
            except Exception as error:
                if not done.cancelled():
                    done.set_exception(error)
            else:
                if not done.cancelled():
                    done.set_result(result)

        self._put(session, (None, Stop(), act))
        return await done

    def waiting(self, session: str) -> int:
        """How many messages of a session are not finished."""
        lane = self._lanes.get(session)
        if lane is None:
            return 0
        return sum(item[0] is not None for item in lane.items) + (lane.current is not None)

    def __len__(self) -> int:
        """How many lanes have work."""
        return len(self._lanes)

    async def settled(self) -> None:
        """Wait until no session has work."""
        await self._empty.wait()

    async def drain(self, seconds: float) -> None:
        """Let what runs finish for so long, then cancel it. What waits stays accepted.

        Nothing is lost by the cancel: a message without an outcome runs again at the next start.
        """
        self._closing = True
        for lane in list(self._lanes.values()):
            lane.items = deque(item for item in lane.items if item[0] is None)
        try:
            async with asyncio.timeout(seconds):
                await self.settled()
        except TimeoutError:
            _log.warning("turns_parked", count=len(self._lanes))
        tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stop(self, session: str, before: int) -> tuple[Stop, ...]:
        lane = self._lanes.get(session)
        if lane is None:
            return ()
        items = [(accepted, stop) for accepted, stop, _ in lane.items]
        if lane.current is not None:
            items.append(lane.current)
        asked = [
            stop
            for accepted, stop in items
            if accepted is not None and accepted.seq < before and not stop.requested
        ]
        for stop in asked:
            stop.request()
        return tuple(asked)

    def _put(
        self, session: str, item: tuple[Accepted | None, Stop, Callable[[], Awaitable[None]]]
    ) -> None:
        if self._closing and item[0] is not None:
            return
        lane = self._lanes.get(session)
        if lane is None:
            lane = self._lanes[session] = _Lane()
            self._empty.clear()
            lane.items.append(item)
            # A fresh context: what a caller bound for its logs is not about the later messages.
            lane.task = asyncio.create_task(
                self._work(session, lane), name=f"lane {session}", context=Context()
            )
        else:
            lane.items.append(item)

    async def _work(self, session: str, lane: _Lane) -> None:
        try:
            while lane.items:
                accepted, stop, work = lane.items.popleft()
                lane.current = (accepted, stop) if accepted is not None else None
                try:
                    await work()
                except Exception:
                    # The message stays accepted and runs again at the next start.
                    _log.exception("message_not_finished", session=session)
                lane.current = None
        finally:
            del self._lanes[session]
            if not self._lanes:
                self._empty.set()
