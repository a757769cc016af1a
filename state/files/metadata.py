"""metadata.json: a session's facts, and up to where in the history they are true.

The checkpoint is written after the history was made durable up to it, so whatever lies before it
was stored whole, and only what lies behind it can have been torn by a crash. Facts that lag behind
are brought up to date with the entries that follow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import orjson

from state.codec import VERSION, Fields, cleaned, loads, session_from_json, session_to_json
from state.codec.text import present
from state.files.journal import FIRST
from state.history import CorrectionEntry, Entry, UserEntry
from state.keys import Address, InvalidKey, SessionId, SessionKey, SessionType, side_of
from state.lifecycle import Event
from state.session import Context, Session, Totals


@dataclass(frozen=True, slots=True)
class Facts:
    """A session up to the entry before `end`.

    `ids` are those of the entries that its context speaks of, by their positions: in a history
    that was laid out anew they are found by them. With an `end` that lies before every entry
    nothing is said about positions. `version` is that of the file. `moved` says that the file
    names another agent than its folder, as when a crash came in the midst of a move.
    """

    session: Session
    end: int = FIRST
    ids: Mapping[int, str] = field(default_factory=dict)
    version: int = VERSION
    moved: bool = False


def encode(facts: Facts) -> bytes:
    """The file's content."""
    start = facts.session.context.start
    others = [{"at": at, "id": name} for at, name in sorted(facts.ids.items()) if at != start]
    checkpoint = present(end=facts.end, first=facts.ids.get(start), ids=others or None)
    values = session_to_json(facts.session) | {"checkpoint": checkpoint}
    return orjson.dumps(cleaned(values), option=orjson.OPT_INDENT_2) + b"\n"


def decode(data: bytes, session_id: SessionId, agent: str | None = None) -> Facts:
    """Read the file of a session's folder. Raises `codec.InvalidValue`, `store.NewerFormat`.

    The folder's name is the session's id, and the agent whose folder it is in is the session's,
    also when the folder was copied or moved. Without `agent` it is as the file says.
    """
    raw = loads(data)
    written = session_from_json(raw)
    agent = agent or written.agent
    same = (written.id, written.agent) == (session_id, agent)
    session = written if same else replace(written, id=session_id, agent=agent)
    checkpoint = Fields(raw).maybe_child("checkpoint") or Fields({})
    return Facts(
        session=session,
        end=checkpoint.count("end", 0),
        ids=_ids(session.context.start, checkpoint),
        version=Fields(raw).count("version"),
        moved=written.agent != agent,
    )


def _ids(start: int, checkpoint: Fields) -> dict[int, str]:
    first = checkpoint.maybe_text("first")
    ids = {} if first is None else {start: first}
    return ids | {mark.count("at"): mark.text("id") for mark in checkpoint.children("ids")}


def fold(session: Session, entries: Sequence[Entry]) -> Session:
    """The facts after entries that were appended when they had been written already."""
    for entry in entries:
        if isinstance(entry, UserEntry):
            session = session.after(Event.MESSAGE, entry.at)
    return session.with_entries(entries)


def recount(session: Session, entries: Sequence[Entry]) -> Session:
    """The same facts, with everything that follows from the history taken from it anew."""
    bare = replace(session, messages=0, totals=Totals(), context=Context())
    return bare.with_entries(entries)


def rebuild(
    session_id: SessionId, agent: str, entries: Sequence[Entry], made: datetime
) -> Session | None:
    """The facts of a session that has a history only; None when nothing tells its key."""
    base, name = side_of(session_id) or (None, None)
    key = SessionKey.of_session(base or session_id) or _key_of(base or session_id, entries)
    if key is None:
        return None
    session = Session.begin(key, agent=agent, at=entries[0].at if entries else made)
    return fold(replace(session, id=session_id, base=base, name=name), entries)


def _key_of(session_id: SessionId, entries: Sequence[Entry]) -> SessionKey | None:
    """A key that leads where the last words came from, for an id that is not made of its key."""
    said = [entry for entry in entries if isinstance(entry, UserEntry | CorrectionEntry)]
    if not said:
        return None
    ending = session_id.rpartition("_")[2]
    known = SessionType(ending) if ending in list(SessionType) else SessionType.MAIN
    address: Address = said[-1].address
    thread = address.thread if known is SessionType.TOPIC else None
    try:
        return SessionKey(address.channel, address.chat, known, thread)
    except InvalidKey:
        return None
