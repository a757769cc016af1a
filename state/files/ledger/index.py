"""The index of sessions: what a listing shows, without opening a folder."""

import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime

from state.codec import text
from state.files.ledger.rows import (
    SESSION,
    SESSION_BEFORE_SIDE_SESSIONS,
    milliseconds,
    moment,
    of_session,
    session_row,
)
from state.files.ledger.schema import has_side_sessions, version
from state.keys import SessionId, person_in
from state.lifecycle import Phase
from state.records import Page, leading
from state.session import Session
from state.store import Counts, SessionRow

_COLUMNS = SESSION.count(",") + 1


def index(db: sqlite3.Connection, sessions: Iterable[Session]) -> None:
    """Show these facts."""
    db.executemany(
        f"INSERT OR REPLACE INTO sessions ({SESSION}) VALUES ({', '.join('?' * _COLUMNS)})",
        map(of_session, sessions),
    )


def unindex(db: sqlite3.Connection, sessions: Iterable[SessionId]) -> None:
    """Forget sessions that are gone."""
    db.executemany("DELETE FROM sessions WHERE id = ?", ((session,) for session in sessions))


def ids(db: sqlite3.Connection) -> frozenset[SessionId]:
    """The sessions that are shown."""
    return frozenset(SessionId(row[0]) for row in db.execute("SELECT id FROM sessions"))


def agents(db: sqlite3.Connection) -> dict[SessionId, str]:
    """The sessions that are shown, and whose each is."""
    return {SessionId(name): agent for name, agent in db.execute("SELECT id, agent FROM sessions")}


def page(
    db: sqlite3.Connection,
    phase: Phase | None = None,
    limit: int | None = None,
    after: SessionRow | None = None,
) -> Page:
    """Sessions, the most lately active first, from behind one on."""
    conditions = ["TRUE"]
    given: dict[str, object] = {"limit": -1 if limit is None else limit}
    if phase is not None:
        conditions.append("phase = :phase")
        given["phase"] = str(phase)
    if after is not None:
        conditions.append("(updated_at < :at OR updated_at = :at AND id > :id)")
        given |= {"at": milliseconds(after.updated_at), "id": after.id}
    which = " AND ".join(conditions)
    rows = db.execute(
        f"SELECT {_shown(db)} FROM sessions WHERE {which} "
        "ORDER BY updated_at DESC, id LIMIT :limit",
        given,
    )
    found = tuple(map(session_row, rows))
    (all_of_them,) = db.execute(f"SELECT count(*) FROM sessions WHERE {which}", given).fetchone()
    return Page(found, all_of_them - len(found))


def rows(db: sqlite3.Connection, sessions: Collection[SessionId]) -> dict[SessionId, SessionRow]:
    """These sessions, as far as they are known."""
    marks = ", ".join("?" * len(sessions))
    found = db.execute(f"SELECT {_shown(db)} FROM sessions WHERE id IN ({marks})", tuple(sessions))
    return {row.id: row for row in map(session_row, found)}


def find(db: sqlite3.Connection, written: str) -> tuple[SessionRow, ...]:
    """Sessions of this key or id, else of this person (``user-<name>``), else those whose key or id
    begins with it.

    Side sessions are not told of where their base is.
    """
    written = text(written)
    for condition in (
        "key = :text OR id = :text",
        "person = :person",
        "substr(key, 1, length(:text)) = :text OR substr(id, 1, length(:text)) = :text",
    ):
        rows = db.execute(
            f"SELECT {_shown(db)} FROM sessions WHERE {condition} ORDER BY updated_at DESC, id",
            {"text": written, "person": person_in(written)},
        ).fetchall()
        if rows:
            return leading(map(session_row, rows))
    return ()


def family(db: sqlite3.Connection, base: SessionId) -> tuple[SessionRow, ...]:
    """A session with its side sessions: itself first, then the most lately active first."""
    rows = db.execute(
        f"SELECT {SESSION} FROM sessions WHERE id = :base OR base = :base "
        "ORDER BY id <> :base, updated_at DESC, id",
        {"base": base},
    )
    return tuple(map(session_row, rows))


def quiet_since(
    db: sqlite3.Connection, phase: Phase, before: datetime, limit: int, agent: str | None
) -> tuple[SessionRow, ...]:
    """Sessions in a phase that were last active before then, the longest quiet first."""
    rows = db.execute(
        f"SELECT {SESSION} FROM sessions WHERE {_whose(agent)} phase = :phase "
        "AND updated_at < :before ORDER BY updated_at, id LIMIT :limit",
        {
            "agent": agent,
            "phase": str(phase),
            "before": milliseconds(before),
            "limit": limit,
        },
    )
    return tuple(map(session_row, rows))


def oldest(db: sqlite3.Connection, agent: str | None) -> dict[Phase, datetime]:
    """When the longest quiet session of each phase was last active: one seek for each."""
    phases = " UNION ALL ".join(
        f"SELECT '{phase}', (SELECT min(updated_at) FROM sessions "
        f"WHERE {_whose(agent)} phase = '{phase}')"
        for phase in Phase
    )
    found = db.execute(phases, {"agent": agent})
    return {Phase(p): moment(at) for p, at in found if at is not None}


def working(db: sqlite3.Connection) -> tuple[str, ...]:
    """The agents that have sessions, by name: a few seeks for each, however many those are."""
    found = db.execute(
        "WITH RECURSIVE found (agent) AS ("
        "SELECT min(agent) FROM sessions UNION ALL "
        "SELECT (SELECT min(agent) FROM sessions WHERE agent > found.agent) "
        "FROM found WHERE found.agent IS NOT NULL) "
        "SELECT agent FROM found WHERE agent IS NOT NULL"
    )
    return tuple(row[0] for row in found)


def held(db: sqlite3.Connection, agent: str) -> int:
    """How many sessions an agent has."""
    (many,) = db.execute("SELECT count(*) FROM sessions WHERE agent = ?", (agent,)).fetchone()
    return int(many)


def counts(db: sqlite3.Connection) -> Counts:
    """Figures of the whole ledger."""
    parts = dict(db.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())
    outcomes = dict(db.execute("SELECT outcome, count(*) FROM inbox GROUP BY outcome").fetchall())
    repeated, aside, shown = db.execute(
        "SELECT (SELECT coalesce(sum(doubts), 0) FROM outbox WHERE state = 'sent'), "
        "(SELECT count(*) FROM set_aside), (SELECT count(*) FROM sessions)"
    ).fetchone()
    return Counts(
        pending=outcomes.pop(None, 0),
        owed=parts.get("owed", 0) + parts.get("sending", 0) + parts.get("unknown", 0),
        sent=parts.get("sent", 0),
        repeated=repeated,
        failed_parts=parts.get("failed", 0),
        set_aside=aside,
        sessions=shown,
        outcomes=outcomes,
    )


def _shown(db: sqlite3.Connection) -> str:
    """The columns of a row: a reader may come before the newest of them."""
    return SESSION if has_side_sessions(version(db)) else SESSION_BEFORE_SIDE_SESSIONS


def _whose(agent: str | None) -> str:
    return "" if agent is None else "agent = :agent AND"
