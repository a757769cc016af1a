"""Erasing everything that is one person's.

What others share with them loses their words and keeps its shape (`state.forgetting`); what is
theirs alone goes. The order lets it be cut short anywhere: a receipt says from the beginning that
somebody is being erased, and whoever asks for it again finishes it. While a gateway runs, each
session is dealt with in its lane: a turn of theirs ends first.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from gateway.admin_live import Live
from gateway.clock import Clock
from gateway.life import Life
from state.codec import time_to_json
from state.files.errors import store_error
from state.forgetting import Forgetting
from state.keys import SessionId
from state.people import Records
from state.persons import NOTHING_LOST, Lost, Person, Trace
from state.store import Ledger, Sessions

T = TypeVar("T")
Json = dict[str, Any]

_ROUNDS = 3
"""Looks for what is left. Somebody may go on writing: what is said meanwhile is not erased."""

REMAINS = (
    (
        "backups that were made before, also those before upgrades in backups/: they hold "
        "everything; remove them, or let them grow old"
    ),
    "what others wrote of them in words of their own, quoted in chats of their own, or forwarded",
    (
        "what was answered to others, and files in the workspaces of sessions that they share, or "
        "that sandbox.workspace puts elsewhere"
    ),
    "the platforms' own copies of all messages: those are deleted there",
    (
        "logs and traces that were written elsewhere (standard error, the journal, a collector): "
        "they hold ids of sessions and messages, and no words"
    ),
    "the numbers of deliveries, so that none is run twice, until gateway.keep_days are over",
    "what they cost, under the name “erased”, so that bills and budgets stay true",
)
"""What nobody can reach from here, as a receipt names it."""


Names = Callable[[bytes], bool]
ForgetsLog = Callable[[Names], int]
"""Takes the lines out of the log files that name somebody; how many. It blocks; raises OSError."""


def no_log(_: Names) -> int:
    """Where none is kept."""
    return 0


class KeepsReceipts(Protocol):
    """Where receipts are; `state.files.receipts.Receipts` is one. It blocks."""

    def unfinished(self, digest: str) -> Path | None:
        """The receipt of an erasure that was cut short."""

    def write(self, document: Json, *, digest: str, at: datetime) -> Path:
        """Write a new one, durably."""

    def replace(self, path: Path, document: Json, *, at: datetime) -> None:
        """Write one anew, durably."""


@dataclass(slots=True)
class Erased:
    """What became of an erasure so far. It names nobody: only sessions that others are in.

    `removed` sessions were theirs alone, and `deleted` of these had been deleted before. `shared`
    are the others, with what each lost; `rows` are the ledger's, by kind.
    """

    digest: str
    begun: datetime
    resumed: bool
    removed: int = 0
    deleted: int = 0
    shared: dict[str, Lost] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)

    def document(self, finished: datetime | None) -> Json:
        """The receipt."""
        return {
            "version": 1,
            "person": self.digest,
            "begun": time_to_json(self.begun),
            "finished": None if finished is None else time_to_json(finished),
            "resumed": self.resumed,
            "sessions": {"removed": self.removed, "deleted_before": self.deleted},
            "shared": [
                {"session": session, **asdict(lost)} for session, lost in self.shared.items()
            ],
            "rows": dict(sorted(self.rows.items())),
            "remains": list(REMAINS),
        }


class PeopleErasing:
    """Erases people, one at a time."""

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        life: Life,
        receipts: KeepsReceipts,
        clock: Clock,
        live: Live | None,
        forget_log: ForgetsLog = no_log,
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._life = life
        self._receipts = receipts
        self._clock = clock
        self._live = live
        self._forget_log = forget_log
        self._one_at_a_time = asyncio.Lock()

    async def erase(self, person: Person) -> tuple[Json, Path] | None:
        """Erase everything that is a person's; the receipt and its place. None: there is nothing.

        Raises `StoreError`, and leaves the rest to the next attempt.
        """
        async with self._one_at_a_time:
            unfinished = await asyncio.to_thread(self._receipts.unfinished, person.digest)
            traces = await self._sessions.traces(person)
            records = await self._ledger.records(person, entries=_entries(traces))
            if not traces and not records and unfinished is None:
                return None
            erased = Erased(person.digest, self._clock.now(), resumed=unfinished is not None)
            path = await self._write(erased, unfinished)
            await self._erase(person, traces, records, erased)
            now = self._clock.now()
            receipt = erased.document(now)
            await asyncio.to_thread(self._receipts.replace, path, receipt, at=now)
            return receipt, path

    async def _write(self, erased: Erased, unfinished: Path | None) -> Path:
        if unfinished is not None:
            return unfinished
        return await asyncio.to_thread(
            self._receipts.write, erased.document(None), digest=erased.digest, at=erased.begun
        )

    async def _erase(
        self, person: Person, traces: tuple[Trace, ...], records: Records, erased: Erased
    ) -> None:
        known = _Known(person, set(records.names))
        known.waiting = {each.seq: each.session for each in records.waiting}
        for _ in range(_ROUNDS):
            known.add(traces)
            # Without a gateway nothing runs that could end them; with one, they end in their lanes.
            await self._forget_rows(known, erased, ended=self._live is None)
            await self._tell_live()
            for session in {*known.waiting.values()} - {trace.session for trace in traces}:
                await self._between_turns(session, _nothing)
            for trace in traces:
                await self._forget_in(trace, known.forgetting, erased)
            await self._forget_rows(known, erased, ended=True)
            traces = await self._sessions.traces(person)
            if not traces:
                break
        await self._tell_live()
        await self._sessions.leave_nothing()
        await self._ledger.leave_nothing()
        # Last, as the log tells of all that was done above.
        if lines := await self._forget_lines(known):
            erased.rows["log_lines"] += lines

    async def _forget_lines(self, known: "_Known") -> int:
        try:
            return await asyncio.to_thread(self._forget_log, known.is_named_in)
        except OSError as error:
            raise store_error(error, "taking lines out of the log") from error

    async def _forget_rows(self, known: "_Known", erased: Erased, *, ended: bool) -> None:
        erased.rows += Counter(
            await self._ledger.forget(
                known.person,
                sessions=known.alone,
                entries=known.entries,
                names=known.names,
                at=self._clock.now(),
                waiting=known.waiting if ended else (),
            )
        )

    async def _forget_in(self, trace: Trace, forgetting: Forgetting, erased: Erased) -> None:
        if trace.deleted is not None:
            lost = await self._sessions.forget_deleted(trace.deleted, forgetting, alone=trace.alone)
            erased.deleted += trace.alone
        elif trace.alone:
            await self._between_turns(trace.session, lambda: self._life.delete(trace.session))
            erased.removed += 1
            lost = NOTHING_LOST
        else:
            act = lambda: self._life.forget(trace.session, forgetting)  # noqa: E731
            lost = await self._between_turns(trace.session, act)
        if lost:
            erased.shared[trace.session] = erased.shared.get(trace.session, NOTHING_LOST) + lost

    async def _between_turns(self, session: SessionId, act: Callable[[], Awaitable[T]]) -> T:
        return await (act() if self._live is None else self._live.in_lane(session, act))

    async def _tell_live(self) -> None:
        if self._live is not None:
            await self._live.admissions_changed()
            await self._live.aliases_changed()


@dataclass(slots=True)
class _Known:
    """What was found of a person: `waiting` are the numbers of their messages that had no outcome
    when it began, each with its session."""

    person: Person
    names: set[str]
    entries: set[str] = field(default_factory=set)
    alone: set[SessionId] = field(default_factory=set)
    waiting: dict[int, SessionId] = field(default_factory=dict)

    def add(self, traces: tuple[Trace, ...]) -> None:
        """Know these, too."""
        self.names |= {name for trace in traces for name in trace.names}
        self.entries |= _entries(traces)
        self.alone |= {trace.session for trace in traces if trace.alone}

    def is_named_in(self, line: bytes) -> bool:
        """Whether a line of the log is about them."""
        return self.person.is_named_in(line) or any(each.encode() in line for each in self.alone)

    @property
    def forgetting(self) -> Forgetting:
        """What to forget in sessions that others share."""
        return Forgetting(self.person, frozenset(self.names))


def _entries(traces: tuple[Trace, ...]) -> frozenset[str]:
    return frozenset(entry for trace in traces for entry in trace.messages)


async def _nothing() -> None:
    """What is done in a lane only to have come behind all that was in it."""
