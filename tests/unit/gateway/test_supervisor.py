"""A channel that breaks is its own trouble, shows it, and is started again."""

import asyncio
from collections.abc import Callable

import pytest

from channels.channel import Condition, Health, Receive
from channels.errors import Unauthorized
from channels.loopback import LoopbackChannel
from gateway.supervisor import Supervisor
from state.messages import Inbound


class Fragile(LoopbackChannel):
    """Runs as a test says, one run after the other."""

    def __init__(self, *runs: Callable[[], None]) -> None:
        super().__init__("telegram")
        self.runs = list(runs)
        self.started = asyncio.Condition()
        self.count = 0

    async def run(self, receive: Receive) -> None:
        async with self.started:
            self.count += 1
            self.started.notify_all()
        if self.runs:
            self.runs.pop(0)()
            return
        await super().run(receive)

    async def until_started(self, count: int) -> None:
        async with asyncio.timeout(5), self.started:
            await self.started.wait_for(lambda: self.count >= count)


class Refused(Fragile):
    def health(self) -> Health:
        return Health(Condition.FAILED, detail="get a new token")


async def _receive(_inbound: Inbound) -> None:
    return None


def _break() -> None:
    raise RuntimeError("a bug")


def _refuse() -> None:
    raise Unauthorized("get a new token")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.supervisor._FIRST_RETRY", 0.001)


async def test_a_run_that_breaks_is_begun_again() -> None:
    channel = Fragile(_break, lambda: None)
    supervisor = Supervisor(channel, _receive)
    supervisor.start()
    await channel.until_started(3)
    await supervisor.stop()


async def test_a_broken_run_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.supervisor._FIRST_RETRY", 60)
    channel = Fragile(_break)
    supervisor = Supervisor(channel, _receive)
    supervisor.start()
    await channel.until_started(1)
    await asyncio.sleep(0)
    health = supervisor.health()
    assert health.condition is Condition.DEGRADED
    assert "RuntimeError" in (health.detail or "")
    await supervisor.stop()


async def test_a_refused_token_stops_that_channel_and_says_what_to_do() -> None:
    channel = Refused(_refuse)
    supervisor = Supervisor(channel, _receive)
    supervisor.start()
    await channel.until_started(1)
    await supervisor.stop()
    assert channel.count == 1
    assert supervisor.health() == Health(Condition.FAILED, detail="get a new token")
