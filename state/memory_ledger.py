"""The reference ledger: the protocol's meaning in dictionaries. For tests."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from state.ids import idempotency_key
from state.keys import Address, SessionId, SessionKey
from state.lately import ANSWERED, Backlog, Waiting
from state.links import Change
from state.memory_people import OPEN, MemoryPeople, Outgoing, Row
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
    PartState,
    Receipt,
)
from state.session import Session
from state.spending import Per, Spending, Spent, totals
from state.store import Counts, NotFound, Taken


class MemoryLedger(MemoryPeople):
    """`store.Ledger` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str], int] = {}
        self._cursors: dict[str, str] = {}
        self._last_seq = 0
        self._last_part = 0

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
        if change is not None and (message.address.channel, message.source) not in self._seen:
            self.links.apply(change)
        seq = self._take(message.address.channel, message.source)
        if seq is None:
            return None
        if base is not None:
            await self.choose(key, None if session == base else session)
        accepted = Accepted(seq=seq, entry=entry, key=key, session=session, at=at, message=message)
        row = self._inbox[seq]
        row.at = at
        row.accepted, row.taken = accepted, Taken(seq, entry, key, session, open=True)
        return accepted

    async def decline(
        self,
        message: InboundMessage | Correction,
        *,
        reason: str,
        parts: Sequence[Part] = (),
        at: datetime,
    ) -> tuple[OwedPart, ...] | None:
        seq = self._take(message.address.channel, message.source)
        if seq is None:
            return None
        return self._close(seq, Outcome.DECLINED, [(message.address, part) for part in parts], at)

    async def taken(self, account: str, source: str) -> Taken | None:
        seq = self._seen.get((account, source))
        return None if seq is None else self._inbox[seq].taken

    async def show(self, seq: int, messages: Sequence[str]) -> None:
        row = self._row(seq)
        if row.accepted is not None:
            row.accepted = replace(row.accepted, shown=tuple(messages))

    async def begin_call(self, seq: int, call: Begun) -> None:
        row = self._row(seq)
        if row.accepted is not None:
            others = tuple(each for each in row.accepted.begun if each.id != call.id)
            row.accepted = replace(row.accepted, begun=(*others, call))

    async def set_aside(self, update: Malformed) -> None:
        self._set_aside.setdefault((update.channel, update.source), update)

    async def pending(self) -> tuple[Accepted, ...]:
        rows = (row.accepted for _, row in sorted(self._inbox.items()))
        return tuple(replace(accepted, recovered=True) for accepted in rows if accepted)

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
        row = self._row(seq)
        if session is not None:
            await self.index(session)
        again = row.outcome is not None
        if spent is not None and not again:
            await self.spend(spent)
        if not again:
            row.detail = detail
        owed = () if again else self._close(seq, outcome, parts, at)
        for other in also:
            if other in self._inbox and self._inbox[other].outcome is None:
                self._close(other, outcome, (), at)
        if again:
            return tuple(o.part for o in self._parts(OPEN) if o.part.seq == seq)
        if begin and owed:
            await self.begin_sending(owed[0].id)
            owed = (self._outgoing(owed[0].id).part, *owed[1:])
        return owed

    async def lately(
        self, since: datetime, *, commands: Sequence[str]
    ) -> tuple[tuple[SessionKey, datetime], ...]:
        rows = (row for row in self._inbox.values() if row.outcome in ANSWERED)
        return tuple(
            (row.taken.key, row.at)
            for row in rows
            if row.taken is not None and row.at is not None and row.at >= since
            if row.outcome is not Outcome.REPLIED or row.detail in (None, *commands)
        )

    async def backlog(self) -> Backlog:
        pending: dict[str, Waiting] = {}
        for row in self._inbox.values():
            if row.outcome is None and row.at is not None:
                _count(pending, row.account, row.at)
        owed: dict[str, Waiting] = {}
        for outgoing in self._parts(OPEN):
            row = self._inbox[outgoing.part.seq]
            if (since := row.closed_at or row.at) is not None:
                unknown = outgoing.part.state is PartState.UNKNOWN
                _count(owed, outgoing.part.address.channel, since, unknown=unknown)
        return Backlog(pending, owed, Counter(row.phase for row in self._index.values()))

    async def unfinished(self, session: SessionId, *, before: int | None = None) -> bool:
        earlier = (seq for seq in self._inbox if before is None or seq < before)
        rows = {seq for seq in earlier if _is_of(self._inbox[seq], session)}
        return any(self._inbox[seq].outcome is None for seq in rows) or any(
            outgoing.part.seq in rows for outgoing in self._parts(OPEN)
        )

    # Outbox -----------------------------------------------------------------------------------

    async def owed(self) -> tuple[OwedPart, ...]:
        for outgoing in self._parts((PartState.SENDING,)):
            outgoing.doubts += 1
            outgoing.part = replace(outgoing.part, state=PartState.UNKNOWN, uncertain=True)
        return tuple(outgoing.part for outgoing in self._parts(OPEN))

    async def begin_sending(self, part: int) -> None:
        outgoing = self._outgoing(part)
        if outgoing.part.state not in OPEN:
            return
        outgoing.part = replace(
            outgoing.part, state=PartState.SENDING, attempts=outgoing.part.attempts + 1
        )

    async def sent(self, part: int, receipt: Receipt, *, then: int | None = None) -> None:
        outgoing = self._outgoing(part)
        if then is not None:
            await self.begin_sending(then)
        outgoing.receipt = outgoing.receipt or receipt
        outgoing.part = replace(outgoing.part, state=PartState.SENT)

    async def unknown(self, part: int) -> None:
        outgoing = self._outgoing(part)
        outgoing.doubts += outgoing.part.state in OPEN
        self._move(part, PartState.UNKNOWN, uncertain=True)

    async def unsent(self, part: int) -> None:
        self._move(part, PartState.OWED)

    async def failed(self, part: int, reason: str) -> None:
        self._move(part, PartState.FAILED)

    async def announce(
        self, name: str, address: Address, parts: Sequence[Part], *, at: datetime
    ) -> tuple[OwedPart, ...]:
        seq = self._take(address.channel, name)
        if seq is None:
            return ()
        return self._close(seq, Outcome.RECORDED, [(address, part) for part in parts], at)

    # Spending ---------------------------------------------------------------------------------

    async def spend(self, spent: Spending) -> None:
        self._spendings.append(spent)

    async def spent(self, per: Per, first: date, last: date = date.max) -> Mapping[str, Spent]:
        return totals((each for each in self._spendings if first <= each.day <= last), per)

    # Cursors ----------------------------------------------------------------------------------

    async def cursor(self, name: str) -> str | None:
        return self._cursors.get(name)

    async def set_cursor(self, name: str, value: str) -> None:
        self._cursors[name] = value

    # Figures ----------------------------------------------------------------------------------

    async def counts(self) -> Counts:
        outcomes: dict[str, int] = {}
        for row in self._inbox.values():
            if row.outcome is not None:
                outcomes[row.outcome] = outcomes.get(row.outcome, 0) + 1
        return Counts(
            pending=sum(row.outcome is None for row in self._inbox.values()),
            owed=len(self._parts(OPEN)),
            sent=len(self._parts((PartState.SENT,))),
            repeated=sum(o.doubts for o in self._outbox.values() if o.part.state is PartState.SENT),
            failed_parts=len(self._parts((PartState.FAILED,))),
            set_aside=len(self._set_aside),
            sessions=len(self._index),
            outcomes=outcomes,
        )

    async def prune(self, before: datetime) -> int:
        busy = {outgoing.part.seq for outgoing in self._parts(OPEN)}
        old = {
            seq
            for seq, row in self._inbox.items()
            if row.closed_at is not None and row.closed_at < before and seq not in busy
        }
        poison = {name for name, update in self._set_aside.items() if update.at < before}
        parts = {i for i, outgoing in self._outbox.items() if outgoing.part.seq in old}
        for seq in old:
            row = self._inbox.pop(seq)
            del self._seen[row.account, row.source]
        for part in parts:
            del self._outbox[part]
        for name in poison:
            del self._set_aside[name]
        return len(old) + len(parts) + len(poison)

    async def beat(self, at: datetime) -> None:
        await self.set_cursor("beat", at.isoformat())

    async def empty_log(self) -> bool:
        return True

    async def close(self) -> None:
        pass

    # ------------------------------------------------------------------------------------------

    def _take(self, account: str, source: str) -> int | None:
        name = account, source
        if name in self._seen:
            return None
        self._last_seq += 1
        self._seen[name] = self._last_seq
        self._inbox[self._last_seq] = Row(*name, accepted=None)
        return self._last_seq

    def _row(self, seq: int) -> Row:
        try:
            return self._inbox[seq]
        except KeyError:
            raise NotFound(f"no message has the number {seq}") from None

    def _close(
        self, seq: int, outcome: Outcome, parts: Sequence[tuple[Address, Part]], at: datetime
    ) -> tuple[OwedPart, ...]:
        row = self._inbox[seq]
        row.accepted, row.outcome, row.closed_at = None, outcome, at
        row.taken = row.taken and replace(row.taken, open=False)
        session = None if row.taken is None else row.taken.session
        owed = []
        for index, (address, part) in enumerate(parts):
            self._last_part += 1
            key = idempotency_key(row.account, row.source, index)
            owed.append(
                OwedPart(self._last_part, seq, index, address, part, key=key, session=session)
            )
            self._outbox[self._last_part] = Outgoing(owed[-1])
        return tuple(owed)

    def _parts(self, states: Iterable[PartState]) -> list[Outgoing]:
        wanted = frozenset(states)
        return [o for _, o in sorted(self._outbox.items()) if o.part.state in wanted]

    def _outgoing(self, part: int) -> Outgoing:
        try:
            return self._outbox[part]
        except KeyError:
            raise NotFound(f"no part has the number {part}") from None

    def _move(self, part: int, state: PartState, *, uncertain: bool = False) -> None:
        outgoing = self._outgoing(part)
        if outgoing.part.state in OPEN:
            uncertain = uncertain or outgoing.part.uncertain
            outgoing.part = replace(outgoing.part, state=state, uncertain=uncertain)


def _is_of(row: Row, session: SessionId) -> bool:
    return row.taken is not None and row.taken.session == session


def _count(
    waiting: dict[str, Waiting], account: str, since: datetime, *, unknown: bool = False
) -> None:
    known = waiting.get(account, Waiting(0, since))
    waiting[account] = Waiting(known.count + 1, min(known.since, since), known.unknown + unknown)
