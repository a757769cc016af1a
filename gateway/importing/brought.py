"""What a file brings: a session with its entries. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agents.tokens import OVERHEAD, of_text
from state.history import (
    AssistantEntry,
    DeletionEntry,
    Entry,
    InvalidHistory,
    SummaryEntry,
    check_batch,
    complete_prefix,
)
from state.keys import SessionId, SessionKey
from state.lifecycle import Event
from state.session import Context, Session
from state.view import recovered

AGENT = "main"
"""The agent that goes on with what is brought."""


class Unreadable(ValueError):
    """A file that cannot be taken as it is; the message names the place in it and the remedy."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A whole conversation. `form` is the format it was in, `left_out` what has no place here."""

    session: Session
    entries: tuple[Entry, ...]
    form: str
    left_out: tuple[str, ...] = ()


def checked(brought: Brought, places: Sequence[str]) -> Brought:
    """The same, if its entries make a history. `places` says where each stands in the file.

    Raises `Unreadable`.
    """
    entries = brought.entries
    end = complete_prefix(entries)
    if end < len(entries):
        raise Unreadable(
            f"{places[end]}: here begins a turn that is not whole: a tool call without its result, "
            "a result without its call, or calls that no answer follows"
        )
    try:
        check_batch(entries)
    except InvalidHistory as error:
        raise Unreadable(f"messages: {error}") from error
    return brought


def under(brought: Brought, key: SessionKey) -> Brought:
    """The same conversation as the session of another key, and nobody else's."""
    session = replace(
        brought.session,
        id=key.session_id,
        key=key,
        keys=(key,),
        person=None,
        base=None,
        name=None,
    )
    return replace(brought, session=session, entries=owned(brought.entries, session.id))


def begun(
    key: SessionKey, entries: Sequence[Entry], *, at: datetime, title: str | None = None
) -> Session:
    """The session in which these entries were said; `at` is when it began if there are none."""
    session = Session.begin(key, agent=AGENT, at=entries[0].at if entries else at, title=title)
    if not entries:
        return session
    session = session.after(Event.MESSAGE, entries[0].at, "imported").with_entries(entries)
    return replace(session, context=Context(tokens=estimated(entries)))


def estimated(entries: Sequence[Entry]) -> int:
    """About how many tokens a model will be shown of a whole history.

    Without it the first turn would take the context for empty, and be refused for its length.
    """
    context = recovered(entries, range(len(entries)))
    shown = [entry for entry in entries[context.start :] if not isinstance(entry, SummaryEntry)]
    standing = [] if context.summary is None else [entries[context.summary]]
    return sum(map(_tokens, [*standing, *shown]))


def _tokens(entry: Entry) -> int:
    if isinstance(entry, DeletionEntry):
        return 0
    calls = entry.calls if isinstance(entry, AssistantEntry) else ()
    return OVERHEAD + of_text(entry.content) + sum(of_text(call.arguments) for call in calls)


def owned(entries: Sequence[Entry], session_id: SessionId) -> tuple[Entry, ...]:
    """The entries with every file that went out as one of this session's.

    Else a document could name, and the agent hand out, what is kept with somebody else's session.
    """
    return tuple(
        replace(entry, files=tuple(replace(file, session=session_id) for file in entry.files))
        if isinstance(entry, AssistantEntry) and entry.files
        else entry
        for entry in entries
    )
