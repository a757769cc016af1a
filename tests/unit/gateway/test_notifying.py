"""What a service manager is told, as sd_notify(3) has it, and when its watchdog is fed."""

import asyncio
import re
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.health import Stage, Vitals
from gateway.notifying import Notifying
from gateway.watchdog import Watchdog, watched_every
from tests.acceptance.overseer import Overseer

WELL = Vitals(Stage.RUNNING, loop_lag=0.0, ledger_silence=0.0)
STUCK = Vitals(Stage.RUNNING, loop_lag=9.0, ledger_silence=0.0)


async def test_every_message_is_what_the_protocol_says(tmp_path: Path) -> None:
    async with Overseer.at(tmp_path) as overseer:
        notifying = Notifying(overseer.address)
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        notifying.reloading("reading the settings")
        notifying.ready("well")
        notifying.alive()
        notifying.stopping(40)
        notifying.close()
        assert await overseer.until(lambda: len(overseer.heard) == 4)
        reloading, *others = overseer.heard
        found = re.fullmatch(
            r"RELOADING=1\nMONOTONIC_USEC=(\d+)\nSTATUS=reading the settings", reloading
        )
        assert found is not None
        assert before <= int(found[1]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert others == [
            "READY=1\nSTATUS=well",
            "WATCHDOG=1",
            "STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000",
        ]


async def test_a_status_is_one_line_and_said_once(tmp_path: Path) -> None:
    async with Overseer.at(tmp_path) as overseer:
        notifying = Notifying(overseer.address)
        notifying.status("the disk\nREADY=1\tis full")
        notifying.status("the disk READY=1 is full")
        notifying.status("")
        notifying.alive()
        notifying.close()
        assert await overseer.until(lambda: overseer.fed() == 1)
        assert overseer.heard == ["STATUS=the disk READY=1 is full", "WATCHDOG=1"]


async def test_time_is_asked_for_at_once_and_not_after_the_work(tmp_path: Path) -> None:
    async with Overseer.at(tmp_path) as overseer:
        notifying = Notifying(overseer.address)
        async with notifying.patience():
            await overseer.hears("EXTEND_TIMEOUT_USEC=30000000")
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "patience"]
        notifying.close()


@pytest.mark.parametrize("address", [None, "", "vsock:2:1234", "relative/path"])
def test_without_a_socket_that_can_be_spoken_to_nobody_is_told(address: str | None) -> None:
    notifying = Notifying(address)
    assert not notifying.listened
    notifying.ready("well")
    notifying.close()


def test_a_manager_that_is_gone_hurts_nobody(tmp_path: Path) -> None:
    notifying = Notifying(str(tmp_path / "nobody"))
    with capture_logs() as logs:
        notifying.ready()
    notifying.close()
    assert [line["event"] for line in logs] == ["not_notified"]


def test_no_child_takes_the_manager_for_its_own() -> None:
    environ = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "7", "HOME": "/"}
    assert Notifying.of(environ).listened
    watched_every(environ, 7)
    assert environ == {"HOME": "/"}


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "500000"}, 0.5),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_only_who_is_watched_feeds(environ: dict[str, str], seconds: float | None) -> None:
    assert watched_every(dict(environ), 7) == seconds


async def test_the_watchdog_is_fed_while_the_gateway_lives_and_hungry_while_not(
    tmp_path: Path,
) -> None:
    now = WELL
    async with Overseer.at(tmp_path) as overseer:
        notifying = Notifying(overseer.address)
        watchdog = Watchdog(notifying, interval=0.02)
        watchdog.start(lambda: now)
        assert await overseer.until(lambda: overseer.fed() >= 3)
        with capture_logs() as logs:
            now = STUCK
            assert await overseer.until(lambda: overseer.status.startswith("Failing"))
            fed = overseer.fed()
            assert not await overseer.until(lambda: overseer.fed() > fed, 0.1)
        assert [line["event"] for line in logs] == ["watchdog_not_fed"], "once is enough"
        assert overseer.status == "Failing: the event loop is 9.0 s late"
        now = WELL
        assert await overseer.until(lambda: overseer.fed() > fed)
        await watchdog.stop()
        notifying.close()


async def test_a_gateway_that_was_ill_for_a_moment_is_fed_before_the_interval_is_over(
    tmp_path: Path,
) -> None:
    looks = iter([WELL, STUCK])
    async with Overseer.at(tmp_path) as overseer:
        notifying = Notifying(overseer.address)
        watchdog = Watchdog(notifying, interval=2.0, soon=0.01)
        watchdog.start(lambda: next(looks, WELL))
        await overseer.hears("STATUS=Failing: the event loop is 9.0 s late")
        assert await overseer.until(lambda: overseer.fed() == 2, 0.5)
        await watchdog.stop()
        notifying.close()


async def test_a_service_without_a_watchdog_still_says_how_it_is(tmp_path: Path) -> None:
    async with Overseer.at(tmp_path) as overseer:
        notifying = Notifying(overseer.address)
        watchdog = Watchdog(notifying, interval=None)
        watchdog.start(lambda: WELL)
        await overseer.hears("STATUS=Ready, without channels")
        assert overseer.fed() == 0
        await watchdog.stop()
        notifying.close()
