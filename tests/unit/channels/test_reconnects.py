"""Connections that end again and again leave no task, socket or file behind."""

import asyncio

import aiohttp
import pytest

from channels.channel import Condition
from tests.emulators.discord import DiscordEmulator
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack import server_error as slack_error
from tests.emulators.telegram import TelegramEmulator, drop_connection, garbage, server_error
from tests.unit.channels.discord.rig import Rig as DiscordRig
from tests.unit.channels.slack.rig import Rig as SlackRig
from tests.unit.channels.slack.test_socket import open_files
from tests.unit.channels.telegram.rig import Rig as TelegramRig

OFTEN = pytest.mark.parametrize("times", [30, pytest.param(1000, marks=pytest.mark.slow)])
SPARE = 5
"""What may stand open beyond the first connection: those that are being closed."""

PATIENCE = 10.0
"""The library's client waits up to two seconds for more servers, also after its end."""


async def settled(tasks: int, files: int) -> None:
    """Wait until there are hardly more tasks and open files than that."""
    beyond = asyncio.all_tasks()
    try:
        async with asyncio.timeout(PATIENCE):
            while len(beyond) > tasks + SPARE or open_files() > files + SPARE:
                await asyncio.sleep(0)
                beyond = asyncio.all_tasks()
    except TimeoutError:
        raise AssertionError(f"{len(beyond)} tasks, {open_files()} files: {beyond}") from None


@OFTEN
@pytest.mark.timeout(600)
async def test_discord_may_end_the_connection_in_every_way(times: int) -> None:
    async with DiscordEmulator() as dc, aiohttp.ClientSession() as http:
        rig, gateway = DiscordRig(dc, http), dc.gateway
        ways = [gateway.reconnect, gateway.drop, gateway.invalidate, lambda: gateway.close(4000)]
        alice = dc.user("Alice")
        async with rig.running() as channel:
            await alice.says("hi")
            await rig.inbox.has(1)
            tasks, files = len(asyncio.all_tasks()), open_files()
            for n in range(times):
                old, begun = set(gateway.connections), gateway.identified + gateway.resumed
                ways[n % len(ways)]()
                await gateway.until(
                    lambda old=old, begun=begun: (
                        gateway.identified + gateway.resumed > begun
                        and not old & set(gateway.connections)
                    )
                )
                await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
            await alice.says("still there")
            await rig.inbox.has(2)
            assert len(gateway.connections) == 1
            await settled(tasks, files)
    assert rig.inbox.texts == ["hi", "still there"]


@OFTEN
@pytest.mark.timeout(600)
async def test_telegram_may_fail_to_answer_in_every_way(times: int) -> None:
    async with TelegramEmulator() as tg, aiohttp.ClientSession() as http:
        rig = TelegramRig(tg, http)
        ways = [drop_connection(), server_error(502, html=True), garbage(), server_error(500)]
        alice = tg.user("Alice")
        async with rig.running() as channel:
            await alice.says("0")
            await rig.inbox.has(1)
            tasks, files = len(asyncio.all_tasks()), open_files()
            for n in range(1, times + 1):
                tg.faults.next("getUpdates", ways[n % len(ways)])
                await alice.says(str(n))
                await rig.inbox.has(n + 1)
                await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
            await tg.drained()
            assert tg.calls["getupdates"] > 2 * times
            await settled(tasks, files)
    assert rig.inbox.texts == [str(n) for n in range(times + 1)]


@OFTEN
@pytest.mark.timeout(600)
async def test_slack_may_end_the_connection_in_every_way(times: int) -> None:
    async with SlackEmulator() as sl, aiohttp.ClientSession() as http:
        rig, socket = SlackRig(sl, http), sl.socket
        alice = sl.user("Alice")
        async with rig.running() as channel:
            await alice.says("0")
            await rig.inbox.has(1)
            tasks, files = len(asyncio.all_tasks()), open_files()
            for n in range(1, times + 1):
                opened = socket.opened
                match n % 4:
                    case 0:
                        await socket.disconnect("refresh_requested")
                    case 1:
                        await socket.disconnect("warning")
                    case 2:
                        socket.cut()
                    case 3:
                        sl.faults.next("apps.connections.open", slack_error(502))
                        socket.cut()
                await socket.connected(opened + 1)
                await alice.says(str(n))
                await rig.inbox.has(n + 1)
                await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
            await sl.deliveries.settled()
            await settled(tasks, files)
    assert rig.inbox.texts == [str(n) for n in range(times + 1)]
