"""Whatever comes in between, a message is in the session that its chat chose last before it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.channel import Channel
from channels.config import AccountSettings, DmPolicy
from channels.loopback import LoopbackChannel
from gateway.admission import Policy
from gateway.clock import Clock
from gateway.config import Settings
from gateway.current import Current
from gateway.delivery import Delivery
from gateway.doors import Doors
from gateway.entering import Entering
from gateway.feed import Feed
from gateway.ground import Ground
from gateway.intake import Intake
from gateway.lanes import Lanes
from gateway.linking import Linking
from gateway.people import People
from gateway.profiles import Profiles
from gateway.routes import Routes
from gateway.switching import Switching
from gateway.trouble import Trouble
from state.keys import Address, SessionId, SessionKey, SessionType, side_session_id
from state.memory import MemoryLedger, MemorySessions
from state.messages import Accepted, InboundMessage, Sender
from tests.unit.gateway.messages import message

PHONE, LAPTOP = (SessionKey("telegram", user, SessionType.DM) for user in ("1", "2"))
BASE = PHONE.session_id
NAMES = ("tax", "home")
TEXTS = ("hello", *(f"/{verb} {name}" for verb in ("new", "session") for name in NAMES))


class Crash(Exception):
    """The process is gone."""


class SlowLedger(MemoryLedger):
    """Does one thing after the other in a thread of its own, as the real one does.

    `pauses` are how many steps of the loop each takes before it is stored, and before that is
    known.
    """

    def __init__(self, pauses: list[tuple[int, int]]) -> None:
        super().__init__()
        self._pauses = deque(pauses)
        self._work: deque[Callable[[], Awaitable[None]]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self.accepted: list[Accepted] = []

    async def accept(self, *args: Any, **facts: Any) -> Accepted | None:
        accepted: Accepted | None = await self._later(super().accept, *args, **facts)
        return accepted

    async def family(self, base: SessionId) -> Any:
        return await self._later(super().family, base)

    async def taken(self, account: str, source: str) -> Any:
        return await self._later(super().taken, account, source)

    async def index(self, *sessions: Any) -> None:
        await self._later(super().index, *sessions)

    def dies(self) -> None:
        """What was not stored yet never is."""
        self._work.clear()
        if self._worker is not None:
            self._worker.cancel()

    async def _later(self, do: Callable[..., Awaitable[Any]], *args: Any, **facts: Any) -> Any:
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def act() -> None:
            before, after = self._pauses.popleft() if self._pauses else (0, 0)
            await _steps(before)
            result = await do(*args, **facts)
            if isinstance(result, Accepted):
                self.accepted.append(result)
            await _steps(after)
            if not done.done():
                done.set_result(result)

        self._work.append(act)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run())
        return await done

    async def _run(self) -> None:
        while self._work:
            await self._work.popleft()()


async def _steps(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class _Idle:
    """Lanes in which nothing is ever done."""

    def waiting(self, _: str) -> int:
        return 0

    def has(self, accepted: Accepted) -> bool:
        return False

    def submit(self, accepted: Accepted, *, stops: bool = False) -> None:
        pass


class House:
    """The way in of a gateway, which may die and be started again on what was stored."""

    def __init__(self, ledger: SlowLedger) -> None:
        self._ledger = ledger
        self._sessions = MemorySessions()
        self._receiving: list[asyncio.Task[None]] = []
        self.heard: list[str] = []

    async def start(self) -> None:
        self.heard.clear()
        clock, channel = Clock(), LoopbackChannel("telegram")
        channels: Mapping[str, Channel] = {"telegram": channel}
        self.routes = Routes(self._ledger)
        people = People(self._ledger, channels, clock)
        policy = Policy.of(AccountSettings(dm_policy=DmPolicy.OPEN))
        nobody = cast("Delivery", _Silent())
        ground = Ground(
            Current(Settings()),
            self._sessions,
            self._ledger,
            channels,
            Feed(),
            Trouble(_tell_nobody),
            clock,
        )
        linking = Linking(self._ledger, self._sessions, people, clock)
        self._intake = Intake(
            ground,
            doors=Doors(lambda: {"telegram": policy}, people),
            people=people,
            routes=self.routes,
            switching=Switching(self._sessions, self._ledger, Profiles(Current(Settings())), clock),
            entering=Entering(ground, linking, people, self.routes, nobody),
            lanes=cast("Lanes", _Idle()),
            delivery=nobody,
            hear=lambda _: None,
        )
        await self._intake.recover()

    def hears(self, said: InboundMessage) -> None:
        self.heard.append(said.source)
        self._receiving.append(asyncio.create_task(self._intake.receive(said)))

    async def settle(self) -> None:
        await asyncio.gather(*self._receiving)
        self._receiving.clear()

    async def dies(self) -> None:
        self._ledger.dies()
        for task in [*self._receiving, *self._intake._taking]:
            task.cancel()
        await asyncio.gather(*self._receiving, *self._intake._taking, return_exceptions=True)
        self._receiving.clear()


class _Silent:
    def post(self, _: object) -> None:
        pass

    def has(self, _: object) -> bool:
        return False


async def _tell_nobody(_: str) -> None:
    pass


said = st.tuples(st.sampled_from([PHONE, LAPTOP]), st.sampled_from(TEXTS))
event = st.one_of(
    said,
    said,
    said,
    st.builds(lambda n: ("again", n), st.integers(0, 9)),
    st.builds(lambda n: ("wait", n), st.integers(1, 20)),
    st.just(("settle", 0)),
    st.just(("crash", 0)),
)
pause = st.tuples(st.integers(0, 3), st.integers(0, 9))


@settings(max_examples=200, deadline=None)
@given(st.lists(event, max_size=14), st.lists(pause, max_size=40))
def test_each_message_is_where_its_chat_chose_to_be(
    events: list[Any], pauses: list[tuple[int, int]]
) -> None:
    asyncio.run(_check(events, pauses))


async def _check(events: list[Any], pauses: list[tuple[int, int]]) -> None:
    ledger = SlowLedger(pauses)
    await ledger.set_alias(LAPTOP, BASE)
    house = House(ledger)
    await house.start()
    sent: list[InboundMessage] = []
    for what, which in events:
        if isinstance(what, SessionKey):
            here = Address("telegram", what.chat)
            sent.append(message(which, sender=Sender(what.chat, "Ann"), address=here))
            house.hears(sent[-1])
        elif what == "again" and sent:
            house.hears(replace(sent[which % len(sent)]))
        elif what == "wait":
            await _steps(which)
        elif what == "settle":
            await house.settle()
        elif what == "crash":
            await house.dies()
            _as_heard(ledger, house)
            await house.start()
            for each in sent:
                # Whatever the platform was not told of comes again, in its order.
                house.hears(replace(each))
    await house.settle()
    _as_heard(ledger, house)
    chosen = _in_order(ledger.accepted)
    assert len({each.message.source for each in ledger.accepted}) == len(sent)
    await house.start()
    assert {key: house.routes.now(key) for key in (PHONE, LAPTOP)} == chosen


def _as_heard(ledger: SlowLedger, house: House) -> None:
    """What a chat said was accepted as it was said."""
    heard = list(dict.fromkeys(house.heard))
    for key in (PHONE, LAPTOP):
        taken = [each.message.source for each in ledger.accepted if each.key == key]
        now = [source for source in taken if source in heard]
        assert now == [source for source in heard if source in now]


def _in_order(accepted: list[Accepted]) -> dict[SessionKey, SessionId]:
    """Where each chat is at the end; every message on the way is where its chat was then."""
    chosen = {PHONE: BASE, LAPTOP: BASE}
    begun: set[SessionId] = set()
    for each in sorted(accepted, key=lambda each: each.seq):
        assert isinstance(each.message, InboundMessage)
        verb, _, name = each.message.text.partition(" ")
        if not name:
            assert each.session == chosen[each.key]
            continue
        there = side_session_id(BASE, name)
        # One that was begun right before a crash may be there without anybody's having chosen it.
        may_stay = verb == "/session" and there not in begun
        assert each.session in ({there, chosen[each.key]} if may_stay else {there})
        if verb == "/new":
            begun.add(there)
        chosen[each.key] = each.session
    return chosen
