"""The reference ledger's people: who asks, who was let in, all that is one person's. For tests."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from state.keys import SessionId, SessionKey, side_of
from state.links import Link
from state.memory_index import MemoryIndex
from state.memory_links import MemoryLinks
from state.memory_notes import MemoryNotes
from state.messages import Accepted, Deletion, Malformed, Outcome, OwedPart, PartState, Receipt
from state.people import Records
from state.persons import PRIVATE, Identity, Person
from state.records import Admission, PairingRequest, Role, Taken
from state.spending import ERASED, NO_PERSONS, Spending, Spent
from state.store_errors import NotFound, StoreError

OPEN = (PartState.OWED, PartState.SENDING, PartState.UNKNOWN)


@dataclass(slots=True)
class Row:
    """A message in the inbox; its words are dropped when it is closed."""

    account: str
    source: str
    accepted: Accepted | None
    taken: Taken | None = None
    outcome: Outcome | None = None
    closed_at: datetime | None = None
    at: datetime | None = None
    detail: str | None = None


@dataclass(slots=True)
class Outgoing:
    """A part in the outbox; `doubts` are the attempts that ended without word."""

    part: OwedPart
    doubts: int = 0
    receipt: Receipt | None = None


class MemoryPeople(MemoryIndex):
    """What `store.Ledger` knows of people, in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._inbox: dict[int, Row] = {}
        self._outbox: dict[int, Outgoing] = {}
        self._set_aside: dict[tuple[str, str], Malformed] = {}
        self._pairings: dict[str, PairingRequest] = {}
        self._admissions: dict[tuple[str, str], Admission] = {}
        self._spendings: list[Spending] = []
        self.links = MemoryLinks(self._let_in, self._choose_none)
        self.notes = MemoryNotes()

    # People -----------------------------------------------------------------------------------

    async def request_pairing(self, request: PairingRequest, *, most: int) -> PairingRequest | None:
        self._pairings = {
            code: known
            for code, known in self._pairings.items()
            if known.expires_at > request.created_at
        }
        live = [known for known in self._pairings.values() if known.account == request.account]
        for known in live:
            if known.user == request.user:
                return known
        if len(live) >= most:
            return None
        if request.code in self._pairings:
            raise StoreError("this pairing code is in use; make another one")
        self._pairings[request.code] = request
        return request

    async def notified(self, code: str, at: datetime) -> None:
        self._pairings[code] = replace(self._pairing(code), notified_at=at)

    async def pairings(self, now: datetime) -> tuple[PairingRequest, ...]:
        live = (known for known in self._pairings.values() if known.expires_at > now)
        return tuple(sorted(live, key=lambda known: (known.created_at, known.code)))

    async def approve(
        self, code: str, *, role: Role, at: datetime
    ) -> tuple[PairingRequest, Admission]:
        request = self._pairing(code)
        if request.expires_at <= at:
            raise NotFound("this pairing code has expired; ask for a new one")
        del self._pairings[code]
        admission = Admission(request.account, request.user, role, request.name, at)
        self._admissions[request.account, request.user] = admission
        return request, admission

    async def deny(self, code: str) -> PairingRequest:
        request = self._pairing(code)
        del self._pairings[code]
        return request

    async def revoke(self, account: str, user: str) -> Admission:
        try:
            return self._admissions.pop((account, user))
        except KeyError:
            raise NotFound(f"{user} was not let in on {account}") from None

    async def admissions(self) -> tuple[Admission, ...]:
        return tuple(
            sorted(self._admissions.values(), key=lambda known: (known.account, known.user))
        )

    # One person -------------------------------------------------------------------------------

    async def seen(self) -> Mapping[Identity, frozenset[str]]:
        found: dict[Identity, set[str]] = {}
        known: list[Admission | PairingRequest] = [*self._admissions.values()]
        for each in [*known, *self._pairings.values()]:
            found.setdefault(Identity(each.account, each.user), set()).add(each.name)
        for link in await self.links.links():
            found.setdefault(link.identity, set()).add(link.called)
        for accepted in self._waiting():
            if not isinstance(accepted.message, Deletion):
                sender = accepted.message.sender
                identity = Identity(accepted.message.address.channel, sender.id)
                found.setdefault(identity, set()).update((sender.name, sender.username or ""))
        for spending in self._spendings:
            if spending.user not in NO_PERSONS:
                found.setdefault(Identity(spending.account, spending.user), set())
        for row in self._index.values():
            if row.key.type in PRIVATE:
                found.setdefault(Identity(row.key.channel, row.key.chat), set())
        return {each: frozenset(n for n in names if n.strip()) for each, names in found.items()}

    async def records(self, person: Person, *, entries: Collection[str] = ()) -> Records:
        own = _Own(person, frozenset(), frozenset(entries))
        spent: dict[str, Spent] = {}
        for each in self._spendings:
            if Identity(each.account, each.user) in person.identities:
                day = each.day.isoformat()
                spent[day] = spent.get(day, Spent()) + each.spent
        parts = self._parts_of(own)
        return Records(
            admissions=tuple(a for a in self._admissions.values() if own.user(a.account, a.user)),
            pairings=tuple(p for p in self._pairings.values() if own.user(p.account, p.user)),
            waiting=tuple(filter(own.sent, self._waiting())),
            owed=tuple(o.part for o in parts if o.part.state is not PartState.SENT),
            set_aside=tuple(self._aside(own, ())),
            keys={k: s for k, s in self._leading() if own.key(k) or own.session(s)},
            spent=spent,
            links=self._links_of(person),
            notes=self.notes.found(person.identities),
            rows=len(parts) + len(self._ended(own)),
        )

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
        own = _Own(person, frozenset(sessions), frozenset(entries))
        count = {"parts": len(parts := self._parts_of(own))}
        for outgoing in parts:
            sent = outgoing.part.state is PartState.SENT
            state = PartState.SENT if sent else PartState.FAILED
            nowhere = replace(outgoing.part.address, channel="", chat="", thread=None)
            wordless = replace(outgoing.part.part, text="", plain="", file=None, buttons=())
            outgoing.part = replace(outgoing.part, address=nowhere, part=wordless, state=state)
        messages = self._ended(own)
        ends = [each.seq for each in self._waiting() if each.seq in waiting and own.sent(each)]
        messages += [self._inbox[seq] for seq in ends]
        for row in messages:
            if row.outcome is None:
                row.outcome, row.closed_at = Outcome.DECLINED, at
            row.accepted = row.taken = None
        count["messages"] = len(messages)
        for update in (aside := list(self._aside(own, names))):
            del self._set_aside[update.channel, update.source]
        count["set_aside"] = len(aside)
        for kind, keys in (("aliases", self._aliases), ("chosen", self._chosen)):
            gone = [k for k, s in keys.items() if own.key(k) or own.session(s)]
            count[kind] = len(gone)
            for key in gone:
                del keys[key]
        asked = [code for code, p in self._pairings.items() if own.user(p.account, p.user)]
        for code in asked:
            del self._pairings[code]
        let_in = [name for name in self._admissions if own.user(*name)]
        for name in let_in:
            del self._admissions[name]
        count |= {"pairings": len(asked), "admissions": len(let_in)}
        count["notes"] = self.notes.drop_all(person.identities)
        count["spending"] = len(costs := [s for s in self._spendings if own.spent(s)])
        self._spendings = [own.nobodys(s) if s in costs else s for s in self._spendings]
        count |= self.links.forget(person)
        return {kind: number for kind, number in count.items() if number}

    async def leave_nothing(self) -> None:
        pass

    # ------------------------------------------------------------------------------------------

    def _let_in(self, admission: Admission) -> None:
        self._admissions[admission.account, admission.user] = admission

    def _choose_none(self, identity: Identity) -> None:
        for kind in PRIVATE:
            self._chosen.pop(str(SessionKey(identity.account, identity.user, kind)), None)

    def _links_of(self, person: Person) -> tuple[Link, ...]:
        found = (self.links.of(identity) for identity in sorted(person.identities))
        return tuple(link for link in found if link is not None)

    def _waiting(self) -> list[Accepted]:
        return [row.accepted for _, row in sorted(self._inbox.items()) if row.accepted]

    def _leading(self) -> list[tuple[str, SessionId]]:
        return [*self._aliases.items(), *self._chosen.items()]

    def _ended(self, own: "_Own") -> list[Row]:
        rows = (row for row in self._inbox.values() if row.outcome is not None and row.taken)
        return [row for row in rows if row.taken and own.key(str(row.taken.key))]

    def _aside(self, own: "_Own", names: Collection[str]) -> Iterator[Malformed]:
        accounts = {each.account for each in own.person.identities}
        for update in self._set_aside.values():
            named = any(f'"{name}"'.encode() in update.raw for name in names)
            if update.channel in accounts and (named or own.person.is_named_in(update.raw)):
                yield update

    def _parts_of(self, own: "_Own") -> list[Outgoing]:
        taken = {seq: row.taken for seq, row in self._inbox.items() if row.taken}
        theirs = {
            seq for seq, row in taken.items() if own.key(str(row.key)) or row.entry in own.entries
        }
        chats = {(each.account, each.user) for each in own.person.identities}
        chats |= {
            (o.part.address.channel, o.part.address.chat)
            for o in self._outbox.values()
            if (row := taken.get(o.part.seq)) and own.key(str(row.key))
        }
        return [
            outgoing
            for outgoing in self._outbox.values()
            if outgoing.part.seq in theirs
            or (outgoing.part.address.channel, outgoing.part.address.chat) in chats
        ]

    def _pairing(self, code: str) -> PairingRequest:
        try:
            return self._pairings[code]
        except KeyError:
            raise NotFound("no such pairing code; it may have been used or expired") from None


@dataclass(frozen=True, slots=True)
class _Own:
    """What is a person's."""

    person: Person
    sessions: frozenset[SessionId]
    entries: frozenset[str]

    def user(self, account: str, user: str) -> bool:
        return Identity(account, user) in self.person.identities

    def key(self, written: str) -> bool:
        return self.person.chats_in(SessionKey.parse(written))

    def session(self, session: SessionId) -> bool:
        side = side_of(session)
        key = SessionKey.of_session(session if side is None else side[0])
        return session in self.sessions or (key is not None and self.person.chats_in(key))

    def sent(self, accepted: Accepted) -> bool:
        message = accepted.message
        return self.key(str(accepted.key)) or (
            not isinstance(message, Deletion)
            and self.person.is_sender(message.address.channel, message.sender)
        )

    def spent(self, spending: Spending) -> bool:
        return self.user(spending.account, spending.user) or self.session(spending.session)

    def nobodys(self, spending: Spending) -> Spending:
        user = ERASED if self.user(spending.account, spending.user) else spending.user
        session = SessionId(ERASED) if self.session(spending.session) else spending.session
        return replace(spending, user=user, session=session)
