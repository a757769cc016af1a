"""Bringing the index up to date where no gateway does."""

from collections.abc import Callable

from state.files.layout import Layout
from state.files.search.index import Index

_COMMIT_EVERY = 300


def catch_up(layout: Layout, progress: Callable[[int, int], None] = lambda _, __: None) -> None:
    """Let everything be found that the histories say, for whoever holds the folder's lock.

    `progress` is told now and then how many sessions are done, and of how many. Where the last
    owner left the index up to date, no session is looked at. Raises sqlite3.Error, OSError.
    """
    index = Index.open(layout)
    try:
        if index.is_settled():
            return
        index.db.execute("BEGIN IMMEDIATE")
        for step, (done, of) in enumerate(index.scan(), 1):
            if step % _COMMIT_EVERY == 0:
                index.db.execute("COMMIT")
                progress(done, of)
                index.db.execute("BEGIN IMMEDIATE")
        if index.has_leftovers():
            for _ in index.merge():
                pass
        index.settle()
        index.db.execute("COMMIT")
    finally:
        index.close()
