"""Answers from search.db, beside its writer or without one. Takes no lock, changes nothing."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from state.files.errors import ledger_error, store_error
from state.files.layout import Layout
from state.files.ledger.reading import connect_to_read
from state.files.search.query import Query
from state.files.search.schema import about, is_current, is_damage
from state.files.search.snippet import Snippet, snippet
from state.keys import SessionId
from state.store import StorageFailed

MOST_RANKED = 10_000
"""Of a word that is said more often, only the entries that came last are compared."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The rank is reckoned for the newest entries alone: it costs a microsecond and more for each, and
# a common word is in hundreds of thousands. `place` only narrows, so it weighs nothing.
_FOUND = f"""
SELECT session.name, entry.name, role, who, at, text
  FROM (SELECT rowid AS id, bm25(words, 1.0, 0.0) AS score FROM words
         WHERE words MATCH :match ORDER BY rowid DESC LIMIT {MOST_RANKED}) AS best
  JOIN entry USING (id) JOIN source ON source.id = entry.source
  JOIN session ON session.id = source.session
 ORDER BY score, at DESC, entry.id DESC LIMIT :limit
"""


class DamagedIndex(StorageFailed):
    """The index cannot be read. It can be thrown away."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found: whose words, when, in which session; its id in the history."""

    session: SessionId
    entry: str
    role: str
    who: str
    at: datetime
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class Found:
    """The best hits, the best first; `complete` unless the index is still being made."""

    hits: tuple[Hit, ...] = ()
    complete: bool = True


def find(
    layout: Layout, query: Query, *, session: SessionId | None = None, limit: int = 20
) -> Found:
    """Entries in which all of the query is said, in one session or in all.

    Raises `DamagedIndex`, `StorageFailed`.
    """
    path = layout.search
    try:
        path.stat()
        with closing(connect_to_read(path)) as db:
            if not is_current(db):
                return Found(complete=False)
            complete = about(db, "built") is not None
            place = None
            if session is not None:
                row = db.execute("SELECT id FROM session WHERE name = ?", (session,)).fetchone()
                if row is None:
                    return Found(complete=complete)
                place = f"s{row[0]}"
            rows = db.execute(_FOUND, {"match": query.match(place), "limit": limit}).fetchall()
    except FileNotFoundError:
        return Found(complete=False)
    except OSError as error:
        raise store_error(error, f"reading {path}") from error
    except sqlite3.Error as error:
        if not is_damage(error):
            raise ledger_error(error, path) from error
        raise DamagedIndex(
            f"{path} is damaged ({error}); remove it, it is made anew from the histories"
        ) from error
    return Found(tuple(_hit(query, *row) for row in rows), complete)


def _hit(query: Query, session: str, name: str, role: str, who: str, at: int, text: str) -> Hit:
    when = _EPOCH + timedelta(milliseconds=at)
    return Hit(SessionId(session), name, role, who, when, snippet(text, query))
