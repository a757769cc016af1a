"""Bringing the index up to date where no gateway does."""

import sqlite3
from collections.abc import Callable

from state.files.layout import Layout
from state.files.search.index import Index
from state.files.search.schema import is_damage, remove

Progress = Callable[[int, int], None]
"""Is told how many sessions are done, and of how many."""

_COMMIT_EVERY = 300


def catch_up(
    layout: Layout,
    progress: Progress = lambda _, __: None,
    *,
    tell_every: int = _COMMIT_EVERY,
) -> None:
    """Let everything be found that the histories say, for whoever holds the folder's lock.

    Where the last owner left the index up to date, no session is looked at. `progress` is told
    after every so many steps. Raises sqlite3.Error, OSError.
    """
    try:
        _catch_up(layout, progress, tell_every)
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
        remove(layout.search)
        _catch_up(layout, progress, tell_every)


def _catch_up(layout: Layout, progress: Progress, tell_every: int) -> None:
    index = Index.open(layout)
    try:
        if index.is_settled():
            return
        index.db.execute("BEGIN IMMEDIATE")
        for step, (done, of) in enumerate(index.scan(), 1):
            if step % tell_every == 0:
                index.db.execute("COMMIT")
                progress(done, of)
                index.db.execute("BEGIN IMMEDIATE")
        index.settle()
        index.db.execute("COMMIT")
        if index.has_leftovers():
            for _ in index.merge():
                pass
            index.empty_log()
    finally:
        index.close()
