"""Which sandbox is used: the first that passes its test on this machine, or none, with reasons."""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from agents.sandbox import groups as control_groups
from agents.sandbox.bubblewrap import Bubblewrap
from agents.sandbox.config import Backend, SandboxSettings
from agents.sandbox.containers import LABEL, Container
from agents.sandbox.errors import Refusal, SandboxUnavailable
from agents.sandbox.groups import ControlGroups
from agents.sandbox.kept import KeptSandbox
from agents.sandbox.landlock import Bare, Landlock
from agents.sandbox.limits import Hold
from agents.sandbox.order import Backend as Way
from agents.sandbox.sandbox import Sandbox
from agents.sandbox.testing import canaries, tried

HARD_FIX = (
    "let control groups be made: in a unit of systemd Delegate=memory pids cpu; else, as root, "
    "folders named argent for memory, pids and cpu in /sys/fs/cgroup that belong to Argent's user"
)
_PATIENCE = 20.0
_LOOKS, _BETWEEN = 100, 0.01
"""How often a sweep looks for processes, at most, and the seconds between two looks."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """The sandbox that can be used here, None if none can, and why the others cannot.

    `bare` carries out commands of sessions that need none, under the same limits; None where not
    even that can be had.
    """

    sandbox: Sandbox | None
    bare: Sandbox | None
    refusals: tuple[Refusal, ...]

    @property
    def told(self) -> str:
        """For the log, `argent doctor` and health: what is used, or what has to be mended."""
        if self.sandbox is None:
            return str(SandboxUnavailable(self.refusals))
        return f"{self.sandbox.name}, limits={self.sandbox.hold}"

    def required(self) -> Sandbox:
        """The sandbox. Raises `SandboxUnavailable`."""
        if self.sandbox is None:
            raise SandboxUnavailable(self.refusals)
        return self.sandbox


def mark_of(state: Path) -> str:
    """What the runs of a gateway are called on this machine: by its state folder, so that another
    gateway's are not taken for its own."""
    return f"argent-{hashlib.sha256(os.fsencode(state)).hexdigest()[:8]}-"


async def find(settings: SandboxSettings, *, mark: str) -> Found:
    """Try the backends that the settings allow, in order."""
    groups = await asyncio.to_thread(control_groups.find)
    return await first_of(
        ways(settings, groups), least=settings.min_limits, mark=mark, bare=Bare(groups)
    )


def ways(settings: SandboxSettings, groups: ControlGroups | None) -> tuple[Way, ...]:
    """The backends that the settings allow, the best first."""
    image = settings.image
    containers = [Container.here(name, image) for name in ("docker", "podman")]
    match settings.backend:
        case Backend.OFF:
            return ()
        case Backend.AUTO:
            between = containers if image else []
            return (Bubblewrap.here(groups), *between, Landlock(groups))
        case Backend.BUBBLEWRAP:
            return (Bubblewrap.here(groups),)
        case Backend.LANDLOCK:
            return (Landlock(groups),)
        case name:
            return tuple(each for each in containers if each.name == name)


async def first_of(backends: Iterable[Way], *, least: Hold, mark: str, bare: Way) -> Found:
    """The first backend that passes its test, if its limits are not softer than `least`."""
    refusals: list[Refusal] = []
    chosen: Sandbox | None = None
    for backend in backends:
        if least is Hold.HARD and backend.hold is Hold.SOFT:
            refusals.append(Refusal(backend.name, "its limits would be soft", HARD_FIX))
        elif refusal := await tried(backend, mark=mark):
            refusals.append(refusal)
        else:
            chosen = KeptSandbox(backend, mark=mark)
            break
    if not refusals and chosen is None:
        refusals.append(Refusal("none", "sandbox.backend is off", "set sandbox.backend to auto"))
    free = None if bare.missing() else KeptSandbox(bare, mark=mark)
    return Found(chosen, free, tuple(refusals))


def sweep(mark: str, groups: ControlGroups | None) -> int:
    """End what a gateway that was killed may have left behind; how many things there were. Blocks.

    Call it before the first command, and only while no other gateway uses the state folder.
    """
    ended: set[int] = set()
    # What is just being begun is seen by none or the next look.
    for _ in range(_LOOKS):
        there = list(_left(mark))
        for pid, number in there:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
                ended.add(pid)
        time.sleep(_BETWEEN)
        if not there:
            break
    count = len(ended)
    if groups is not None:
        count += groups.sweep(mark)
    count += _sweep_canaries(mark)
    return count + sum(_sweep_containers(name, mark) for name in ("docker", "podman"))


def _left(mark: str) -> Iterator[tuple[int, int]]:
    """Processes of an earlier gateway, and how each is ended: a keeper ends what it keeps, and all
    below a bubblewrap ends with it."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if any(word.startswith(mark.encode()) for word in words):
                keeps = b"--hostname" not in words
                yield int(folder.name), signal.SIGTERM if keeps else signal.SIGKILL


def _sweep_canaries(mark: str) -> int:
    left = list(Path(tempfile.gettempdir()).glob(f"{canaries(mark)}*"))
    for folder in left:
        # Of another user, who made one of that name, nothing is removed.
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def _sweep_containers(name: str, mark: str) -> int:
    program = shutil.which(name)
    if program is None:
        return 0
    try:
        listed = subprocess.run(
            [program, "ps", "--all", "--format", "{{.Names}}", "--filter", f"label={LABEL}"],
            capture_output=True, text=True, timeout=_PATIENCE, check=False,
        )  # fmt: skip
        ours = [each for each in listed.stdout.split() if each.startswith(mark)]
        if ours:
            subprocess.run(
                [program, "rm", "--force", *ours],
                capture_output=True, timeout=_PATIENCE, check=False,
            )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.warning("containers could not be looked for", program=name, error=str(error))
        return 0
    return len(ours)
