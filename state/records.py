"""What stores tell: sessions as they were read, people, listings, figures. Frozen values."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from state.history import Entry, SummaryEntry
from state.keys import Address, SessionId, SessionKey
from state.lifecycle import Phase
from state.session import Session


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in the index: what a listing shows."""

    id: SessionId
    key: SessionKey
    agent: str
    phase: Phase
    messages: int
    created_at: datetime
    updated_at: datetime
    title: str | None = None
    person: str | None = None
    context_tokens: int = 0
    context_limit: int = 0
    base: SessionId | None = None
    name: str | None = None

    @classmethod
    def of(cls, session: Session) -> "SessionRow":
        """The row that shows these facts."""
        return cls(
            id=session.id,
            key=session.key,
            agent=session.agent,
            phase=session.phase,
            messages=session.messages,
            created_at=session.created_at,
            updated_at=session.updated_at,
            title=session.title,
            person=session.person,
            context_tokens=session.context.tokens,
            context_limit=session.context.limit,
            base=session.base,
            name=session.name,
        )


def latest_first(row: SessionRow) -> tuple[float, str]:
    """What a listing is sorted by."""
    return -row.updated_at.timestamp(), row.id


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a listing, and how many more come after them."""

    rows: tuple[SessionRow, ...]
    left: int = 0


def leading(rows: Iterable[SessionRow]) -> tuple[SessionRow, ...]:
    """These without the side sessions whose base is among them."""
    every = tuple(rows)
    ids = {row.id for row in every}
    return tuple(row for row in every if row.base not in ids)


class Role(StrEnum):
    """What an admitted person may do."""

    OWNER = "owner"
    GUEST = "guest"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message that was taken over; `open` while it has no outcome."""

    seq: int
    entry: str
    key: SessionKey
    session: SessionId
    open: bool


@dataclass(frozen=True, slots=True)
class PairingRequest:
    """A stranger who asked to be let in. Bound to the account and the immutable user id."""

    code: str
    account: str
    user: str
    name: str
    address: Address
    created_at: datetime
    expires_at: datetime
    notified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """Someone who was let in by hand (owners of the configuration are not stored)."""

    account: str
    user: str
    role: Role
    name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the ledger holds, for `argent status`.

    `repeated` is how often parts may have appeared once more than they should: each attempt that
    ended without word, for the parts that were sent in the end.
    """

    pending: int = 0
    owed: int = 0
    sent: int = 0
    repeated: int = 0
    failed_parts: int = 0
    set_aside: int = 0
    sessions: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """What can be read of a history; `damaged` is its file when that is not all of it."""

    entries: tuple[Entry, ...]
    damaged: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A session as a turn needs it: its facts, and the entries from its context's start.

    `positions[i]` is the store's position of `entries[i]`, for `Context.start`. `summary` is the
    one that stands in front of them, wherever it is (`view.view` makes of both what a model sees).
    `repaired` names what was set aside while loading (a file's name), for a report.
    """

    session: Session
    entries: tuple[Entry, ...] = ()
    positions: tuple[int, ...] = ()
    summary: SummaryEntry | None = None
    repaired: str | None = None


@dataclass(frozen=True, slots=True)
class Repaired:
    """A session after all of it was checked; `aside` names the files that were set aside."""

    session: Session
    aside: tuple[str, ...] = ()
