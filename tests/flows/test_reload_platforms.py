"""Accounts of three platforms that are begun anew, each while the others go on."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from channels.channel import Condition
from gateway.config_load import load
from gateway.config_source import ConfigSource
from gateway.daemon import Running, running
from tests.flows.bot import discord_account, slack_account, telegram_account
from tests.flows.stage import PATIENCE
from tests.flows.three import PLATFORMS, world

OTHERWISE: dict[str, dict[str, Any]] = {
    "telegram": {"poll_seconds": 2},
    "discord": {"catch_up": 7},
    "slack": {"follow_threads": False},
}


async def healthy(run: Running) -> None:
    async with asyncio.timeout(PATIENCE):
        # Health is asked for, not announced.
        while any(  # noqa: ASYNC110
            health.condition is not Condition.HEALTHY
            for _, _, health in run.gateway.channel_health()
        ):
            await asyncio.sleep(0)


async def test_an_account_is_begun_anew_with_the_same_token_and_misses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with world() as there:
        accounts = {
            "telegram": telegram_account(there.telegram),
            "discord": discord_account(there.discord),
            "slack": slack_account(there.slack),
        }
        path = tmp_path / "argent.json"

        def write() -> None:
            path.write_text(
                json.dumps(
                    {
                        "agents": {"defaults": {"model": "offline"}},
                        "channels": accounts,
                        "gateway": {"watch_config": False},
                    }
                )
            )

        write()
        loaded = load(path, {})
        source = ConfigSource(path, {}, tmp_path, {}, last=loaded)
        spots = {platform: places[0] for platform, places in (await there.spots()).items()}
        async with running(loaded.settings, tmp_path / "state", source=source) as run:
            gateway = run.gateway
            await healthy(run)
            for platform in PLATFORMS:
                await spots[platform].says("before")
                await spots[platform].hears()
                accounts[platform] |= OTHERWISE[platform]
                write()
                before = dict(gateway.channels)
                reload = asyncio.create_task(gateway.reload())
                await spots[platform].says("during")
                reloaded = await reload
                assert [each.path[1] for each in reloaded.taken] == [platform]
                await spots[platform].hears()
                await spots[platform].says("after")
                await spots[platform].hears()
                anew = [name for name, each in gateway.channels.items() if before[name] is not each]
                assert anew == [platform]
            await healthy(run)
            assert (await run.state.ledger.counts()).outcomes == {"replied": 9}
