"""One thread that does in batches, and in order, what the event loop asks for."""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from state.store import StorageFailed

W = TypeVar("W")

_MOST = 1024
"""How many requests one batch holds at most, so that the first of them is not kept waiting."""


@dataclass(slots=True, eq=False)
class Request(Generic[W]):
    """Some work, and what became of it once its batch is done."""

    work: W
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class GroupCommit(Generic[W]):
    """Whatever is asked for while a batch is being done makes up the next one.

    `commit` runs in the thread and fills in each request's result or error; the futures of a
    batch are resolved by one wake-up of the loop. A cancelled caller's work is done all the same:
    the order of what is stored never depends on who is still waiting for it. `tick` runs after
    each batch and at least every `interval` seconds; `finish` runs last, in the thread too.
    """

    def __init__(
        self,
        name: str,
        commit: Callable[[list[Request[W]]], None],
        *,
        tick: Callable[[], None] = lambda: None,
        finish: Callable[[], None] = lambda: None,
        interval: float | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._commit, self._tick, self._finish = commit, tick, finish
        self._interval = interval
        self._queue: queue.SimpleQueue[Request[W] | None] = queue.SimpleQueue()
        self._closed: asyncio.Future[None] | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: W) -> asyncio.Future[Any]:
        """Queue some work. Raises `StorageFailed` after `close`."""
        if self._closed is not None:
            raise StorageFailed("the store is closed; nothing was stored")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put(Request(work, future))
        return future

    async def close(self) -> None:
        """Do all that was asked for, then end the thread."""
        if self._closed is None:
            self._closed = self._loop.create_future()
            self._queue.put(None)
        await asyncio.shield(self._closed)
        self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            batch, going = self._take()
            if batch:
                self._do(batch)
                self._post(self._settle, batch)
            self._tick()
        try:
            self._finish()
        finally:
            self._post(self._end)

    def _take(self) -> tuple[list[Request[W]], bool]:
        batch: list[Request[W]] = []
        try:
            item = self._queue.get(timeout=self._interval)
            while item is not None:
                batch.append(item)
                if len(batch) == _MOST:
                    return batch, True
                item = self._queue.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _do(self, batch: list[Request[W]]) -> None:
        try:
            self._commit(batch)
        except BaseException as error:
            # A defect must reach whoever waits; a dead thread would leave them waiting for ever.
            for request in batch:
                request.error = request.error or error

    def _post(self, callback: Callable[..., None], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            return  # the loop is gone, and with it everyone who waited

    @staticmethod
    def _settle(batch: list[Request[W]]) -> None:
        for request in batch:
            if request.future.done():
                continue
            if request.error is not None:
                request.future.set_exception(request.error)
            else:
                request.future.set_result(request.result)

    def _end(self) -> None:
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)
