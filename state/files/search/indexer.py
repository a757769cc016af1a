"""The thread that keeps search.db up to date while somebody writes in the state folder.

It is told which sessions have changed and reads them a moment later, many at a time, so that a
message costs it next to nothing and never waits for it. When words are taken away, whoever takes
them waits until they are found no more.
"""

import asyncio
import threading
import time
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass

from state.files.layout import Layout
from state.files.search.follower import Follower
from state.keys import SessionId

DELAY = 2.0
"""How many seconds after a message it can be found, where there is not much else to do."""


@dataclass(frozen=True, slots=True)
class _Round:
    """What is to be done now. `waits` is who waits for it, for one session or for everything."""

    changed: Collection[SessionId] = ()
    waits: tuple[tuple[SessionId | None, Future[None]], ...] = ()
    last: bool = False


class Indexer:
    """Is told from the event loop what happens to sessions: `prepare`, these calls, `close`."""

    def __init__(self, layout: Layout, *, delay: float = DELAY) -> None:
        self._follower = Follower(layout)
        self._delay = delay
        self._state = threading.Condition()
        self._changed: set[SessionId] = set()
        self._oldest = 0.0
        self._waits: list[tuple[SessionId | None, Future[None]]] = []
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def problem(self) -> str | None:
        """Why there is no index for now; None while there is one, or need not be one."""
        return self._follower.problem

    def prepare(self) -> None:
        """Note in the file, if there is one, that histories may be written to. It blocks."""
        self._follower.prepare()

    def start(self) -> None:
        """Make the index where there is none, or where it may be behind. Before anything else."""
        self._follower.make()
        with self._state:
            self._wake()

    def changed(self, session: SessionId) -> None:
        """A session has new words."""
        with self._state:
            if not self._changed:
                self._oldest = time.monotonic()
                self._wake()
            self._changed.add(session)

    async def refresh(self, session: SessionId) -> None:
        """Return when what a session lost is found no more."""
        await self._until_done(session)

    async def caught_up(self) -> None:
        """Return when everything is found that was stored before."""
        await self._until_done(None)

    async def close(self) -> None:
        """Read what has changed, and let go of the file."""
        with self._state:
            self._closing = True
            self._state.notify()
        await asyncio.to_thread(self._follower.end if self._thread is None else self._thread.join)

    async def _until_done(self, session: SessionId | None) -> None:
        done: Future[None] = Future()
        with self._state:
            self._waits.append((session, done))
            self._wake()
        await asyncio.wrap_future(done)

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="argent-search", daemon=True)
            self._thread.start()
        self._state.notify()

    # The thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        going = True
        while going:
            now = self._next()
            try:
                self._do(now)
            finally:
                for _, done in now.waits:
                    # Whoever was cancelled waits no more.
                    if done.set_running_or_notify_cancel():
                        done.set_result(None)
            going = not now.last
        self._follower.end()

    def _do(self, now: _Round) -> None:
        lost = {session for session, _ in now.waits if session is not None}
        if lost:
            self._follower.forget(lost)
        if changed := set(now.changed) - lost:
            self._follower.follow(changed)
        everything = any(session is None for session, _ in now.waits)
        if everything or not now.last:
            self._follower.go_on(to_the_end=everything)

    def _next(self) -> _Round:
        """Wait until there is something to do."""
        due = self._follower.due()
        with self._state:
            while not (self._closing or self._waits):
                now = time.monotonic()
                times = [self._oldest + self._delay] if self._changed else []
                times += [] if due is None else [due]
                if min(times, default=now + 1) <= now:
                    break
                self._state.wait(min(times) - now if times else None)
            waits, self._waits = tuple(self._waits), []
            ready = self._changed and time.monotonic() >= self._oldest + self._delay
            if not (ready or waits or self._closing):
                return _Round()
            changed, self._changed = self._changed, set()
            return _Round(changed, waits, self._closing)
