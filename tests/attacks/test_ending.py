"""Nothing outlives its command: not after a cancel, not after the gateway was killed."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from agents.sandbox.choosing import sweep
from agents.sandbox.limits import Limits
from tests.architecture.sources import ROOT
from tests.attacks.backends import GROUPS, MARK, of_each, sandbox
from tests.attacks.world import World

PATIENCE = 10.0


def trials(fast: int, long: int) -> list[object]:
    return [fast, pytest.param(long, marks=pytest.mark.slow)]


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        os.sched_yield()
    return True


@pytest.mark.parametrize("name", of_each())
@pytest.mark.parametrize("count", trials(40, 400))
async def test_a_cancel_at_any_moment_leaves_nothing(name: str, count: int, surroundings: World):
    chance = random.Random(4711)
    box = sandbox(name)
    some = asyncio.Semaphore(4)
    token = surroundings.token
    command = f"sleep {token} & setsid sleep {token} & exec sleep {token}"

    async def one(cancelled: bool) -> str:
        wall = 20 if cancelled else chance.random() * 0.1
        try:
            async with some, asyncio.timeout(chance.random() * 0.1 if cancelled else None):
                limits = Limits(wall=wall)
                outcome = await box.run(command, workspace=surroundings.workspace, limits=limits)
        except TimeoutError:
            return "cancelled"
        assert outcome.killed_by is not None
        return "ended"

    results = await asyncio.gather(*(one(number % 2 == 0) for number in range(count)))
    assert results.count("cancelled") == results.count("ended") == count // 2
    assert surroundings.left() == []


@pytest.mark.parametrize("name", of_each())
async def test_who_cancels_twice_does_not_wait_and_still_nothing_is_left(
    name: str, surroundings: World
):
    box = sandbox(name)
    begun = asyncio.Event()
    run = asyncio.create_task(
        box.run(
            f"echo begun; sleep {surroundings.token}",
            workspace=surroundings.workspace,
            limits=Limits(),
            heard=lambda _: begun.set(),
        )
    )
    async with asyncio.timeout(PATIENCE):
        await begun.wait()
    run.cancel()
    await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait(rest, timeout=PATIENCE)
    assert surroundings.left() == []


class Gateway:
    """A gateway that runs commands, until it is killed."""

    def __init__(self, name: str, surroundings: World) -> None:
        words = (name, MARK, str(surroundings.workspace), str(surroundings.token))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.attacks.gateway", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def run(self, commands: int) -> None:
        """Wait until it has begun so many."""
        assert self._process.stdout is not None
        for _ in range(commands):
            assert self._process.stdout.readline() == b"begun\n"

    def children(self) -> list[int]:
        pid = self._process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.mark.parametrize("name", of_each())
@pytest.mark.parametrize("count", trials(2, 60))
def test_a_gateway_that_is_killed_leaves_nothing(name: str, count: int, surroundings: World):
    chance = random.Random(count)
    for _ in range(count):
        gateway = Gateway(name, surroundings)
        gateway.run(chance.randint(1, 24))
        moment = time.monotonic() + chance.random() * 0.06
        while time.monotonic() < moment:
            os.sched_yield()
        gateway.kill()
        assert until(lambda: surroundings.left() == []), surroundings.left()


# Neither a namespace nor a group holds together what Landlock alone let run.
@pytest.mark.parametrize("name", of_each(but="landlock soft"))
def test_what_a_killed_gateway_and_killed_keepers_leave_is_swept(name: str, surroundings: World):
    gateway = Gateway(name, surroundings)
    gateway.run(8)
    keepers = gateway.children()
    for pid in keepers:
        os.kill(pid, signal.SIGSTOP)
    gateway.kill()
    for pid in keepers:
        os.kill(pid, signal.SIGKILL)
    sweep(MARK, GROUPS)
    assert until(lambda: surroundings.left() == []), surroundings.left()
