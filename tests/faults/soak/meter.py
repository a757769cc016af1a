"""What holds the event loop up: every callback that takes too long, with its name."""

import asyncio
import time
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

Run = Callable[[asyncio.Handle], None]


class Meter:
    """Times every callback of the loop for as long as the block lasts.

    Time in which the process had to wait for a processor is not the callback's: on a machine that
    is shared, the processor's own clock is what says who holds whom up.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self.worst = 0.0
        self.held: list[str] = []
        self._aside = 0.0

    def __enter__(self) -> Self:
        self._run: Run = events.Handle._run
        run = self._run

        def timed(handle: asyncio.Handle) -> None:
            self._aside = 0.0
            began = time.thread_time()
            try:
                run(handle)
            finally:
                self._took(time.thread_time() - began - self._aside, handle)

        self._becomes(timed)
        return self

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is done in this block, of the callback that runs now, is not its own."""
        began = time.thread_time()
        try:
            yield
        finally:
            self._aside += time.thread_time() - began

    def _took(self, seconds: float, handle: asyncio.Handle) -> None:
        self.worst = max(self.worst, seconds)
        if seconds > self._limit:
            self.held.append(f"{1e3 * seconds:.0f} ms in {handle!r:.300}")

    def _becomes(self, run: Run) -> None:
        # The loop has no hook around its callbacks but its debug mode, which times the wall.
        events.Handle._run = run  # type: ignore[method-assign, assignment]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._becomes(self._run)
