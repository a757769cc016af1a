"""Rows of the ledger and the values they hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

from state.codec import (
    dumps,
    extras_from_json,
    extras_to_json,
    loads,
    message_from_json,
    text,
)
from state.keys import Address, SessionId, SessionKey, SessionType
from state.lifecycle import Phase
from state.messages import Accepted, OwedPart, Part, PartState
from state.session import Session
from state.store import Admission, PairingRequest, Role, SessionRow, Taken

Row = tuple[Any, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

ACCEPTED = "seq, entry, key, session, at, payload, shown"
TAKEN = "seq, entry, key, session, outcome"
PART = (
    "id, seq, idx, channel, chat, thread, text, plain, reply_to, edits, extras, state, attempts, "
    "key, doubts, (SELECT session FROM inbox WHERE inbox.seq = outbox.seq)"
)
PAIRING = "code, account, user, name, channel, chat, thread, created_at, expires_at, notified_at"
ADMISSION = "account, user, role, name, since"
SESSION = (
    "id, key, channel, chat, thread, type, agent, phase, messages, created_at, updated_at, "
    "title, person, context_tokens, context_limit, base, name"
)
SESSION_BEFORE_SIDE_SESSIONS = SESSION.replace("base, name", "NULL, NULL")


def milliseconds(at: datetime) -> int:
    """A moment as it is stored."""
    return (at - _EPOCH) // _MILLISECOND


def moment(stored: int) -> datetime:
    """A stored moment, in UTC."""
    return datetime.fromtimestamp(stored / 1000, UTC)


def maybe_text(value: str | None) -> str | None:
    """A text as it is stored, if there is one."""
    return None if value is None else text(value)


def accepted(row: Row) -> Accepted:
    """A message from its row. Raises `codec.InvalidValue`."""
    seq, entry, key, session, at, payload, shown = row
    return Accepted(
        seq=seq,
        entry=entry,
        key=SessionKey.parse(key),
        session=SessionId(session),
        at=moment(at),
        message=message_from_json(loads(payload)),
        recovered=True,
        shown=() if shown is None else tuple(loads(shown)),
    )


def taken(row: Row) -> Taken:
    """What became of a message, from its row, in the order of `TAKEN`."""
    seq, entry, key, session, outcome = row
    return Taken(seq, entry, SessionKey.parse(key), SessionId(session), open=outcome is None)


def owed_part(row: Row) -> OwedPart:
    """A part from its row, in the order of `PART`."""
    words, plain, reply_to, edits, extras = row[6:11]
    file, buttons = (None, ()) if extras is None else extras_from_json(loads(extras))
    return OwedPart(
        id=row[0],
        seq=row[1],
        index=row[2],
        address=Address(*row[3:6]),
        part=Part(words, plain, reply_to, edits, file, buttons),
        state=PartState(row[11]),
        attempts=row[12],
        key=row[13],
        uncertain=bool(row[14]),
        session=None if row[15] is None else SessionId(row[15]),
    )


def extras_of(part: Part) -> str | None:
    """What goes with a part's words, as it is stored. Raises `codec.InvalidValue`."""
    if part.file is None and not part.buttons:
        return None
    return dumps(extras_to_json(part)).decode()


def pairing(row: Row) -> PairingRequest:
    """A stranger's request from its row."""
    code, account, user, name, channel, chat, thread, created_at, expires_at, notified_at = row
    return PairingRequest(
        code=code,
        account=account,
        user=user,
        name=name,
        address=Address(channel, chat, thread),
        created_at=moment(created_at),
        expires_at=moment(expires_at),
        notified_at=None if notified_at is None else moment(notified_at),
    )


def admission(row: Row) -> Admission:
    """An admission from its row."""
    account, user, role, name, since = row
    return Admission(account, user, Role(role), name, moment(since))


def of_session(session: Session) -> Row:
    """A session as its row in the index, in the order of `SESSION`."""
    key, context = session.key, session.context
    return (
        session.id,
        str(key),
        key.channel,
        text(key.chat),
        maybe_text(key.thread),
        str(key.type),
        session.agent,
        str(session.phase),
        session.messages,
        milliseconds(session.created_at),
        milliseconds(session.updated_at),
        maybe_text(session.title),
        session.person,
        context.tokens,
        context.limit,
        session.base,
        maybe_text(session.name),
    )


def session_row(row: Row) -> SessionRow:
    """A listing's line from its row, in the order of `SESSION`."""
    return SessionRow(
        id=SessionId(row[0]),
        key=SessionKey(row[2], row[3], SessionType(row[5]), row[4]),
        agent=row[6],
        phase=Phase(row[7]),
        messages=row[8],
        created_at=moment(row[9]),
        updated_at=moment(row[10]),
        title=row[11],
        person=row[12],
        context_tokens=row[13],
        context_limit=row[14],
        base=None if row[15] is None else SessionId(row[15]),
        name=row[16],
    )
