"""Keeping the index true to the histories, whatever happens to it. It blocks.

Nothing that goes wrong here is anybody else's trouble: the file can be removed and made anew, and
when words must go and cannot be taken out of it, it is.
"""

import time
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from sqlite3 import Error as SqliteError

from state.files.layout import Layout
from state.files.search.index import Index
from state.files.search.schema import is_damage, remove
from state.keys import SessionId

_SLICE = 0.008
_REST = 0.012
"""Seconds of work, and of rest after it: Python's threads share one interpreter with the chats."""

_COMMIT_EVERY = 1.0
_RETRY = 60.0
_MERGE_EVERY = 60.0


class Follower:
    """The index's one writer, with what it still has to do.

    Until `make` it only follows what its owner does, in a file that is there already: a command
    that clears one session does not read all the others.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._index: Index | None = None
        self._makes = False
        self._settled = False
        self._scan: Generator[object, None, None] | None = None
        self._merge: Iterator[object] | None = None
        self._next_at = self._committed_at = 0.0
        self._merged_at = self._damaged_at = float("-inf")
        self.problem: str | None = None
        """Why there is no index for now; None while there is one, or need not be one."""

    def prepare(self) -> None:
        """Note in the file, if there is one, that histories may be written to from now on."""
        with self._guarded():
            self._opened()

    def make(self) -> None:
        """From now on, make the index where there is none."""
        self._makes = True
        if self._index is not None and not self._settled:
            self._scan = self._index.scan()

    def follow(self, names: Collection[SessionId]) -> None:
        """Bring these sessions up to date, a little at a time."""
        with self._guarded():
            if index := self._opened():
                self._leave(index, names)
                self._run(index, _refreshed(index, names), rests=True)
                self._commit(index)

    def forget(self, names: Collection[SessionId]) -> None:
        """Bring sessions up to date that lost words: afterwards these are found no more."""
        with self._guarded(must_forget=True):
            self._next_at = 0.0
            index = self._opened() if self._layout.search.exists() else None
            if index is None:
                return
            self._leave(index, names)
            # One that is under way has passed what is about to be deleted.
            self._merge = None
            self._run(index, _refreshed(index, names))
            self._commit(index)
            if not self._makes and index.has_leftovers():
                # Whoever stays does it a little at a time, later.
                self._run(index, index.merge())
                self._commit(index)
            index.empty_log()

    def due(self) -> float | None:
        """When there is something left to do, on the monotonic clock; None when there is not."""
        if self._scan is not None or self._merge is not None:
            return self._next_at
        if self._index is None:
            return self._next_at if self._makes else None
        if self._makes and self._index.has_leftovers():
            return self._merged_at + _MERGE_EVERY
        return None

    def go_on(self, *, to_the_end: bool = False) -> None:
        """Do a little of what is left, or all of it."""
        with self._guarded():
            index = self._opened()
            if index is None:
                return
            until = float("inf") if to_the_end else time.monotonic() + _SLICE
            if self._scan is not None and self._run(index, self._scan, until=until):
                self._scan, self._settled = None, True
                self._commit(index)
                # It may have found words to forget: some went before a crash, or by hand.
                index.empty_log()
            if self._scan is None and self._merge is None and index.has_leftovers():
                self._merge = index.merge()
            if self._merge is not None and self._run(index, self._merge, until=until):
                self._merge, self._merged_at = None, time.monotonic()
                self._commit(index)
                index.empty_log()
            now = time.monotonic()
            self._next_at = now + _REST
            if now > self._committed_at + _COMMIT_EVERY:
                self._commit(index)

    def end(self) -> None:
        """Let go of the file, and note in it whether it is up to date."""
        with self._guarded():
            if self._index is not None and self._settled:
                self._begin(self._index)
                self._index.settle()
            if self._index is not None:
                self._commit(self._index)
        self._close()

    # ------------------------------------------------------------------------------------------

    def _opened(self) -> Index | None:
        if self._index is not None and not self._index.is_in_place():
            # Somebody threw the file away, as they may: it is made anew, like at the start.
            self._close()
            self._next_at = 0.0
        wanted = self._makes or self._layout.search.exists()
        if self._index is None and wanted and time.monotonic() >= self._next_at:
            self._index = Index.open(self._layout)
            self._settled = self._index.is_settled()
            self._index.unsettle()
            self._committed_at = time.monotonic()
            self.problem = None
            if self._makes and not self._settled:
                self._scan = self._index.scan()
        return self._index

    def _run(
        self,
        index: Index,
        steps: Iterator[object],
        *,
        rests: bool = False,
        until: float = float("inf"),
    ) -> bool:
        """Whether that was all of the steps, or it was time to stop."""
        rest_at = time.monotonic() + _SLICE
        self._begin(index)
        for _ in steps:
            now = time.monotonic()
            if now > until:
                return False
            if rests and now > rest_at:
                time.sleep(_REST)
                rest_at = time.monotonic() + _SLICE
        return True

    def _leave(self, index: Index, names: Collection[SessionId]) -> None:
        """Let the scan begin again where it is in the midst of one of these sessions.

        What it has done is done, and what it leaves behind of this one is done again.
        """
        if self._scan is not None and index.inside in names:
            self._scan.close()
            self._scan = index.scan()

    @staticmethod
    def _begin(index: Index) -> None:
        if not index.db.in_transaction:
            index.db.execute("BEGIN IMMEDIATE")

    def _commit(self, index: Index) -> None:
        self._committed_at = time.monotonic()
        if index.db.in_transaction:
            index.db.execute("COMMIT")

    @contextmanager
    def _guarded(self, *, must_forget: bool = False) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._close()
            self._failed(error, must_forget=must_forget)

    def _failed(self, error: Exception, *, must_forget: bool) -> None:
        now = time.monotonic()
        self.problem = f"{self._layout.search.name} cannot be written: {error}"
        self._next_at = now + _RETRY
        damaged = isinstance(error, SqliteError) and is_damage(error)
        if damaged or must_forget:
            with suppress(OSError):
                remove(self._layout.search)
        if damaged:
            # Once is an accident, and made good at once; again and again is a broken disk.
            again = now < self._damaged_at + _RETRY
            self._next_at, self._damaged_at = (self._next_at if again else now), now

    def _close(self) -> None:
        index, self._index = self._index, None
        self._scan = self._merge = None
        self._settled = False
        if index is not None:
            with suppress(SqliteError):
                index.close()


def _refreshed(index: Index, names: Iterable[SessionId]) -> Iterator[None]:
    for name in names:
        yield from index.refresh(name)
        yield
