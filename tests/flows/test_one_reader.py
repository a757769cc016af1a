"""Two gateways that were given the same bot: one reads, the other says so, waits and takes over."""

import asyncio
from pathlib import Path

import pytest

from channels.channel import Condition, Health
from gateway.config import Settings
from gateway.daemon import Running, running
from tests.emulators.telegram import TelegramEmulator
from tests.flows.bot import telegram_account


def settings(telegram: TelegramEmulator) -> Settings:
    return Settings.model_validate(
        {
            "agents": {"defaults": {"model": "offline"}},
            "channels": {"telegram": telegram_account(telegram)},
        }
    )


def health(run: Running) -> Health:
    return next(h for name, _, h in run.gateway.channel_health() if name == "telegram")


async def until(run: Running, wanted: Condition) -> None:
    async with asyncio.timeout(20):
        # Health is asked for, not announced.
        while health(run).condition is not wanted:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_the_second_gateway_says_who_reads_and_takes_over_when_that_one_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("gateway.supervisor._ASK_AGAIN", 0.01)
    async with TelegramEmulator() as tg:
        alice = tg.user("Alice")
        async with running(settings(tg), tmp_path / "first") as first:
            await until(first, Condition.HEALTHY)
            async with running(settings(tg), tmp_path / "second") as second:
                await until(second, Condition.FAILED)
                assert str(tmp_path / "first") in (health(second).detail or "")
                await alice.says("who is there?")
                await alice.hears()
                assert (await first.state.ledger.counts()).outcomes == {"replied": 1}
                assert (await second.state.ledger.counts()).outcomes == {}
                await first.gateway.stop(5)
                await until(second, Condition.HEALTHY)
                await alice.says("and now?")
                await alice.hears()
                assert (await second.state.ledger.counts()).outcomes == {"replied": 1}
