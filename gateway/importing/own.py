"""Our own documents: ``argent sessions export``, and a history.json as it lies on a disk. Pure."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.importing.brought import (
    Brought,
    Unreadable,
    begun,
    checked,
    estimated,
    owned,
    under,
)
from state.codec import InvalidValue, entry_from_json, session_from_json
from state.history import Entry, count_messages
from state.keys import InvalidKey, SessionKey, is_account_name, person_session_id, side_of
from state.session import Context, Session

EXPORT = "argent"
HISTORY = "history"


def is_export(document: dict[str, Any]) -> bool:
    """Whether a document is one of ours: it says its version and its state."""
    return {"version", "id", "state", "messages"} <= document.keys()


def from_export(document: dict[str, Any], key: SessionKey | None) -> Brought:
    """An exported session. Raises `Unreadable`, `NewerFormat`."""
    messages = document["messages"]
    if not isinstance(messages, list):
        raise Unreadable("messages: expected the list of an export, not what metadata.json says")
    try:
        session = session_from_json(document | {"messages": 0})
    except InvalidValue as error:
        raise Unreadable(str(error)) from error
    if not is_account_name(session.agent):
        raise Unreadable(f"agent: {session.agent!r} cannot be an agent's name")
    entries = _entries(messages)
    places = _places(entries)
    old = session.context
    # Positions are those of another store; this one finds the context anew, by the summaries. What
    # was left out of it without one is in it again.
    whole = old.start == 0 or old.summary is not None
    tokens = old.tokens if old.tokens and whole else estimated(entries)
    context = Context(tokens=tokens, limit=old.limit)
    session = replace(session, messages=count_messages(entries), context=context)
    brought = Brought(session, entries, EXPORT)
    if key is not None and key != session.key:
        brought = under(brought, key)
    elif not _is_its_own(session):
        raise Unreadable(
            f"id: {session.id!r} is not the id of a session with the key {session.key}; "
            "name the session yourself with --as KEY"
        )
    return checked(replace(brought, entries=owned(brought.entries, brought.session.id)), places)


def from_history(raw: list[Any], key: SessionKey | None, at: datetime) -> Brought:
    """The entries of a history.json, also of one in an archive/ folder. Raises `Unreadable`."""
    if key is None:
        raise Unreadable("a history does not say whose it is: name its session with --as KEY")
    entries = _entries(raw)
    brought = Brought(begun(key, entries, at=at), entries, HISTORY)
    return checked(under(brought, key), _places(entries))


def _entries(raw: list[Any]) -> tuple[Entry, ...]:
    entries = []
    for number, line in enumerate(raw):
        try:
            entries.append(entry_from_json(line))
        except InvalidValue as error:
            raise Unreadable(f"messages[{number}].{error}") from error
    return tuple(entries)


def _places(entries: tuple[Entry, ...]) -> list[str]:
    return [f"messages[{number}]" for number in range(len(entries))]


def _is_its_own(session: Session) -> bool:
    """Whether the id follows from a key or a person's name, as every session's does, or from that
    of its base.

    A document must not come in under an id that one of somebody else's keys leads to.
    """
    base, _ = side_of(session.id) or (None, None)
    if session.base != base:
        return False
    first = base or session.id
    if first in {key.session_id for key in (session.key, *session.keys)}:
        return True
    try:
        return first == person_session_id(first.removeprefix("user-"))
    except InvalidKey:
        return False
