"""What a store must do. `files` is the embedded default, `memory` the reference.

Two protocols, because they are durable in different ways. `Sessions` holds what was said and is
the truth about it; `Ledger` holds what is to be done (inbox, outbox), who may talk, and an index
that can be rebuilt. The order at a commit is: history durable, then one ledger transaction.

"Durable" means on disk before the call returns, so that neither a killed process nor a power cut
loses it. One suite (`tests/contracts`) runs over every implementation.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from state.history import Entry
from state.index import ShowsSessions
from state.keys import Address, SessionId, SessionKey
from state.lately import KnowsWhatCame
from state.linking import Links
from state.links import Change
from state.messages import (
    Accepted,
    Begun,
    Correction,
    Deletion,
    InboundMessage,
    Malformed,
    Outcome,
    OwedPart,
    Part,
    Receipt,
)
from state.notes import Notes
from state.people import RemembersDealings, RemembersWords
from state.records import (
    Admission,
    Counts,
    History,
    Loaded,
    PairingRequest,
    Repaired,
    Role,
    SessionRow,
    Taken,
)
from state.session import Session
from state.spending import Per, Spending, Spent
from state.store_errors import (
    FileTooLarge,
    NewerFormat,
    NotFound,
    StateLocked,
    StorageFailed,
    StorageFull,
    StoreError,
)

__all__ = [
    "Admission",
    "Counts",
    "FileTooLarge",
    "History",
    "Ledger",
    "Loaded",
    "NewerFormat",
    "NotFound",
    "PairingRequest",
    "Repaired",
    "Role",
    "SessionRow",
    "Sessions",
    "StateLocked",
    "StorageFailed",
    "StorageFull",
    "StoreError",
    "Taken",
]


class Sessions(RemembersWords, Protocol):
    """Histories and metadata, one session independent of the other."""

    async def load(self, session_id: SessionId) -> Loaded | None:
        """The session, or None. Damage is repaired or set aside here, and reported."""

    async def create(self, session: Session) -> None:
        """Make an empty session, durably. An existing one is left as it is."""

    async def append(self, session: Session, entries: Sequence[Entry], /) -> tuple[int, ...]:
        """Append a batch durably and keep `session` as the newest facts; a new one is made.

        Returns the entries' positions. Facts that the history implies may reach the disk later
        than the entries. Raises `InvalidHistory` before anything is written; `StorageFull` or
        `StorageFailed` when nothing was kept.
        """

    async def save(self, session: Session) -> None:
        """Replace the facts durably (settings, title, phase, keys)."""

    async def touch(self, session: Session) -> None:
        """Replace the facts soon: for what may be derived again after a crash."""

    async def clear(self, session: Session, *, erase: bool = False) -> str | None:
        """Begin the history anew and replace the facts with `session`, durably.

        The old words move to ``archive/`` (the name is returned). With `erase` nothing is left of
        all that was ever said and kept in the session, also where it was deleted before.
        """

    async def bring_in(self, session: Session, entries: Sequence[Entry]) -> str | None:
        """Begin the history anew with all of these entries, durably, or with none of them.

        A session that is not there is made; of one that is, the old words move to ``archive/``
        (the name is returned). Where the context begins, the summaries among the entries say.
        Raises `InvalidHistory` before anything is written; `StorageFull` or `StorageFailed`.
        """

    async def archive(self, session: Session) -> None:
        """Pack the history away and keep `session` as the facts, durably. Again is no error.

        What is opened later, to be read or written to, is unpacked by that.
        """

    async def restore(self, session: Session) -> None:
        """Unpack the history and keep `session` as the facts, durably. Again is no error."""

    async def move(self, session: Session, agent: str) -> Session:
        """Let a session be another agent's from now on, with all that is kept with it, durably.

        Returns its facts as they are then; `session` is the newest but for the agent, which nothing
        else changes. Raises `NotFound` where there is no such session, and for what cannot be an
        agent's name; `StoreError` where something is in the way.
        """

    async def delete(self, session_id: SessionId, *, kept_at: datetime | None = None) -> str | None:
        """Remove the session with everything in its folder. A missing one is no error.

        With `kept_at`, the time of it, all is kept among the deleted sessions (where is returned)
        until `empty_deleted`; otherwise nothing is left.
        """

    async def empty_deleted(self, before: datetime) -> int:
        """Remove for good what was deleted before then; returns how many sessions that were."""

    async def entries(self, session_id: SessionId) -> tuple[Entry, ...]:
        """Every entry of the current history, from the first. Raises `NotFound`."""

    async def repair(self, session_id: SessionId) -> Repaired | None:
        """Read everything, and mend what does not read, as `load` does with what it needs.

        The facts are on the disk and true of the history when it returns. None when there is no
        session.
        """

    async def erase(
        self, session_id: SessionId, messages: Collection[str], *, chat: Address | None = None
    ) -> int:
        """Take the words of these messages (platform ids) out of the current history, durably.

        With `chat`, only of those that were said there, in whatever thread: two chats that lead
        to one session may know different messages by one id.

        Their entries stay, without content, quotes and attachments, and so do corrections of
        them; the kept files go. A summary that stands for one of them loses its words, too: a
        context that it stood in front of is again as it was before it. Returns how many entries
        lost words. Positions of entries may change: load the session anew. A missing session is
        no error.
        """

    # Files --------------------------------------------------------------------------------------

    async def keep_file(
        self, session_id: SessionId, name: str, chunks: AsyncIterator[bytes], *, most: int
    ) -> int:
        """Keep a file with a session, durably; returns its size in bytes.

        `name` is the gateway's own (``[a-z0-9.-]{1,64}``). It is there whole or not at all. The
        session need not exist yet, and does not begin to by this. Raises `FileTooLarge` beyond
        `most` bytes, as soon as that is known, ValueError for another name, and whatever `chunks`
        raises. To close `chunks` is the caller's.
        """

    async def read_file(self, session_id: SessionId, name: str) -> bytes:
        """The content of a kept file. Raises `NotFound`."""

    async def ids(self) -> tuple[SessionId, ...]:
        """All sessions on disk, sorted; reads no file's content."""

    async def close(self) -> None:
        """Write what `touch` and `append` left for later, and let go of every file."""


class Ledger(RemembersDealings, ShowsSessions, KnowsWhatCame, Protocol):
    """Inbox, outbox, people, cursors and the index. Every write is durable on return.

    Raises `StorageFull` or `StorageFailed` when a write was not kept.
    """

    @property
    def links(self) -> Links:
        """Who is whom."""

    @property
    def notes(self) -> Notes:
        """What is remembered of people."""

    # Inbox ------------------------------------------------------------------------------------

    async def accept(
        self,
        message: InboundMessage | Correction | Deletion,
        *,
        key: SessionKey,
        session: SessionId,
        entry: str,
        at: datetime,
        base: SessionId | None = None,
        change: Change | None = None,
    ) -> Accepted | None:
        """Take a message over. None when its `(account, source)` was taken before.

        With it, and never without it, goes a `change` of who is whom. Raises `NotFound`, and takes
        nothing over, where that cannot be made.

        One with a `base` is a switch: with it, and never without it, the chat of `key` goes on in
        `session`. Where that is `base`, the chat is back where it leads to by itself.
        """

    async def decline(
        self,
        message: InboundMessage | Correction,
        *,
        reason: str,
        parts: Sequence[Part] = (),
        at: datetime,
    ) -> tuple[OwedPart, ...] | None:
        """Record a message that will not be run, and owe the answer that says so.

        None when it was taken before.
        """

    async def taken(self, account: str, source: str) -> Taken | None:
        """What became of the message that came under this source. None when it was declined,
        was never taken over, or is forgotten (`prune`)."""

    async def show(self, seq: int, messages: Sequence[str]) -> None:
        """The answer of an open row is being shown in these live messages (all of them so far).

        After a crash `pending` tells them as `Accepted.shown`.
        """

    async def begin_call(self, seq: int, call: Begun) -> None:
        """A tool's call for an open row begins now: what becomes of it a crash leaves unknown.

        After one `pending` tells them as `Accepted.begun`. The same id again is the same call.
        """

    async def set_aside(self, update: Malformed) -> None:
        """Keep an update that could not be understood; again is no error."""

    async def pending(self) -> tuple[Accepted, ...]:
        """Accepted and not finished, in order, marked `recovered`."""

    async def finish(
        self,
        seq: int,
        *,
        outcome: Outcome,
        parts: Sequence[tuple[Address, Part]],
        at: datetime,
        session: Session | None = None,
        detail: str | None = None,
        begin: bool = False,
        also: Sequence[int] = (),
        spent: Spending | None = None,
    ) -> tuple[OwedPart, ...]:
        """Close an inbox row, owe its parts, index the session and note what was spent, in one
        transaction.

        `also` are rows that were answered together with it: they are closed alike and owe nothing
        of their own.

        With `begin`, the first part begins to be sent in the same transaction, which saves one
        where nothing waits before it (`begin_sending` is then not called for it).

        The row's words are dropped (the history has them); what identifies it is kept, so that a
        redelivery is still recognised. Finishing twice returns the parts owed the first time, and
        spends nothing.
        """

    async def unfinished(self, session: SessionId, *, before: int | None = None) -> bool:
        """Whether a message of the session has no outcome, or a part owed for one is not sent.

        With `before`, only messages count that were accepted before this one.
        """

    # Outbox -----------------------------------------------------------------------------------

    async def owed(self) -> tuple[OwedPart, ...]:
        """Parts not sent and not failed, oldest first. What was `sending` becomes `unknown`."""

    async def begin_sending(self, part: int) -> None:
        """The part goes out now: from here on a crash leaves it unknown."""

    async def sent(self, part: int, receipt: Receipt, *, then: int | None = None) -> None:
        """The platform took the part; in the same transaction, `then` begins to be sent."""

    async def unknown(self, part: int) -> None:
        """The attempt ended without word whether the platform took the part."""

    async def unsent(self, part: int) -> None:
        """The attempt was refused for now (a flood wait); the part is owed again."""

    async def failed(self, part: int, reason: str) -> None:
        """The part cannot be sent, ever; its words are dropped."""

    async def announce(
        self, name: str, address: Address, parts: Sequence[Part], *, at: datetime
    ) -> tuple[OwedPart, ...]:
        """Owe what answers no message. It has a name on its account, like a message's `source`:
        what was announced under that before is not owed again."""

    # Spending ---------------------------------------------------------------------------------

    async def spend(self, spent: Spending) -> None:
        """Note what was spent on something else than a message's answer."""

    async def spent(self, per: Per, first: date, last: date = date.max) -> Mapping[str, Spent]:
        """What was spent from one day to another, by its name (`spending.totals`)."""

    # Cursors and aliases ----------------------------------------------------------------------

    async def cursor(self, name: str) -> str | None:
        """A position in a platform's stream, by account and bot id."""

    async def set_cursor(self, name: str, value: str) -> None:
        """Remember a position. What it confirms must be stored before."""

    async def aliases(self) -> dict[str, SessionId]:
        """Keys (as written) that lead to another session than the one they would make."""

    async def set_alias(self, key: SessionKey, session: SessionId) -> None:
        """Let a key lead to a session (a group that became a supergroup)."""

    async def chosen(self) -> dict[str, SessionId]:
        """Keys (as written) whose chats go on in a side session, which somebody chose there."""

    async def choose(self, key: SessionKey, session: SessionId | None) -> None:
        """Let a chat go on in another session; None: in the one it leads to by itself."""

    async def family(self, base: SessionId) -> tuple[SessionRow, ...]:
        """A session with its side sessions: itself first, then the most lately active first."""

    # People -----------------------------------------------------------------------------------

    async def request_pairing(self, request: PairingRequest, *, most: int) -> PairingRequest | None:
        """Remember a stranger's request, or return the live one they already have.

        None when the account has `most` live requests. Requests that expired by
        `request.created_at` are dropped first.
        """

    async def notified(self, code: str, at: datetime) -> None:
        """The stranger was told their code."""

    async def pairings(self, now: datetime) -> tuple[PairingRequest, ...]:
        """The live requests, oldest first."""

    async def approve(
        self, code: str, *, role: Role, at: datetime
    ) -> tuple[PairingRequest, Admission]:
        """Let someone in and use up the code. Raises `NotFound` (unknown, used or expired)."""

    async def deny(self, code: str) -> PairingRequest:
        """Drop a request. Raises `NotFound`."""

    async def revoke(self, account: str, user: str) -> Admission:
        """Take an admission back. Raises `NotFound`."""

    async def admissions(self) -> tuple[Admission, ...]:
        """Everybody who was let in by hand."""

    # Figures ----------------------------------------------------------------------------------

    async def counts(self) -> Counts:
        """Figures for `argent status`."""

    async def prune(self, before: datetime) -> int:
        """Drop closed inbox rows, sent parts and set-aside updates older than that."""

    async def beat(self, at: datetime) -> None:
        """Prove that writes are taken: by one, or by another of the last seconds."""

    async def empty_log(self) -> bool:
        """Leave no byte of what was dropped in the files, as far as nobody reads what was before:
        whether there is none. It waits for nobody."""

    async def close(self) -> None:
        """Finish what was asked for and close the database."""
