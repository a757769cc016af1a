"""A real gateway whose settings are written anew while it runs."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.gateway_process import GatewayProcess, world
from tests.architecture.sources import ROOT

pytestmark = pytest.mark.acceptance

PATIENCE = 30.0


async def argent(gateway: GatewayProcess, *arguments: str) -> tuple[int, dict[str, Any]]:
    """A command beside the gateway: its exit code, and what it answers."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli.main", *arguments, "--json"),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ARGENT_STATE_DIR": str(gateway.state)},
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        told, _ = await process.communicate()
    return process.returncode or 0, json.loads(told)


def rewrite(gateway: GatewayProcess, before: str, after: str) -> None:
    """Write the settings anew as editors do: another file, in the old one's place."""
    path = gateway.state / "argent.toml"
    text = path.read_text()
    assert before in text
    other = path.with_suffix(".new")
    other.write_text(text.replace(before, after))
    other.chmod(0o600)
    other.replace(path)


async def test_a_file_that_is_replaced_is_read_and_a_wrong_one_changes_nothing(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as there:
        gateway, alice = there.gateway, there.telegram.user("Alice")
        await gateway.start()
        rewrite(gateway, 'dm_policy = "open"', 'dm_polcy = "open"')
        await gateway.logged("settings_refused")
        code, told = await argent(gateway, "gateway", "reload")
        assert code == 2
        assert "argent.toml, line" in told["error"]["message"]
        assert "did you mean 'dm_policy'?" in told["error"]["message"]
        assert gateway.times("settings_refused") == 1, "it says the same again"
        _, status = await argent(gateway, "status")
        assert "dm_polcy" in status["data"]["gateway"]["settings_problem"]
        await alice.says("all the same")
        assert [sent.text for sent in await alice.hears()] == ["all the same"]
        rewrite(gateway, 'dm_polcy = "open"', 'dm_policy = "open"\nenabled = false')
        await gateway.logged("settings_read")
        await alice.says("while it was off")
        rewrite(gateway, "\nenabled = false", "")
        code, told = await argent(gateway, "gateway", "reload")
        assert code == 0
        assert [each["setting"] for each in told["data"]["changed"]] == [
            "channels.telegram.enabled"
        ]
        assert [sent.text for sent in await alice.hears()] == ["while it was off"]
        assert await gateway.terminate() == 0


async def test_a_hang_up_reloads_what_has_no_terminal(tmp_path: Path) -> None:
    async with world(tmp_path, latency=0.5, settings=["gateway.watch_config=false"]) as there:
        gateway, alice = there.gateway, there.telegram.user("Alice")
        await gateway.start()
        await alice.says("during it")
        await there.asked(1)
        rewrite(gateway, "[log]", '[limits]\nsender_turns = 7\n[sandbox]\nimage = "a"\n[log]')
        gateway.signal(signal.SIGHUP)
        await gateway.logged("settings_read")
        await gateway.logged("restart_needed")
        assert [sent.text for sent in await alice.hears()] == ["during it"]
        code, told = await argent(gateway, "gateway", "reload")
        assert (code, told["data"]["changed"], told["data"]["restart"]) == (
            0,
            [],
            ["sandbox.image"],
        )
        assert await gateway.terminate() == 0
        code, _ = await argent(gateway, "gateway", "reload")
        assert code == 3
