"""Quiet sessions come to rest when they are due, and only then."""

from datetime import datetime, timedelta

import pytest

from gateway.batch import Batch
from gateway.clock import Clock
from gateway.janitor import Janitor
from gateway.lanes import Lanes
from gateway.life import Life
from gateway.open_sessions import OpenSessions
from gateway.stop import Stop
from state.keys import SessionId, SessionKey
from state.lifecycle import Event, Phase
from state.memory import MemoryLedger, MemorySessions
from state.session import Session
from tests.unit.gateway.messages import AT

HOUR = timedelta(hours=1)
LATER = HOUR + timedelta(seconds=1)


class _Wrist(Clock):
    def __init__(self) -> None:
        self.time = AT

    def now(self) -> datetime:
        return self.time


class House:
    """Stores with sessions in them, a clock that a test turns, and the janitor."""

    def __init__(self) -> None:
        self.sessions, self.ledger, self.clock = MemorySessions(), MemoryLedger(), _Wrist()
        self.lanes = Lanes(_nothing)
        opened = OpenSessions(self.sessions)
        life = Life(self.sessions, self.ledger, opened, self.clock)
        self.janitor = Janitor(
            self.ledger, self.lanes, life, self.clock, idle_after=HOUR, keep=timedelta(days=30)
        )

    async def active(self, chat: str) -> SessionId:
        key = SessionKey.parse(f"telegram:{chat}:dm")
        now = self.clock.now()
        session = Session.begin(key, agent="main", at=now).after(Event.MESSAGE, now)
        await self.sessions.create(session)
        await self.ledger.index(session)
        return session.id

    async def phase(self, session_id: SessionId) -> Phase:
        loaded = await self.sessions.load(session_id)
        assert loaded is not None
        (row,) = await self.ledger.find(session_id)
        assert row.phase is loaded.session.phase
        return loaded.session.phase


async def _nothing(_batch: Batch, _stop: Stop) -> None:
    return None


@pytest.fixture
async def house() -> House:
    return House()


async def test_a_session_rests_after_an_hour_of_quiet(house: House) -> None:
    alice = await house.active("1")
    house.clock.time += HOUR - timedelta(seconds=1)
    assert await house.janitor.round() == 1.0
    assert await house.phase(alice) is Phase.ACTIVE
    house.clock.time += timedelta(seconds=2)
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
    house.clock.time += timedelta(minutes=20)
    await house.active("2")
    assert await house.janitor.round() == timedelta(minutes=40).total_seconds()


async def test_a_message_that_came_in_between_keeps_a_session_active(house: House) -> None:
    alice = await house.active("1")
    house.clock.time += LATER
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
    house.clock.time += LATER
    await house.janitor.round()
    assert await house.ledger.find(alice) == ()


async def test_many_sessions_rest_in_one_round(house: House) -> None:
    ids = [await house.active(str(number)) for number in range(250)]
    house.clock.time += LATER
    await house.janitor.round()
    assert {await house.phase(each) for each in ids} == {Phase.IDLE}
