"""How a gateway stops when it is told to, and what is left for the next one."""

import signal
from pathlib import Path

import pytest

from tests.acceptance.gateway_process import world
from tests.acceptance.terminal import Window
from tests.emulators.llm import Hangs
from tests.emulators.telegram import flood

pytestmark = pytest.mark.acceptance


async def test_a_stopping_gateway_finishes_what_runs_and_takes_nothing_more(tmp_path: Path) -> None:
    async with world(tmp_path, latency=1.0) as there:
        alice, bob = there.telegram.user("Alice"), there.telegram.user("Bob")
        await there.gateway.start()
        await alice.says("before the end")
        await there.asked(1)
        await there.telegram.drained()
        there.gateway.signal(signal.SIGTERM)
        await there.gateway.logged("stopping")
        await bob.says("too late")
        assert await there.gateway.ended() == 0
        assert [sent.text for sent in await alice.hears()] == ["before the end"]
        assert len(there.telegram.bot.updates) == 1, "it confirmed what it had not taken over"
        there.model.latency = 0.0
        await there.gateway.start()
        assert [sent.text for sent in await bob.hears()] == ["too late"]
        assert await there.gateway.terminate() == 0
        assert len(there.telegram.record) == 2
        assert len(there.model.asked) == 2


async def test_a_closed_terminal_stops_a_gateway_in_stages(tmp_path: Path) -> None:
    terminal = Window()
    async with world(tmp_path, latency=1.0, launch=terminal.launch) as there:
        alice = there.telegram.user("Alice")
        await there.gateway.start()
        await alice.says("before the end")
        await there.asked(1)
        terminal.close()
        assert await there.gateway.ended() == 0
        assert [sent.text for sent in await alice.hears()] == ["before the end"]


async def test_a_turn_that_takes_too_long_is_parked_and_answered_after_the_next_start(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, settings=["gateway.drain_seconds=0.5"]) as there:
        alice = there.telegram.user("Alice")
        there.model.answers(Hangs())
        await there.gateway.start()
        await alice.says("first")
        await alice.says("second")
        await there.asked(1)
        await there.telegram.drained()
        assert await there.gateway.terminate() == 0
        assert there.gateway.times("turns_parked") == 1
        assert there.gateway.counts().pending == 2
        assert there.telegram.record == []
        await there.gateway.start()
        assert [sent.text for sent in await alice.hears()] == ["first\nsecond"]
        assert await there.gateway.terminate() == 0
        assert there.gateway.counts().outcomes == {"replied": 2}
        assert len(there.gateway.conversation()) == 3


async def test_whoever_asks_twice_does_not_wait(tmp_path: Path) -> None:
    async with world(tmp_path, settings=["gateway.drain_seconds=3600"]) as there:
        alice = there.telegram.user("Alice")
        there.model.answers(Hangs())
        await there.gateway.start()
        await alice.says("hello")
        await there.asked(1)
        there.gateway.signal(signal.SIGTERM)
        await there.gateway.logged("stopping")
        assert await there.gateway.terminate() == -signal.SIGTERM
        await there.gateway.start()
        assert [sent.text for sent in await alice.hears()] == ["hello"]


async def test_an_answer_that_telegram_does_not_take_waits_for_the_next_start(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, settings=["gateway.drain_seconds=0.5"]) as there:
        alice = there.telegram.user("Alice")
        there.telegram.faults.next("sendMessage", flood(600))
        await there.gateway.start()
        await alice.says("hello")
        await there.gateway.logged("flood_wait")
        assert await there.gateway.terminate() == 0
        counts = there.gateway.counts()
        assert (counts.pending, counts.owed) == (0, 1)
        await there.gateway.start()
        assert [sent.text for sent in await alice.hears()] == ["hello"]
        assert await there.gateway.terminate() == 0
        assert len(there.model.asked) == 1, "it thought of an answer twice"
        assert there.gateway.counts().repeated == 0, "Telegram had said that it did not take it"
