"""Quiet sessions come to rest when they are due, and only then."""

from datetime import datetime, timedelta

import pytest

from gateway.batch import Batch
from gateway.clock import Clock
from gateway.housekeeping import Housekeeping, Terms
from gateway.janitor import Janitor
from gateway.lanes import Lanes
from gateway.life import Life
from gateway.open_sessions import OpenSessions
from gateway.stop import Stop
from state.keys import SessionId, SessionKey
from state.lifecycle import Event, Phase
from state.memory import MemoryLedger, MemorySessions
from state.quiet import Spans
from state.session import Session
from state.store import Loaded, StorageFailed
from tests.unit.gateway.messages import AT, message

HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
LATER = HOUR + timedelta(seconds=1)
RULES = Housekeeping(Terms(Spans(HOUR, 30 * DAY)), keep=30 * DAY)


class _Wrist(Clock):
    """Two clocks that a test turns."""

    def __init__(self) -> None:
        self.time, self.seconds = AT, 0.0

    def now(self) -> datetime:
        return self.time

    def steady(self) -> float:
        return self.seconds

    def passes(self, span: timedelta) -> None:
        """Time passes."""
        self.time += span
        self.seconds += span.total_seconds()

    def jumps(self, span: timedelta) -> None:
        """Somebody sets the wall clock."""
        self.time += span


class _Shelf(MemorySessions):
    """Sessions of which some cannot be read."""

    def __init__(self) -> None:
        super().__init__()
        self.unreadable: set[SessionId] = set()
        self.tries: list[SessionId] = []
        self.emptied = 0

    async def load(self, session_id: SessionId) -> Loaded | None:
        self.tries.append(session_id)
        if session_id in self.unreadable:
            raise StorageFailed("the disk does not read")
        return await super().load(session_id)

    async def empty_deleted(self, before: datetime) -> int:
        gone = await super().empty_deleted(before)
        self.emptied += gone
        return gone


class House:
    """Stores with sessions in them, clocks that a test turns, and the janitor."""

    def __init__(self, rules: Housekeeping = RULES) -> None:
        self.sessions, self.ledger, self.clock = _Shelf(), MemoryLedger(), _Wrist()
        self.lanes = Lanes(_nothing)
        self.open(rules)

    def open(self, rules: Housekeeping) -> None:
        """A process begins, with what the one before it left."""
        life = Life(self.sessions, self.ledger, OpenSessions(self.sessions), self.clock)
        self.janitor = Janitor(
            self.sessions, self.ledger, self.lanes, life, self.clock, lambda: rules
        )

    async def active(self, chat: str, agent: str = "main") -> SessionId:
        key = SessionKey.parse(f"telegram:{chat}:dm")
        now = self.clock.now()
        session = Session.begin(key, agent=agent, at=now).after(Event.MESSAGE, now)
        await self.sessions.create(session)
        await self.ledger.index(session)
        return session.id

    async def lives(self, span: timedelta) -> None:
        """Time passes, and the janitor works all the while."""
        left = span
        while left > timedelta(0):
            delay = min(max(await self.janitor.round(), 1.0), 3600.0)
            step = min(left, timedelta(seconds=delay))
            self.clock.passes(step)
            left -= step
        await self.janitor.round()

    async def phase(self, session_id: SessionId) -> Phase | None:
        loaded = await MemorySessions.load(self.sessions, session_id)
        found = await self.ledger.find(session_id)
        assert [row.phase for row in found] == ([loaded.session.phase] if loaded else [])
        return loaded.session.phase if loaded else None


async def _nothing(_batch: Batch, _stop: Stop) -> None:
    return None


@pytest.fixture
async def house() -> House:
    return House()


async def test_a_session_rests_after_an_hour_of_quiet(house: House) -> None:
    alice = await house.active("1")
    house.clock.passes(HOUR - timedelta(seconds=1))
    assert await house.janitor.round() == 1.0
    assert await house.phase(alice) is Phase.ACTIVE
    house.clock.passes(timedelta(seconds=2))
    await house.janitor.round()
    assert await house.phase(alice) is Phase.IDLE
    loaded = await house.sessions.load(alice)
    assert loaded is not None
    assert [(step.event, step.phase) for step in loaded.session.log] == [
        (Event.MESSAGE, Phase.ACTIVE),
        (Event.QUIET, Phase.IDLE),
    ]


async def test_the_janitor_sleeps_until_the_next_one_is_due(house: House) -> None:
    assert await house.janitor.round() == HOUR.total_seconds()
    await house.active("1")
    house.clock.passes(timedelta(minutes=20))
    await house.active("2")
    assert await house.janitor.round() == timedelta(minutes=40).total_seconds()


async def test_a_message_that_came_in_between_keeps_a_session_active(house: House) -> None:
    alice = await house.active("1")
    house.clock.passes(LATER)
    loaded = await house.sessions.load(alice)
    assert loaded is not None
    # The index is behind the session, as it is between a history's append and its commit.
    await house.sessions.save(
        Session.begin(loaded.session.key, agent="main", at=house.clock.now()).after(
            Event.MESSAGE, house.clock.now()
        )
    )
    await house.janitor.round()
    assert await house.phase(alice) is Phase.ACTIVE


async def test_a_session_that_is_gone_leaves_the_index(house: House) -> None:
    alice = await house.active("1")
    await house.sessions.delete(alice)
    house.clock.passes(LATER)
    await house.janitor.round()
    assert await house.ledger.find(alice) == ()


async def test_many_sessions_rest_in_one_round(house: House) -> None:
    ids = [await house.active(str(number)) for number in range(250)]
    house.clock.passes(LATER)
    await house.janitor.round()
    assert {await house.phase(each) for each in ids} == {Phase.IDLE}


# Archive and retention ----------------------------------------------------------------------------


async def test_a_session_is_archived_after_its_quiet_and_its_log_says_why(house: House) -> None:
    alice = await house.active("1")
    await house.lives(30 * DAY - HOUR)
    assert await house.phase(alice) is Phase.IDLE
    await house.lives(2 * HOUR)
    assert await house.phase(alice) is Phase.ARCHIVED
    loaded = await house.sessions.load(alice)
    assert loaded is not None
    last = loaded.session.log[-1]
    assert (last.event, last.reason) == (Event.ARCHIVE, "quiet for 30 days, 0:00:00")


async def test_what_was_quiet_for_longer_than_the_retention_is_erased() -> None:
    house = House(Housekeeping(Terms(Spans(HOUR, None, 90 * DAY)), keep=30 * DAY))
    await house.active("1")
    await house.lives(60 * DAY)
    bob = await house.active("2")
    await house.lives(31 * DAY)
    assert await house.sessions.ids() == (bob,)
    assert await house.sessions.empty_deleted(house.clock.now()) == 0


async def test_a_session_with_an_unanswered_message_is_never_erased() -> None:
    house = House(Housekeeping(Terms(Spans(HOUR, None, 90 * DAY)), keep=30 * DAY))
    alice = await house.active("1")
    key = SessionKey.parse("telegram:1:dm")
    await house.lives(2 * DAY)
    accepted = await house.ledger.accept(
        message(), key=key, session=alice, entry="e", at=house.clock.now()
    )
    assert accepted is not None
    await house.lives(100 * DAY)
    assert await house.phase(alice) is Phase.IDLE
    await house.ledger.finish(accepted.seq, outcome="declined", parts=(), at=house.clock.now())
    await house.lives(2 * DAY)
    assert await house.phase(alice) is None


async def test_the_longest_quiet_sessions_make_room_and_active_ones_never_do() -> None:
    house = House(Housekeeping(Terms(Spans(HOUR), 2), keep=30 * DAY))
    ids = []
    for number in range(4):
        ids.append(await house.active(str(number)))
        house.clock.passes(timedelta(seconds=1))
    await house.janitor.round()
    assert len(await house.sessions.ids()) == 4
    await house.lives(LATER)
    assert await house.sessions.ids() == tuple(sorted(ids[2:]))
    assert await house.sessions.empty_deleted(house.clock.now() + DAY) == 2


async def test_what_was_deleted_is_emptied_after_its_time(house: House) -> None:
    alice = await house.active("1")
    await house.sessions.delete(alice, kept_at=house.clock.now())
    await house.lives(30 * DAY)
    assert house.sessions.emptied == 0
    await house.lives(HOUR)
    assert house.sessions.emptied == 1


async def test_a_clock_in_doubt_empties_nothing(house: House) -> None:
    alice = await house.active("1")
    await house.sessions.delete(alice, kept_at=house.clock.now())
    await house.lives(2 * DAY)
    house.clock.jumps(YEAR)
    house.open(RULES)
    await house.lives(3 * HOUR)
    assert house.sessions.emptied == 0


# A session that fails -----------------------------------------------------------------------------


async def test_a_session_that_cannot_be_read_holds_up_no_other_and_is_tried_again_ever_later(
    house: House,
) -> None:
    alice, bob = await house.active("1"), await house.active("2")
    house.sessions.unreadable.add(alice)
    house.clock.passes(LATER)
    assert await house.janitor.round() == 60.0
    assert await house.phase(bob) is Phase.IDLE
    house.clock.passes(timedelta(seconds=59))
    assert await house.janitor.round() == 1.0
    house.clock.passes(timedelta(seconds=1))
    assert await house.janitor.round() == 120.0
    assert house.sessions.tries.count(alice) == 2
    house.sessions.unreadable.clear()
    house.clock.passes(timedelta(seconds=120))
    await house.janitor.round()
    assert await house.phase(alice) is Phase.IDLE


async def test_sessions_that_all_fail_end_the_round(house: House) -> None:
    ids = [await house.active(str(number)) for number in range(250)]
    house.sessions.unreadable.update(ids)
    house.clock.passes(LATER)
    with pytest.raises(Exception, match="none of 100 sessions"):
        await house.janitor.round()
    assert len(house.sessions.tries) == 100


async def test_a_session_that_is_not_due_any_more_is_not_tried_again(house: House) -> None:
    alice = await house.active("1")
    house.sessions.unreadable.add(alice)
    house.clock.passes(LATER)
    await house.janitor.round()
    house.clock.passes(timedelta(seconds=61))
    await house.ledger.unindex(alice)
    assert await house.janitor.round() == HOUR.total_seconds()


# Clocks that jump ---------------------------------------------------------------------------------


async def test_a_clock_that_jumps_a_year_ahead_makes_nothing_due() -> None:
    house = House(Housekeeping(Terms(Spans(HOUR, 30 * DAY, 90 * DAY)), keep=30 * DAY))
    await house.lives(2 * DAY)
    alice = await house.active("1")
    await house.janitor.round()
    house.clock.jumps(YEAR)
    assert await house.janitor.round() == HOUR.total_seconds()
    assert await house.phase(alice) is Phase.ACTIVE
    await house.lives(HOUR - timedelta(seconds=1))
    assert await house.phase(alice) is Phase.ACTIVE
    await house.lives(timedelta(seconds=1))
    assert await house.phase(alice) is Phase.IDLE
    await house.lives(29 * DAY)
    assert await house.phase(alice) is Phase.IDLE
    await house.lives(DAY)
    assert await house.phase(alice) is Phase.ARCHIVED
    await house.lives(61 * DAY)
    assert await house.phase(alice) is None


async def test_what_is_said_after_a_jump_is_due_as_ever(house: House) -> None:
    await house.lives(2 * DAY)
    house.clock.jumps(YEAR)
    await house.janitor.round()
    alice = await house.active("1")
    await house.lives(LATER)
    assert await house.phase(alice) is Phase.IDLE


async def test_a_clock_that_goes_back_makes_nothing_due_and_the_janitor_goes_on(
    house: House,
) -> None:
    await house.lives(2 * DAY)
    alice = await house.active("1")
    house.clock.jumps(-DAY)
    await house.lives(LATER)
    assert await house.phase(alice) is Phase.ACTIVE
    bob = await house.active("2")
    await house.lives(LATER)
    assert await house.phase(bob) is Phase.IDLE
    await house.lives(DAY)
    assert await house.phase(alice) is Phase.IDLE


async def test_after_a_long_stop_nothing_is_erased_before_the_next_day() -> None:
    rules = Housekeeping(Terms(Spans(HOUR, None, 90 * DAY)), keep=30 * DAY)
    house = House(rules)
    alice = await house.active("1")
    await house.lives(2 * DAY)
    house.clock.passes(YEAR)
    house.open(rules)
    await house.lives(DAY - HOUR)
    assert await house.phase(alice) is Phase.IDLE
    await house.lives(2 * HOUR)
    assert await house.phase(alice) is None


async def test_a_gateway_that_starts_anew_every_few_hours_still_erases() -> None:
    rules = Housekeeping(Terms(Spans(HOUR, None, 9 * DAY)), keep=30 * DAY)
    house = House(rules)
    alice = await house.active("1")
    for _ in range(50):
        await house.lives(5 * HOUR)
        house.clock.seconds = 0.0
        house.open(rules)
    await house.janitor.round()
    assert await house.phase(alice) is None


async def test_a_start_with_a_wrong_clock_erases_nothing_when_it_is_soon_put_right() -> None:
    rules = Housekeeping(Terms(Spans(HOUR, 30 * DAY, 90 * DAY)), keep=30 * DAY)
    house = House(rules)
    alice = await house.active("1")
    await house.lives(2 * DAY)
    house.clock.jumps(20 * YEAR)
    house.open(rules)
    await house.lives(3 * HOUR)
    house.clock.jumps(-20 * YEAR)
    await house.lives(3 * DAY)
    assert await house.phase(alice) is Phase.IDLE


async def test_whoever_wants_to_know_is_told_once_who_went_to_rest(house: House) -> None:
    told: list[SessionId] = []
    life = Life(house.sessions, house.ledger, OpenSessions(house.sessions), house.clock)
    house.janitor = Janitor(
        house.sessions,
        house.ledger,
        house.lanes,
        life,
        house.clock,
        lambda: RULES,
        lambda row: told.append(row.id),
    )
    session = await house.active("1")
    await house.lives(timedelta(hours=3))
    assert told == [session]
