"""search.db: whether the index reads. It holds nothing but what the histories have."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case
from state.files.layout import Layout
from state.files.ledger.reading import connect_to_unowned

DAMAGED = Fault(
    "search-damaged",
    Level.WARNING,
    "the search index {where} is damaged",
    "{how}",
    "argent doctor --fix, or remove it: rm {where}* (it is made anew from the conversations)",
    mends=True,
)
BEHIND = Fault(
    "search-stopped",
    Level.WARNING,
    "the search index of the running gateway does not follow",
    "{how}",
    "argent gateway stop, argent doctor --fix, argent gateway run",
)
FAULTS = (DAMAGED, BEHIND)

_READ_WHOLE = 20_000_000
"""Bytes up to which an index is read whole without being asked to."""


def examine(case: Case) -> Iterator[Finding]:
    """What is wrong with the search index."""
    if problem := case.runtime.get("search_problem"):
        yield BEHIND.at("search.db", how=problem)
    path = Layout(case.state_dir).search
    # A running gateway looks after its own, and says so when it cannot.
    if case.holder is None and case.readable and path.exists():
        whole = case.thorough or path.stat().st_size <= _READ_WHOLE
        try:
            with closing(connect_to_unowned(path)) as db:
                how = _harm(db, whole=whole)
        except sqlite3.Error as error:
            how = str(error)
        if how is not None:
            yield DAMAGED.at(str(path), how=how)


def _harm(db: sqlite3.Connection, *, whole: bool) -> str | None:
    db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not whole:
        return None
    (said,) = db.execute("PRAGMA quick_check(1)").fetchone()
    return None if said == "ok" else f"SQLite says: {said}"
