"""Tests ask the fork server for processes here."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.architecture.sources import ROOT
from tests.faults.forge.harm import Harm, Seen

_LONGEST_LINE = 1 << 20
_PATIENCE = 60.0


class Forged:
    """A process of the fork server's, to be used like one of `asyncio.subprocess`."""

    def __init__(
        self, pid: int, stdout: asyncio.StreamReader, stderr: asyncio.StreamReader
    ) -> None:
        self.pid = pid
        self.stdout = stdout
        self.stderr = stderr
        self.returncode: int | None = None
        self.seen: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()

    async def wait(self) -> int:
        """Its exit code; that of a signal is negative."""
        await asyncio.shield(self.seen)
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)


class Forge:
    """The fork server of a campaign; `harm` is done to the next process that is asked for."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._listening: set[asyncio.Task[None]] = set()

    async def launch(
        self, arguments: Sequence[str], environment: Mapping[str, str], harm: Harm | None
    ) -> Forged:
        """Fork a process that runs a module with these arguments, and does no harm if None."""
        request = {
            "arguments": arguments,
            "environment": dict(environment),
            "folder": str(ROOT),
            "harm": None if harm is None else harm.as_json(),
        }
        pipes = [os.pipe() for _ in range(3)]
        output, errors, told = [await _reader(out) for out, _ in pipes]
        theirs = [into for _, into in pipes]
        socket.send_fds(self._requests, [json.dumps(request).encode()], theirs)
        for each in theirs:
            os.close(each)
        async with asyncio.timeout(_PATIENCE):
            first = json.loads(await told.readline())
        process = Forged(first["pid"], output, errors)
        task = asyncio.create_task(_listen(process, told))
        self._listening.add(task)
        task.add_done_callback(self._listening.discard)
        return process


async def _listen(process: Forged, told: asyncio.StreamReader) -> None:
    last = json.loads(await told.readline())
    process.returncode = last["ended"]
    process.seen.set_result(Seen(last["counts"], last["done"], last["failed"]))


async def _reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=_LONGEST_LINE)
    file = os.fdopen(descriptor, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), file
    )
    return reader


@asynccontextmanager
async def forge() -> AsyncIterator[Forge]:
    """A fork server, until the end of the block; its processes must have ended by then."""
    ours, theirs = socket.socketpair()
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.forge", str(theirs.fileno()),
        cwd=ROOT, env=kept, pass_fds=[theirs.fileno()],
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    theirs.close()
    try:
        ours.setblocking(False)
        async with asyncio.timeout(_PATIENCE):
            assert await asyncio.get_running_loop().sock_recv(ours, 6) == b"ready\n"
        ours.setblocking(True)
        yield Forge(ours)
    finally:
        ours.close()
        await server.wait()


def available() -> bool:
    """Whether this system has seccomp listeners, and lets this user have one."""
    return Path("/proc/sys/kernel/seccomp/actions_avail").exists() and (
        "user_notif" in Path("/proc/sys/kernel/seccomp/actions_avail").read_text()
    )
