"""A channel that breaks is its own trouble, shows it, and is started again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from channels.channel import Condition, Health, Receive
from channels.errors import Unauthorized
from channels.loopback import LoopbackChannel
from gateway.health import GONE_AFTER
from gateway.supervisor import DEAF_AFTER, Supervisor
from state.messages import Inbound

NOON = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)


class Fragile(LoopbackChannel):
    """Runs as a test says, one run after the other, and then well."""

    def __init__(self, *runs: Callable[[], None]) -> None:
        super().__init__("telegram")
        self.runs = list(runs)
        self.count = 0

    async def run(self, receive: Receive) -> None:
        self.count += 1
        if self.runs:
            self.runs.pop(0)()
            return
        await super().run(receive)


class Refused(Fragile):
    def health(self) -> Health:
        return Health(Condition.FAILED, detail="get a new token")


class Time:
    """Stands still: a wait lasts until a test lets it end."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._asleep: asyncio.Event | None = None
        self._changed = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._asleep = asyncio.Event()
        self._changed.set()
        await self._asleep.wait()

    async def until_waiting(self) -> float:
        """The length of the wait that goes on now."""
        async with asyncio.timeout(5):
            await self._changed.wait()
        return self.waits[-1]

    async def pass_by(self) -> None:
        """The wait is over."""
        await self.until_waiting()
        self._changed.clear()
        assert self._asleep is not None
        self._asleep.set()


async def _receive(_inbound: Inbound) -> None:
    return None


def _break() -> None:
    raise RuntimeError("a bug")


def _take_a_taken_port() -> None:
    raise OSError(98, "Address already in use")


def _refuse() -> None:
    raise Unauthorized("get a new token")


def _end() -> None:
    return None


@asynccontextmanager
async def supervised(channel: Fragile) -> AsyncIterator[tuple[Supervisor, Time]]:
    time = Time()
    supervisor = Supervisor(channel, _receive, sleep=time.sleep)
    supervisor.start()
    yield supervisor, time
    await supervisor.stop()


def around(seconds: float) -> object:
    """A fifth more or less."""
    return pytest.approx(seconds, rel=0.2)


async def begun(channel: Fragile, runs: int) -> None:
    async with asyncio.timeout(5):
        while channel.count < runs:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_a_run_that_breaks_or_ends_is_begun_again() -> None:
    channel = Fragile(_break, _end)
    async with supervised(channel) as (supervisor, time):
        await time.pass_by()
        await time.pass_by()
        await begun(channel, 3)
        assert supervisor.health().condition is Condition.HEALTHY


async def test_a_broken_run_is_not_healthy() -> None:
    async with supervised(Fragile(_break)) as (supervisor, time):
        await time.until_waiting()
        health = supervisor.health()
        assert health.condition is Condition.DEGRADED
        assert "RuntimeError" in (health.detail or "")


async def test_what_the_system_refuses_is_named() -> None:
    async with supervised(Fragile(_take_a_taken_port)) as (supervisor, time):
        await time.until_waiting()
        assert "Address already in use" in (supervisor.health().detail or "")


async def test_what_goes_on_breaking_is_begun_again_ever_more_slowly() -> None:
    async with supervised(Fragile(*[_break] * 9)) as (_, time):
        for _ in range(8):
            await time.pass_by()
        await time.until_waiting()
        assert time.waits == [around(wait) for wait in (1, 2, 4, 8, 16, 32, 60, 60, 60)]


async def test_a_refused_token_is_in_view_with_what_to_do() -> None:
    async with supervised(Refused(_refuse)) as (supervisor, time):
        await time.until_waiting()
        assert supervisor.health() == Health(Condition.FAILED, detail="get a new token")


async def test_a_refused_token_is_tried_again_seldom() -> None:
    channel = Fragile(*[_refuse] * 7)
    async with supervised(channel) as (supervisor, time):
        for _ in range(6):
            await time.until_waiting()
            assert supervisor.health().condition is Condition.FAILED
            await time.pass_by()
        await time.until_waiting()
        assert time.waits == [around(wait) for wait in (300, 600, 1200, 2400, 3600, 3600, 3600)]


async def test_a_token_that_is_taken_again_serves() -> None:
    channel = Fragile(_refuse)
    async with supervised(channel) as (supervisor, time):
        await time.pass_by()
        await begun(channel, 2)
        assert supervisor.health().condition is Condition.HEALTHY


class Listened(LoopbackChannel):
    """A channel whose signs of life a test gives, on a clock that it sets."""

    def __init__(self, *, clings: bool = False) -> None:
        super().__init__("telegram")
        self.shown = Health(Condition.DEGRADED, tried_at=NOON)
        self.steady = 0.0
        self.runs = 0
        self.asked_to_end = asyncio.Event()
        self._clings = clings
        self._looked = asyncio.Event()

    async def run(self, receive: Receive) -> None:
        self.runs += 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.asked_to_end.set()
            if self._clings:
                await asyncio.Event().wait()
            raise

    def health(self) -> Health:
        self._looked.set()
        return self.shown

    async def looked_at(self) -> None:
        """Wait until its supervisor has looked at it as it is now, and done what follows."""
        for _ in range(3):
            self._looked.clear()
            async with asyncio.timeout(5):
                await self._looked.wait()


@asynccontextmanager
async def listened_to(channel: Listened) -> AsyncIterator[tuple[Supervisor, Time]]:
    time = Time()
    supervisor = Supervisor(
        channel, _receive, sleep=time.sleep, look_every=0.01, steady=lambda: channel.steady
    )
    supervisor.start()
    yield supervisor, time
    await supervisor.stop()


async def test_a_channel_that_gives_no_sign_of_life_is_begun_again() -> None:
    channel = Listened()
    async with listened_to(channel) as (supervisor, time):
        await channel.looked_at()
        channel.steady = DEAF_AFTER + 1
        await time.until_waiting()
        assert "no sign of life" in (supervisor.health().detail or "")
        await time.pass_by()
        await channel.looked_at()
        assert channel.runs == 2


async def test_a_channel_that_was_begun_again_in_vain_does_not_count_as_alive() -> None:
    channel = Listened()
    async with listened_to(channel) as (supervisor, time):
        await channel.looked_at()
        channel.steady = DEAF_AFTER + 1
        await time.pass_by()
        await channel.looked_at()
        assert supervisor.vitals().tried > DEAF_AFTER
        channel.shown = Health(Condition.DEGRADED, tried_at=NOON + timedelta(seconds=1))
        await channel.looked_at()
        assert supervisor.vitals().tried == 0.0


async def test_a_channel_whose_every_attempt_fails_is_left_to_try() -> None:
    channel = Listened()
    async with listened_to(channel) as (supervisor, _):
        for minute in range(1, 12):
            channel.shown = Health(Condition.DEGRADED, tried_at=NOON + timedelta(minutes=minute))
            channel.steady = minute * 60.0
            await channel.looked_at()
        assert channel.runs == 1
        assert supervisor.vitals().alive
        assert supervisor.vitals().proved is None


async def test_a_clock_that_jumps_makes_nobody_deaf_and_keeps_no_deaf_one_alive() -> None:
    channel = Listened()
    async with listened_to(channel) as (supervisor, time):
        channel.shown = Health(Condition.HEALTHY, proved_at=NOON - timedelta(days=9))
        await channel.looked_at()
        assert supervisor.vitals().proved == 0.0
        channel.shown = Health(Condition.HEALTHY, proved_at=NOON + timedelta(days=9))
        await channel.looked_at()
        channel.steady = DEAF_AFTER + 1
        await time.until_waiting()


async def test_a_channel_that_the_platform_asks_to_wait_is_not_deaf_until_then() -> None:
    channel = Listened()
    hour = timedelta(hours=1)
    channel.shown = Health(Condition.DEGRADED, tried_at=NOON, waits_until=NOON + hour)
    async with listened_to(channel) as (supervisor, time):
        await channel.looked_at()
        channel.steady = 3500.0
        await channel.looked_at()
        assert supervisor.vitals().resumes == 100.0
        assert supervisor.vitals().alive
        channel.steady = 3601.0
        await time.until_waiting()


async def test_a_deaf_channel_that_cannot_be_ended_is_not_begun_twice() -> None:
    channel = Listened(clings=True)
    async with listened_to(channel) as (supervisor, _):
        await channel.looked_at()
        channel.steady = GONE_AFTER + 1
        async with asyncio.timeout(5):
            await channel.asked_to_end.wait()
        assert not supervisor.vitals().alive
        assert channel.runs == 1
        (intake,) = (t for t in asyncio.all_tasks() if t.get_name() == "intake of telegram")
        intake.cancel()


async def test_a_channel_that_forgets_that_it_shall_end_is_told_again() -> None:
    channel = Listened(clings=True)
    supervisor = Supervisor(channel, _receive, look_every=0.01, insist_every=0.01)
    supervisor.start()
    await channel.looked_at()
    async with asyncio.timeout(5):
        await supervisor.stop()


async def test_a_channel_that_waited_for_its_owner_is_not_taken_for_deaf() -> None:
    async with supervised(Refused(_refuse)) as (supervisor, time):
        await time.until_waiting()
        assert supervisor.vitals().alive
        assert (supervisor.vitals().resumes or 0.0) > 200.0
