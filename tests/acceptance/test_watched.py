"""What the service manager is told of a gateway, and when its watchdog goes hungry."""

import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.acceptance.gateway_process import GATEWAY, PATIENCE, World, world
from tests.acceptance.overseer import Overseer

pytestmark = pytest.mark.acceptance

IMPATIENT = ("tests.acceptance.impatient",)


@asynccontextmanager
async def watched(
    folder: Path, overseer: Overseer, *, program: tuple[str, ...] = GATEWAY, seconds: float = 0.4
) -> AsyncIterator[World]:
    """A gateway that has to feed a watchdog every `seconds`."""
    launch = overseer.launching(WATCHDOG_USEC=str(int(seconds * 1_000_000)))
    async with world(folder, program=program, launch=launch) as there:
        yield there


async def test_a_service_says_when_it_is_ready_how_it_is_and_that_it_ends(tmp_path: Path) -> None:
    async with Overseer.at(tmp_path) as overseer, watched(tmp_path, overseer) as there:
        await there.gateway.start()
        await overseer.hears("READY=1")
        before = overseer.lines[: overseer.lines.index("READY=1")]
        assert before
        assert all(line.startswith("EXTEND_TIMEOUT_USEC=") for line in before)
        await overseer.hears("STATUS=Ready: 1 of 1 channels healthy")
        fed = overseer.fed()
        assert await overseer.until(lambda: overseer.fed() >= fed + 3)
        assert await there.gateway.terminate() == 0
        assert "STOPPING=1" in overseer.lines
        assert overseer.lines.count("READY=1") == 1


async def test_a_manager_at_an_abstract_socket_is_told_too(tmp_path: Path) -> None:
    async with (
        Overseer(f"@argent-test-{tmp_path.name}-{id(tmp_path)}") as overseer,
        watched(tmp_path, overseer) as there,
    ):
        await there.gateway.start()
        await overseer.hears("READY=1")
        assert await there.gateway.terminate() == 0


async def test_an_outage_of_every_platform_starves_nobody(tmp_path: Path) -> None:
    async with Overseer.at(tmp_path) as overseer, watched(tmp_path, overseer) as there:
        await there.telegram.__aexit__(None, None, None)
        await there.gateway.start()
        await overseer.hears("READY=1")
        fed = overseer.fed()
        assert await overseer.until(lambda: "Not ready: no channel is healthy" in overseer.status)
        assert await overseer.until(lambda: overseer.fed() >= fed + 3)
        assert await there.gateway.terminate() == 0


async def test_a_loop_that_is_stuck_starves_the_watchdog_and_says_where_it_is(
    tmp_path: Path,
) -> None:
    async with (
        Overseer.at(tmp_path) as overseer,
        watched(tmp_path, overseer, program=IMPATIENT) as there,
    ):
        there.gateway.settings.append("gateway.loop_stall_seconds=0.2")
        await there.gateway.start()
        assert await overseer.until(lambda: overseer.fed() >= 2)
        there.gateway.signal(signal.SIGUSR1)
        await there.gateway.logged("loop_stalled")
        fed = overseer.fed()
        assert not await overseer.until(lambda: overseer.fed() > fed, 1.0)
        (line,) = (line for line in there.gateway.lines if "loop_stalled" in line)
        assert "threading.py" in line
        there.gateway.signal(signal.SIGABRT)
        assert await there.gateway.ended() == -signal.SIGABRT
        assert "Current thread" in "".join(there.gateway.lines), "where it hung was not told"


async def test_a_ledger_that_cannot_write_starves_the_watchdog_until_it_can(
    tmp_path: Path,
) -> None:
    async with (
        Overseer.at(tmp_path) as overseer,
        watched(tmp_path, overseer, program=IMPATIENT) as there,
    ):
        await there.gateway.start()
        assert await overseer.until(lambda: overseer.fed() >= 2)
        database = there.gateway.state / "gateway.db"
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await there.gateway.logged("watchdog_not_fed")
            fed = overseer.fed()
            assert not await overseer.until(lambda: overseer.fed() > fed, 1.0)
            assert "the ledger has taken no write" in overseer.status
            other.execute("ROLLBACK")
        assert await overseer.until(lambda: overseer.fed() > fed, PATIENCE)
        assert await there.gateway.terminate() == 0
