"""Whatever happens to sessions, and to the clocks: nothing said is lost, and nothing ends early.

What is not kept goes with the end of its conversation, and not before.
"""

import asyncio
import errno
import shutil
import tempfile
from abc import abstractmethod
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agents.config import SessionSettings
from gateway.batch import Batch
from gateway.clock import Clock
from gateway.ending import Ending
from gateway.housekeeping import Housekeeping, Terms
from gateway.janitor import Janitor
from gateway.lanes import Lanes
from gateway.life import Life
from gateway.lived import TOLERANCE, Lived, Moment, Seen
from gateway.open_sessions import OpenSessions
from gateway.stop import Stop
from gateway.watching import Watch
from state.choices import Persistence
from state.files import State, open_state
from state.history import Entry
from state.keys import SessionId
from state.lifecycle import TRANSITIONS, Event, Phase
from state.memory import MemoryLedger, MemorySessions
from state.quiet import Due, Spans
from state.session import Session
from state.store import Ledger, Sessions
from tests.contracts.examples import session, turn
from tests.faults.failing import FailingDisk

NOON = datetime(2026, 1, 30, 12, tzinfo=UTC)
HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
SPANS = {"main": Spans(HOUR, 30 * DAY, 90 * DAY), "coder": Spans(6 * HOUR, 3 * DAY, 9 * DAY)}
AGENTS = {"1": "main", "2": "main", "3": "coder", "4": "coder"}
CHATS = st.sampled_from(sorted(AGENTS))
PASSING = st.sampled_from([timedelta(seconds=1), HOUR, 6 * HOUR, DAY, 6 * DAY, 31 * DAY])
JUMPS = st.sampled_from([2 * HOUR, DAY, 40 * DAY, YEAR, -2 * HOUR, -DAY, -YEAR])


class _Clocks(Clock):
    def __init__(self) -> None:
        self.wall, self.lived = NOON, timedelta(0)

    def now(self) -> datetime:
        return self.wall

    def steady(self) -> float:
        return self.lived.total_seconds()

    def moment(self) -> Moment:
        return Moment(self.wall, self.steady())

    def passes(self, span: timedelta) -> None:
        self.wall += span
        self.lived += span


@given(
    st.lists(st.tuples(PASSING, st.none() | JUMPS, PASSING), max_size=12),
    st.sampled_from([HOUR, 30 * DAY, 90 * DAY]),
)
def test_nothing_seems_older_than_it_is_whatever_the_clock_does(
    told: list[tuple[timedelta, timedelta | None, timedelta]], span: timedelta
) -> None:
    clocks = _Clocks()
    lived, stamps = Lived(clocks.moment()), [(clocks.wall, clocks.lived)]
    for before, jump, after in told:
        clocks.passes(before)
        stamps.append((clocks.wall, clocks.lived))
        clocks.wall += jump or timedelta(0)
        stamps.append((clocks.wall, clocks.lived))
        clocks.passes(after)
        lived = lived.on(clocks.moment())
        stamps.append((clocks.wall, clocks.lived))
        limit = lived.ago(span)
        for wall, then in stamps:
            assert wall >= limit or clocks.lived - then >= span


@given(st.lists(PASSING, max_size=12), st.sampled_from([HOUR, 30 * DAY]))
def test_a_clock_that_does_not_jump_is_taken_at_its_word(
    told: list[timedelta], span: timedelta
) -> None:
    clocks = _Clocks()
    lived = Lived(clocks.moment())
    for passing in told:
        clocks.passes(passing)
        clocks.wall += TOLERANCE
        lived = lived.on(clocks.moment())
        assert lived.ago(span) == clocks.wall - span


@given(st.lists(st.timedeltas(-3 * DAY, 20 * DAY), max_size=30))
def test_a_clock_is_believed_again_after_a_day_without_surprises(gaps: list[timedelta]) -> None:
    now, seen = NOON, Seen.first(NOON)
    for gap in gaps:
        now += gap
        seen = seen.on(now)
        assert seen.at == now
        assert seen.doubted is None or now - seen.doubted < DAY
    for _ in range(24):
        now += HOUR
        seen = seen.on(now)
    assert seen.doubted is None


@dataclass
class _Known:
    """What a session must be: what was said in it, and when, as time was lived."""

    said: list[str]
    last: timedelta
    spans: Spans
    persistence: Persistence = Persistence.ALWAYS
    asked: bool = False

    def needs(self, due: Due) -> timedelta:
        """The quiet before this is due."""
        span = self.spans.of(due)
        assert span is not None
        return span


class _Life(RuleBasedStateMachine):
    """Sessions through messages, quiet, the operator's hands, crashes, and clocks that jump."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clocks, self.known, self.turns = _Clocks(), dict[SessionId, _Known](), 0
        self.jumped = self.forgotten = timedelta(0)
        self.leapt = False
        self._run(self._open())

    def _run(self, doing: Awaitable[Any]) -> Any:
        async def do() -> Any:
            return await doing

        return self.runner.run(do())

    async def _open(self) -> None:
        """A process begins. What it does not know of is how the clock jumped before."""
        self.sessions, self.ledger = await self.begin()
        opened = OpenSessions(self.sessions)
        ending = Ending(self.sessions, self.ledger, opened, self.clocks, _kept)
        self.life = Life(
            self.sessions, self.ledger, opened, self.clocks, ending=ending, ask=self._asks
        )
        agents = {agent: Terms(spans) for agent, spans in SPANS.items()}
        rules = Housekeeping(Terms(SPANS["main"]), 30 * DAY, {"coder": agents["coder"]})
        lanes = Lanes(_nothing)
        watch = Watch(self.ledger, self.clocks)
        await watch.look()
        self.janitor = Janitor(
            self.sessions, self.ledger, lanes, self.life, self.clocks, lambda: rules, watch=watch
        )
        self.forgotten = self.jumped

    @abstractmethod
    async def begin(self) -> tuple[Sessions, Ledger]:
        """The stores as a process finds them that begins now."""

    async def _asks(self, asked: Session, lately: Sequence[Entry]) -> None:
        known = self.known[asked.id]
        assert known.persistence is Persistence.ASK
        assert not known.asked, "it was asked twice"
        assert [entry.id for entry in lately] == known.said
        known.asked = True

    # What happens -----------------------------------------------------------------------------

    @rule(chat=CHATS)
    def message(self, chat: str) -> None:
        self._run(self._message(chat))

    async def _message(self, chat: str) -> None:
        self.turns += 1
        now = self.clocks.wall
        entries: list[Entry] = [replace(entry, at=now) for entry in turn(self.turns)]
        loaded = await self.sessions.load(session(chat).id)
        fresh = replace(session(chat, at=now), agent=AGENTS[chat])
        facts = fresh if loaded is None else loaded.session
        facts = replace(facts.after(Event.MESSAGE, now).with_entries(entries), updated_at=now)
        await self.sessions.append(facts, entries)
        await self.ledger.index(facts)
        known = self.known.setdefault(facts.id, _Known([], self.clocks.lived, SPANS[AGENTS[chat]]))
        known.said += [entry.id for entry in entries]
        known.last, known.asked = self.clocks.lived, False

    @rule(chat=CHATS, persistence=st.sampled_from(Persistence))
    @precondition(lambda self: self.known)
    def choose(self, chat: str, persistence: Persistence) -> None:
        if known := self.known.get(session(chat).id):
            self._run(self._choose(session(chat).id, persistence))
            known.persistence = persistence

    async def _choose(self, session_id: SessionId, persistence: Persistence) -> None:
        loaded = await self.sessions.load(session_id)
        assert loaded is not None
        choices = replace(loaded.session.choices, persistence=persistence)
        await self.life.change(replace(loaded.session, choices=choices))

    @rule(span=PASSING)
    def passes(self, span: timedelta) -> None:
        self.clocks.passes(span)
        self.leapt = self.leapt or span > 7 * DAY
        self._run(self._round())

    @rule(by=JUMPS)
    def jumps(self, by: timedelta) -> None:
        self.clocks.wall += by
        self.jumped += abs(by)
        self._run(self._round())

    async def _round(self) -> None:
        before = {row.id: row for row in await self.ledger.listing()}
        assert await self.janitor.round() <= HOUR.total_seconds()
        after = {row.id: row.phase for row in await self.ledger.listing()}
        for session_id, known in list(self.known.items()):
            # What a process does not know of can mislead it by no more than that.
            quiet = self.clocks.lived - known.last + self.forgotten
            loaded = await self.sessions.load(session_id)
            if loaded is None:
                assert quiet >= known.needs(Due.ERASE), "it was deleted too early"
                del self.known[session_id]
                continue
            facts = loaded.session
            if known.persistence is Persistence.NEVER and facts.messages == 0:
                assert quiet >= known.needs(Due.IDLE) or not known.said, "it ended too early"
                known.said = []
            if facts.phase is Phase.ARCHIVED is not before[session_id].phase:
                assert quiet >= known.needs(Due.ARCHIVE), "it was archived too early"
            if after[session_id] is Phase.ACTIVE and not (self.jumped or self.leapt):
                assert quiet <= known.needs(Due.IDLE), "it did not end"

    @rule(chat=CHATS)
    @precondition(lambda self: self.known)
    def archive(self, chat: str) -> None:
        if session(chat).id in self.known:
            done = self._run(self.life.archive(session(chat).id, reason="asked"))
            assert done.phase is Phase.ARCHIVED
            self._ends(session(chat).id)

    def _ends(self, session_id: SessionId) -> None:
        if self.known[session_id].persistence is Persistence.NEVER:
            self.known[session_id].said = []

    @rule(chat=CHATS)
    @precondition(lambda self: self.known)
    def unarchive(self, chat: str) -> None:
        if known := self.known.get(session(chat).id):
            done = self._run(self.life.restore(session(chat).id, reason="asked"))
            assert done.phase is not Phase.ARCHIVED
            if done.updated_at == self.clocks.wall:
                known.last = self.clocks.lived

    @rule(chat=CHATS)
    @precondition(lambda self: self.known)
    def compact(self, chat: str) -> None:
        if session(chat).id in self.known:
            self._run(self._compact(session(chat).id))

    async def _compact(self, session_id: SessionId) -> None:
        loaded = await self.sessions.load(session_id)
        assert loaded is not None
        kept = self.known[session_id].persistence is Persistence.ALWAYS
        if kept and (loaded.session.phase, Event.COMPACT) in TRANSITIONS:
            facts = loaded.session.after(Event.COMPACT, self.clocks.wall)
            await self.sessions.save(facts)
            await self.ledger.index(facts)

    @rule(chat=CHATS)
    @precondition(lambda self: self.known)
    def clear(self, chat: str) -> None:
        if known := self.known.get(session(chat).id):
            self._run(self._clear(session(chat).id))
            known.said = []

    async def _clear(self, session_id: SessionId) -> None:
        loaded = await self.sessions.load(session_id)
        assert loaded is not None
        await self.life.clear(loaded.session, reason="asked")

    @rule(chat=CHATS, keep=st.booleans())
    def delete(self, chat: str, keep: bool) -> None:
        kept = self._run(self.life.delete(session(chat).id, keep=keep))
        known = self.known.pop(session(chat).id, None)
        if known is not None:
            assert (kept is not None) == (keep and known.persistence is not Persistence.NEVER)

    @rule()
    def crash(self) -> None:
        self._run(self._open())

    # What is true -----------------------------------------------------------------------------

    @invariant()
    def everything_said_is_there_and_every_life_is_in_the_table(self) -> None:
        self._run(self._check())

    async def _check(self) -> None:
        assert set(await self.sessions.ids()) == set(self.known)
        assert {row.id for row in await self.ledger.listing()} == set(self.known)
        for session_id, known in self.known.items():
            loaded = await self.sessions.load(session_id)
            assert loaded is not None
            assert loaded.repaired is None
            assert [e.id for e in await self.sessions.entries(session_id)] == known.said
            log = loaded.session.log
            assert log[-1].phase is loaded.session.phase
            for earlier, step in pairwise(log):
                assert TRANSITIONS[earlier.phase, step.event] is step.phase

    def teardown(self) -> None:
        self.runner.close()


def _kept(of: Session) -> SessionSettings:
    return SessionSettings(persistence=of.choices.persistence or Persistence.ALWAYS)


async def _nothing(_batch: Batch, _stop: Stop) -> None:
    return None


class _InMemory(_Life):
    stores: tuple[MemorySessions, MemoryLedger] | None = None

    async def begin(self) -> tuple[Sessions, Ledger]:
        self.stores = self.stores or (MemorySessions(), MemoryLedger())
        return self.stores


class _OnDisk(_Life):
    state: State | None = None

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        super().__init__()

    async def begin(self) -> tuple[Sessions, Ledger]:
        await self._die()
        self.disk = FailingDisk(at=-1, error=errno.EIO)
        self.state = await open_state(self.root, calls=self.disk.calls())
        return self.state.sessions, self.state.ledger

    async def _die(self) -> None:
        """Nothing more reaches the disk, as after a kill."""
        if self.state is not None:
            self.disk.at = self.disk.count + 1
            await self.state.close()

    def teardown(self) -> None:
        self._run(self._die())
        super().teardown()
        shutil.rmtree(self.root)


TestInMemory = _InMemory.TestCase
TestInMemory.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestOnDisk = _OnDisk.TestCase
TestOnDisk.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
