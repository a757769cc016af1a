"""Everything in the ledger that is one person's: found, and forgotten."""

import sqlite3
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from state.codec import text
from state.files.ledger import calls, linking, remembering, rows, spending
from state.files.ledger.linking import LINK
from state.files.ledger.rows import ADMISSION, PAIRING, milliseconds
from state.files.ledger.whose import Whose, has
from state.files.ledger.whose import waiting as waiting_in
from state.keys import SessionId
from state.links import Link
from state.messages import Deletion
from state.people import Records
from state.persons import PRIVATE, Identity, Person
from state.spending import ERASED, NO_PERSONS, Spending
from state.store_errors import StorageFailed

_BUSY_SECONDS = 5


def seen(db: sqlite3.Connection) -> dict[Identity, frozenset[str]]:
    """Everybody who is known by an id, with what they are called."""
    found: dict[Identity, frozenset[str]] = {}

    def add(account: str, user: str, *names: str) -> None:
        identity = Identity(account, user)
        found[identity] = found.get(identity, frozenset()) | {n for n in names if n.strip()}

    for table, name in (("admissions", "name"), ("pairings", "name"), ("addresses", "called")):
        for row in (
            db.execute(f"SELECT account, user, {name} FROM {table}") if has(db, table) else ()
        ):
            add(*row)
    for accepted in waiting_in(db):
        if not isinstance(accepted.message, Deletion):
            sender = accepted.message.sender
            add(accepted.message.address.channel, sender.id, sender.name, sender.username or "")
    if has(db, "spending"):
        for row in db.execute("SELECT DISTINCT account, user FROM spending"):
            if row[1] not in NO_PERSONS:
                add(*row)
    kinds = ", ".join(f"'{kind}'" for kind in PRIVATE)
    for row in db.execute(f"SELECT DISTINCT channel, chat FROM sessions WHERE type IN ({kinds})"):
        add(*row)
    return found


def linked(db: sqlite3.Connection) -> list[Link]:
    """The addresses of persons who were linked, each with their name."""
    return list(linking.links(db)) if has(db, "addresses") else []


def configured(db: sqlite3.Connection) -> list[tuple[SessionId, str]]:
    """The sessions of persons who have a name by the configuration alone, each with that."""
    linked = "SELECT name FROM people" if has(db, "people") else "SELECT NULL WHERE FALSE"
    return db.execute(
        f"SELECT id, person FROM sessions WHERE person IS NOT NULL AND person NOT IN ({linked})"
    ).fetchall()


def records(db: sqlite3.Connection, person: Person, entries: Collection[str]) -> Records:
    """What there is of theirs. Asks nothing that a reader may not."""
    whose = Whose(person, entries=entries)
    chats = whose.chats(db)
    return Records(
        admissions=tuple(map(rows.admission, whose.known(db, "admissions", ADMISSION))),
        pairings=tuple(map(rows.pairing, whose.known(db, "pairings", PAIRING))),
        links=tuple(map(linking.link, whose.known(db, "addresses", LINK))),
        notes=remembering.notes(db, person.identities) if has(db, "notes") else (),
        waiting=tuple(whose.waiting(db)),
        owed=tuple(whose.owed(db, chats)),
        set_aside=tuple(whose.set_aside(db)),
        keys=dict(whose.leading(db)),
        spent=whose.spent(db),
        rows=len(whose.messages(db)) + len(whose.parts(db, chats)),
    )


def forget(
    db: sqlite3.Connection,
    person: Person,
    sessions: Collection[SessionId],
    entries: Collection[str],
    names: Collection[str],
    *,
    at: datetime,
    waiting: Collection[int],
) -> dict[str, int]:
    """Forget them; how many rows of each kind that were."""
    whose = Whose(person, frozenset(sessions), entries, names)
    count: dict[str, int] = {}
    # The parts first: their messages tell whose they are.
    parts = whose.parts(db, whose.chats(db))
    db.executemany(
        "UPDATE outbox SET channel = '', chat = '', thread = NULL, text = NULL, plain = NULL, "
        "extras = NULL, reply_to = NULL, edits = NULL, receipt = NULL, reason = ?, "
        "state = CASE WHEN state = 'sent' THEN 'sent' ELSE 'failed' END WHERE id = ?",
        [(ERASED, part) for part in parts],
    )
    count["parts"] = len(parts)
    messages = whose.messages(db)
    ends = [each.seq for each in whose.waiting(db) if each.seq in waiting]
    db.executemany(
        "UPDATE inbox SET outcome = 'declined', closed_at = ? WHERE seq = ?",
        [(milliseconds(at), seq) for seq in ends],
    )
    calls.forget(db, *ends)
    messages += ends
    db.executemany(
        "UPDATE inbox SET key = NULL, session = NULL, entry = NULL, payload = NULL, shown = NULL, "
        "detail = ? WHERE seq = ?",
        [(ERASED, seq) for seq in messages],
    )
    count["messages"] = len(messages)
    count["set_aside"] = _delete(
        db,
        "set_aside",
        "account = ? AND source = ?",
        [(each.channel, text(each.source)) for each in whose.set_aside(db)],
    )
    for table in ("aliases", "chosen"):
        keys = [(key,) for key, _ in whose.leading(db, table)]
        count[table] = _delete(db, table, "key = ?", keys)
    for table in ("pairings", "admissions", "addresses", "pair_codes", "pair_tries", "notes"):
        count[table] = _delete(db, table, "account = ? AND user = ?", whose.users)
    for identity in person.identities:
        linking.forget_rights_by(db, identity)
    count["people"] = linking.forget_the_lonely(db)
    count["spending"] = _keep_costs(db, whose)
    return {kind: number for kind, number in count.items() if number}


def leave_nothing(db: sqlite3.Connection, path: Path) -> None:
    """Write the database anew, without what was dropped, and empty its log.

    Not in a transaction. Raises `StorageFailed`, sqlite3.Error.
    """
    db.execute("VACUUM")
    db.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
    (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StorageFailed(
            f"somebody reads {path.name} as it was before; let them finish, then erase again"
        )


def _delete(
    db: sqlite3.Connection, table: str, which: str, values: Collection[tuple[str, ...]]
) -> int:
    return sum(db.execute(f"DELETE FROM {table} WHERE {which}", each).rowcount for each in values)


def _keep_costs(db: sqlite3.Connection, whose: Whose) -> int:
    """Let what they cost be nobody's: bills and budgets stay true."""
    theirs = whose.spendings(db)
    for each in theirs:
        db.execute(
            "DELETE FROM spending WHERE day = ? AND account = ? AND user = ? AND session = ? "
            "AND model = ?",
            (
                each.day.isoformat(),
                each.account,
                text(each.user),
                each.session,
                text(each.model),
            ),
        )
        person = Identity(each.account, each.user) in whose.person.identities
        session = SessionId(ERASED) if whose.is_theirs(each.session) else each.session
        user = ERASED if person else each.user
        nobodys = Spending(each.day, each.account, user, session, each.model, each.spent)
        spending.add(db, nobodys)
    return len(theirs)
