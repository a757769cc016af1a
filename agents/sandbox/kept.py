"""Commands under keepers: begins one for each, listens to the command, and waits for its end."""

import asyncio
import marshal
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

from agents.sandbox.errors import SandboxBroken
from agents.sandbox.keeper.plan import Plan, Report
from agents.sandbox.keeper.tree import remove_groups
from agents.sandbox.limits import Hold, Killed, Limits, Outcome
from agents.sandbox.order import Backend, Order
from agents.sandbox.output import Capture
from agents.sandbox.sandbox import Heard

_ROOT = Path(__file__).parents[2]
_BEGIN = (
    "import sys; sys.path.append(sys.argv[1]); from agents.sandbox.keeper.main import main; main()"
)
_CHUNK = 256 << 10
_GRACE = 30.0
"""Seconds beyond a command's own after which its keeper is taken for stuck."""
_TO_CLOSE = 5.0
_MOST_SAID = 300
_PLACES = ("/mnt", "/srv", "/media", "/opt")
"""Folders that every machine has, and that a command is never shown as they are."""


class KeptSandbox:
    """A sandbox of a backend. `mark` begins the names of all its runs on this machine.

    Commands must be begun on a thread that lives as long as they do: a keeper ends when the thread
    ends that began it. The thread of the event loop is one.
    """

    def __init__(self, backend: Backend, *, mark: str, readable: tuple[str, ...] = ()) -> None:
        self._backend = backend
        self._mark = mark
        self._readable = readable
        self._ending: set[asyncio.Task[Outcome]] = set()

    @property
    def name(self) -> str:
        return self._backend.name

    @property
    def hold(self) -> Hold:
        return self._backend.hold

    async def run(
        self,
        command: str,
        *,
        workspace: Path,
        limits: Limits,
        network: bool = False,
        heard: Heard | None = None,
    ) -> Outcome:
        uid = _user_of(workspace, isolated=self._backend.isolates)
        order = Order(
            command=command,
            workspace=str(workspace),
            limits=limits,
            name=f"{self._mark}{secrets.token_hex(6)}",
            parent=os.getpid(),
            network=network,
            uid=uid,
            place=None if uid is None else _place(),
            readable=self._readable,
        )
        plan = self._backend.plan(order)
        run = _Run(plan, order.name, limits.output, heard)
        task = asyncio.create_task(run.outcome(), name=f"sandbox {order.name}")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            run.stop()
            # Whoever cancels again does not wait any longer; the task goes on all the same.
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()
            raise


def _user_of(workspace: Path, *, isolated: bool) -> int | None:
    """Whose a workspace is, where a command must not be of this process's user."""
    try:
        owner = workspace.stat().st_uid
    except OSError as error:
        raise SandboxBroken(f"there is no workspace: {error.strerror}") from error
    if not isolated or owner == os.geteuid() != 0:
        return None
    if owner == 0:
        raise SandboxBroken("the workspace is root's: give it to a user of its own")
    return owner


def _place() -> str | None:
    return next((place for place in _PLACES if Path(place).is_dir()), None)


class _Run:
    """One command's keeper, seen from here."""

    def __init__(self, plan: Plan, name: str, most: int, heard: Heard | None) -> None:
        self._plan = plan
        self._name = name
        self._heard = heard
        self._stdout = Capture(most)
        self._stderr = Capture(most)
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def stop(self) -> None:
        """Ask the keeper to end the command now."""
        self._stopped = True
        if self._process is not None:
            self._process.terminate()

    async def outcome(self) -> Outcome:
        """Begin the command, and wait until nothing of it is left."""
        begun = time.monotonic()
        told, tell = os.pipe()
        try:
            process = self._begin(tell)
        finally:
            os.close(tell)
        try:
            await self._end_of(process)
            reported = _read(told)
        finally:
            os.close(told)
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        report = reported or await self._without_keeper()
        return self._judged(report, time.monotonic() - begun)

    def _begin(self, tell: int) -> subprocess.Popen[bytes]:
        # Not asyncio's own: its wait() does not return while a grandchild holds a pipe, and
        # cancelling it can lose the child.
        plan = os.memfd_create("argent-plan")
        try:
            os.write(plan, marshal.dumps(cast("Any", self._plan)))
            os.lseek(plan, 0, os.SEEK_SET)
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BEGIN, str(_ROOT), self._name, str(tell)],
                stdin=plan,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(tell,),
                env={},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxBroken(f"a command's keeper could not be begun: {error}") from error
        finally:
            os.close(plan)
        self._process = process
        if self._stopped:
            process.terminate()
        return process

    async def _end_of(self, process: "subprocess.Popen[bytes]") -> None:
        """Listen until the keeper has ended, and everything was heard that was said."""
        assert process.stdout is not None
        assert process.stderr is not None
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        streams = [
            self._listen(loop, process.stdout.fileno(), self._stdout),
            self._listen(loop, process.stderr.fileno(), self._stderr),
        ]
        pidfd = os.pidfd_open(process.pid)
        loop.add_reader(pidfd, ended.set)
        try:
            await self._ended(process, ended)
            process.wait()
            # All who could hold the other ends are dead: the ends come at once.
            await asyncio.wait(streams, timeout=_TO_CLOSE)
        finally:
            loop.remove_reader(pidfd)
            os.close(pidfd)
            for stream in (process.stdout, process.stderr):
                loop.remove_reader(stream.fileno())

    async def _ended(self, process: "subprocess.Popen[bytes]", ended: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._plan["wall"] + _GRACE):
                await ended.wait()
        except TimeoutError:
            process.kill()
            await ended.wait()

    def _listen(
        self, loop: asyncio.AbstractEventLoop, stream: int, capture: Capture
    ) -> asyncio.Future[None]:
        over: asyncio.Future[None] = loop.create_future()
        os.set_blocking(stream, False)

        def read() -> None:
            try:
                data = os.read(stream, _CHUNK)
            except BlockingIOError:
                return
            if not data:
                loop.remove_reader(stream)
                if not over.done():
                    over.set_result(None)
                return
            first = capture.add(data)
            if first and self._heard is not None:
                self._heard(first)

        loop.add_reader(stream, read)
        return over

    async def _without_keeper(self) -> Report:
        """Its keeper died before it could report: end what is in the control groups, at least."""
        folders = self._plan["groups"]["folders"] if "groups" in self._plan else []
        await asyncio.to_thread(remove_groups, folders, _TO_CLOSE)
        return Report(code=None, killed=None, failed="its keeper died")

    def _judged(self, report: Report, seconds: float) -> Outcome:
        stdout, stderr = self._stdout.output, self._stderr.output
        if report["failed"] is not None and not self._stopped:
            said = " ".join(stderr.text.split())[-_MOST_SAID:]
            why = ": ".join(filter(None, (report["failed"], said)))
            raise SandboxBroken(f"a command was not carried out: {why or 'nobody says why'}")
        killed = None if report["killed"] is None else Killed(report["killed"])
        return Outcome(stdout, stderr, report["code"], killed, seconds)


def _read(told: int) -> Report | None:
    """The report of a keeper that has ended; None if it ended without one."""
    os.set_blocking(told, False)
    try:
        data = os.read(told, 1 << 16)
    except BlockingIOError:
        return None
    return cast("Report", marshal.loads(data)) if data else None
