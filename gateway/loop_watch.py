"""How late the event loop is, and who holds it up.

A timer on the loop measures lateness. A loop that is stuck measures nothing, so a thread looks
whether the timer is overdue, and logs where every thread is for as long as that can be seen.
"""

import asyncio
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import structlog

_EVERY = 0.1
"""Seconds between two measurements: a stall twice as long is never missed."""

COUNTED = 0.1
"""Seconds of lateness from which it counts as a stall, whoever caused it."""

_FRAMES = 40
"""How many frames of a stack are logged, the innermost ones."""

_log = structlog.get_logger("loop")


class LoopWatch:
    """Watches the loop that it is started in. `stall_seconds` is when a stall is logged.

    `on_lag` hears of every measurement, in seconds, on the loop.
    """

    def __init__(
        self,
        *,
        stall_seconds: float = 2.0,
        every: float = _EVERY,
        on_lag: Callable[[float], None] = lambda _lag: None,
    ) -> None:
        self.on_lag = on_lag
        self._stall_seconds = stall_seconds
        self._every = every
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._loop_thread = 0
        self._due = 0.0
        self._last = 0.0
        self._worst = 0.0
        self._stalls = 0
        # When the stall that was logged last had begun. Written by the thread, read by the loop.
        self._logged: float | None = None

    @property
    def lag(self) -> float:
        """Seconds that the loop is late now; may be asked from any thread."""
        if self._loop is None:
            return 0.0
        return max(self._last, self._loop.time() - self._due, 0.0)

    @property
    def worst(self) -> float:
        """The most seconds that it was ever late."""
        return self._worst

    @property
    def stalls(self) -> int:
        """How often it was late by `COUNTED` or more."""
        return self._stalls

    def start(self) -> None:
        """Begin to watch the loop that runs now."""
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._arm()
        self._thread = threading.Thread(target=self._look, name="argent-loop-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._ended.set()
        if self._timer is not None:
            self._timer.cancel()
        self._loop = None
        if self._thread is not None:
            self._thread.join()

    def _arm(self) -> None:
        assert self._loop is not None
        self._due = self._loop.time() + self._every
        self._timer = self._loop.call_at(self._due, self._measure)

    def _measure(self) -> None:
        assert self._loop is not None
        due, late = self._due, max(0.0, self._loop.time() - self._due)
        self._last = late
        self._worst = max(self._worst, late)
        self._stalls += late >= COUNTED
        self._arm()
        if self._logged == due:
            _log.warning("loop_goes_on", seconds=round(late, 3))
        self.on_lag(late)

    # In the thread ------------------------------------------------------------------------------

    def _look(self) -> None:
        """Sleep for as long as nothing can have been stuck for long enough."""
        loop = self._loop
        assert loop is not None
        while not self._ended.wait(self._stall_seconds / 2):
            due = self._due
            late = loop.time() - due
            if late >= self._stall_seconds and self._logged != due:
                self._logged = due
                self._tell(loop, late)

    def _tell(self, loop: asyncio.AbstractEventLoop, late: float) -> None:
        """Log what runs where. A stack names files and lines of code, and no values."""
        try:
            task = asyncio.current_task(loop)
            stacks = _stacks(self._loop_thread)
        except Exception as error:
            # Whoever holds the loop up may change what is read here at the same time.
            _log.error("loop_stalled", seconds=round(late, 3), unreadable=repr(error))
            return
        _log.error(
            "loop_stalled",
            seconds=round(late, 3),
            task=None if task is None else task.get_name(),
            stacks=stacks,
        )


def _stacks(loop_thread: int) -> dict[str, list[str]]:
    """Where every thread is, the loop's first; innermost frames last."""
    frames = sys._current_frames()
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    order = sorted(frames, key=lambda ident: ident != loop_thread)
    own = threading.get_ident()
    return {
        names.get(ident, f"thread {ident}"): _stack(frames[ident])
        for ident in order
        if ident != own
    }


def _stack(frame: Any) -> list[str]:
    found = traceback.extract_stack(frame)[-_FRAMES:]
    return [f"{each.filename}:{each.lineno} {each.name}" for each in found]
