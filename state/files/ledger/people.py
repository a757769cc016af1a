"""Who asked to be let in, who was, and the small facts beside them: cursors, aliases, choices."""

import sqlite3
from datetime import datetime

from state.codec import text
from state.files.ledger.rows import (
    ADMISSION,
    PAIRING,
    admission,
    maybe_text,
    milliseconds,
    pairing,
)
from state.keys import SessionId, SessionKey
from state.store import Admission, NotFound, PairingRequest, Role, StoreError


def request_pairing(
    db: sqlite3.Connection, request: PairingRequest, most: int
) -> PairingRequest | None:
    """The stranger's live request, made now where there was none."""
    now = milliseconds(request.created_at)
    db.execute("DELETE FROM pairings WHERE expires_at <= ?", (now,))
    user = text(request.user)
    live = db.execute(
        f"SELECT {PAIRING} FROM pairings WHERE account = ? AND user = ?", (request.account, user)
    ).fetchall()
    if live:
        return pairing(live[0])
    (waiting,) = db.execute(
        "SELECT count(*) FROM pairings WHERE account = ?", (request.account,)
    ).fetchone()
    if waiting >= most:
        return None
    address = request.address
    made = db.execute(
        f"INSERT INTO pairings ({PAIRING}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL) "
        "ON CONFLICT (code) DO NOTHING",
        (
            request.code,
            request.account,
            user,
            text(request.name),
            address.channel,
            text(address.chat),
            maybe_text(address.thread),
            now,
            milliseconds(request.expires_at),
        ),
    )
    if made.rowcount != 1:
        raise StoreError("this pairing code is in use; make another one")
    return request


def notified(db: sqlite3.Connection, code: str, at: datetime) -> None:
    """The stranger was told their code."""
    changed = db.execute(
        "UPDATE pairings SET notified_at = ? WHERE code = ?", (milliseconds(at), text(code))
    )
    if changed.rowcount != 1:
        raise _no_code()


def pairings(db: sqlite3.Connection, now: datetime) -> tuple[PairingRequest, ...]:
    """The live requests, oldest first."""
    rows = db.execute(
        f"SELECT {PAIRING} FROM pairings WHERE expires_at > ? ORDER BY created_at, code",
        (milliseconds(now),),
    )
    return tuple(map(pairing, rows))


def approve(
    db: sqlite3.Connection, code: str, role: Role, at: datetime
) -> tuple[PairingRequest, Admission]:
    """A code lets one person in, once."""
    request = deny(db, code)
    if request.expires_at <= at:
        raise NotFound("this pairing code has expired; ask for a new one")
    admitted = Admission(request.account, request.user, role, request.name, at)
    db.execute(
        f"INSERT OR REPLACE INTO admissions ({ADMISSION}) VALUES (?, ?, ?, ?, ?)",
        (admitted.account, admitted.user, str(role), admitted.name, milliseconds(at)),
    )
    return request, admitted


def deny(db: sqlite3.Connection, code: str) -> PairingRequest:
    """A request is dropped."""
    rows = db.execute(
        f"DELETE FROM pairings WHERE code = ? RETURNING {PAIRING}", (text(code),)
    ).fetchall()
    if not rows:
        raise _no_code()
    return pairing(rows[0])


def revoke(db: sqlite3.Connection, account: str, user: str) -> Admission:
    """An admission is taken back."""
    rows = db.execute(
        f"DELETE FROM admissions WHERE account = ? AND user = ? RETURNING {ADMISSION}",
        (account, text(user)),
    ).fetchall()
    if not rows:
        raise NotFound(f"{user} was not let in on {account}")
    return admission(rows[0])


def admissions(db: sqlite3.Connection) -> tuple[Admission, ...]:
    """Everybody who was let in by hand."""
    rows = db.execute(f"SELECT {ADMISSION} FROM admissions ORDER BY account, user")
    return tuple(map(admission, rows))


def cursor(db: sqlite3.Connection, name: str) -> str | None:
    """A position in a platform's stream."""
    rows = db.execute("SELECT value FROM cursors WHERE name = ?", (text(name),)).fetchall()
    return rows[0][0] if rows else None


def set_cursor(db: sqlite3.Connection, name: str, value: str) -> None:
    """Remember a position."""
    db.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (text(name), text(value)))


def aliases(db: sqlite3.Connection) -> dict[str, SessionId]:
    """Keys that lead to another session than the one they would make."""
    return dict(db.execute("SELECT key, session FROM aliases").fetchall())


def set_alias(db: sqlite3.Connection, key: SessionKey, session: SessionId) -> None:
    """Let a key lead to a session."""
    db.execute("INSERT OR REPLACE INTO aliases VALUES (?, ?)", (str(key), session))


def chosen(db: sqlite3.Connection) -> dict[str, SessionId]:
    """Keys whose chats go on in another session than the one they lead to by themselves."""
    return dict(db.execute("SELECT key, session FROM chosen").fetchall())


def choose(db: sqlite3.Connection, key: SessionKey, session: SessionId | None) -> None:
    """Let a chat go on in a session; None: in the one it leads to by itself."""
    if session is None:
        db.execute("DELETE FROM chosen WHERE key = ?", (str(key),))
    else:
        db.execute("INSERT OR REPLACE INTO chosen VALUES (?, ?)", (str(key), session))


def choose_no_more(db: sqlite3.Connection, session: SessionId) -> None:
    """Let the chats that go on in a session go on where they lead to by themselves."""
    db.execute("DELETE FROM chosen WHERE session = ?", (session,))


def _no_code() -> NotFound:
    return NotFound("no such pairing code; it may have been used or expired")
