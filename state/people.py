"""What stores do about one person: find everything that is theirs, tell of it, and forget it.

It is part of `store.Sessions` and `store.Ledger`. What is done twice is done once, and what was
cut short is done by doing it again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from state.forgetting import Forgetting
from state.keys import SessionId
from state.links import Link
from state.messages import Accepted, Deletion, Malformed, OwedPart
from state.notes import Note
from state.persons import Identity, Lost, Person, Trace
from state.records import Admission, PairingRequest
from state.spending import Spent


@dataclass(frozen=True, slots=True)
class Records:
    """What the ledger has of somebody.

    `waiting` are their messages without an outcome, and `owed` what was to be said to them and
    still has its words. `rows` is how many ended messages and sent parts name their private chats.
    `keys` are the keys of those that lead elsewhere, `spent` what they cost by the day.
    """

    admissions: tuple[Admission, ...] = ()
    pairings: tuple[PairingRequest, ...] = ()
    links: tuple[Link, ...] = ()
    notes: tuple[Note, ...] = ()
    waiting: tuple[Accepted, ...] = ()
    owed: tuple[OwedPart, ...] = ()
    set_aside: tuple[Malformed, ...] = ()
    keys: Mapping[str, SessionId] = field(default_factory=dict)
    spent: Mapping[str, Spent] = field(default_factory=dict)
    rows: int = 0

    def __bool__(self) -> bool:
        return self != NO_RECORDS

    @property
    def names(self) -> frozenset[str]:
        """What they are called in these."""
        sent = [a.message for a in self.waiting if not isinstance(a.message, Deletion)]
        named = [each.name for each in self.admissions] + [each.name for each in self.pairings]
        named += [each.called for each in self.links]
        named += [m.sender.name for m in sent] + [m.sender.username or "" for m in sent]
        return frozenset(name for name in named if name.strip())


NO_RECORDS = Records()


class RemembersWords(Protocol):
    """What `store.Sessions` does about one person."""

    async def traces(self, person: Person) -> tuple[Trace, ...]:
        """The sessions with words of theirs, also archived ones and deleted ones. It reads much."""

    async def forget(self, session_id: SessionId, forgetting: Forgetting) -> Lost:
        """Take everything that is theirs out of a session that is not theirs alone, durably.

        Their messages and the answers to them alone keep their places, without words, files and
        sender; quotes of theirs go, and summaries as in `erase`. So it is done in the session's
        archive, too. A title that was made of its words goes. Positions of entries may change:
        load the session anew. A missing session is no error.
        """

    async def forget_deleted(self, deleted: str, forgetting: Forgetting, *, alone: bool) -> Lost:
        """The same in a deleted session, by `Trace.deleted`; one that is theirs alone goes."""

    async def leave_nothing(self) -> None:
        """Return when no search index holds anything more of what was erased and deleted."""


class RemembersDealings(Protocol):
    """What `store.Ledger` does about one person."""

    async def seen(self) -> Mapping[Identity, frozenset[str]]:
        """Everybody whom the ledger knows by an id, with what they are called there."""

    async def records(self, person: Person, *, entries: Collection[str] = ()) -> Records:
        """What there is of theirs; `entries` are their messages by the ids of their entries."""

    async def forget(
        self,
        person: Person,
        *,
        sessions: Collection[SessionId] = (),
        entries: Collection[str] = (),
        names: Collection[str] = (),
        at: datetime,
        waiting: Collection[int] = (),
    ) -> Mapping[str, int]:
        """Forget them, durably; how many rows of each kind that were.

        `sessions` are theirs alone, `entries` are as in `records`, and `names` are what they are
        called: an update that was set aside and names them goes. Those of their messages without
        an outcome that are `waiting`, by their numbers, end here. What tells a message's delivery
        from others stays until `prune`, without its key, so that it is not run when it comes
        again; what they cost stays under the name of `spending.ERASED`.
        """

    async def leave_nothing(self) -> None:
        """Return when no byte of what was dropped is left in the ledger's files.

        Raises `StorageFailed` while somebody reads what it was before.
        """
