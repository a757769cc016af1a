"""Bubblewrap: a file system, processes, a network and users of a command's own.

https://github.com/containers/bubblewrap
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agents.sandbox import order as orders
from agents.sandbox import seccomp
from agents.sandbox.errors import Refusal
from agents.sandbox.groups import ControlGroups
from agents.sandbox.keeper.descriptors import DATA, STATUS
from agents.sandbox.keeper.plan import Plan
from agents.sandbox.limits import Hold
from agents.sandbox.order import Order

WORKSPACE = "/workspace"
"""What a command sees its workspace as."""

OLDEST = (0, 8)
"""The version that first had ``--disable-userns`` (and ``--size``, which came in 0.7)."""

FIX = (
    "apt install bubblewrap (0.8 or newer) and allow user namespaces to users: on Ubuntu an "
    "AppArmor profile for bwrap; in a container --security-opt seccomp=unconfined, or run Argent "
    "outside it"
)

_TEMPORARY = 64 << 20
"""Bytes of /tmp and of /dev/shm."""
_USER = 1000
_PASSWD = b"sandbox:x:1000:1000::/workspace:/bin/sh\n"
_GROUP = b"sandbox:x:1000:\n"
_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_FROM_ETC = ("ld.so.cache", "alternatives", "localtime", "ssl/certs", "nsswitch.conf")
_FOR_NETWORK = ("resolv.conf", "hosts")
_PATIENCE = 5.0

# bubblewrap arms the end of what it holds only when it has set everything up; this runs after that,
# and goes on only if there still is a keeper that answers.
_GATE = 'echo ask >&0; read -r go || exit 125; exec </dev/null "$@"'


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """The backend. `program` is where bwrap is, None if nowhere; `prlimit` likewise."""

    program: str | None
    groups: ControlGroups | None
    prlimit: str | None = "/usr/bin/prlimit"
    name: str = "bubblewrap"
    isolates: bool = True

    @classmethod
    def here(cls, groups: ControlGroups | None) -> "Bubblewrap":
        """As this machine has it."""
        prlimit = shutil.which("prlimit", path=orders.PATH)
        return cls(shutil.which("bwrap"), groups, prlimit)

    @property
    def hold(self) -> Hold:
        return Hold.HARD if self.groups else Hold.SOFT

    def missing(self) -> Refusal | None:
        if refusal := orders.wrong_machine(self.name):
            return refusal
        if self.program is None:
            return Refusal(self.name, "bwrap is not installed", FIX)
        if self.prlimit is None and self.groups is None:
            why = "neither control groups nor prlimit are there to limit processes"
            return Refusal(self.name, why, "apt install util-linux")
        version = _version(self.program)
        if version < OLDEST:
            return Refusal(self.name, f"bwrap {'.'.join(map(str, version))} is too old", FIX)
        return None

    def plan(self, order: Order) -> Plan:
        """A command in namespaces of its own. Raises `CommandRefused`."""
        assert self.program is not None
        command = orders.checked(order.command)
        # What shares the machine's network could reach its sockets without a path, too.
        families = (seccomp.INET, seccomp.INET6) if order.network else (
            seccomp.UNIX, seccomp.INET, seccomp.INET6)  # fmt: skip
        plan = orders.common(order, self.groups)
        plan["data"] = [seccomp.program(orders.machine(), families), _PASSWD, _GROUP]
        plan["status"] = plan["gate"] = True
        plan["argv"] = [
            self.program,
            *_namespaces(order),
            *_surroundings(),
            *_files(order),
            *("--seccomp", str(DATA), "--json-status-fd", str(STATUS), "--"),
            *(orders.SHELL, "-c", _GATE, "gate"),
            *self._counted(order),
            *(orders.SHELL, "-c", command),
        ]
        return plan

    def _counted(self, order: Order) -> Iterator[str]:
        """Set in the user namespace, the limit counts what is in it; before, all of a user's."""
        if self.prlimit is not None:
            yield from (self.prlimit, f"--nproc={order.limits.pids}", "--")


def _namespaces(order: Order) -> Iterator[str]:
    yield from ("--unshare-user", "--disable-userns", "--unshare-ipc", "--unshare-pid")
    yield from ("--unshare-uts", "--unshare-cgroup")
    if not order.network:
        yield "--unshare-net"
    yield from ("--die-with-parent", "--new-session")
    # By which a later start finds what nobody ended (`agents.sandbox.choosing.sweep`).
    yield from ("--hostname", order.name)
    yield from ("--cap-drop", "ALL", "--uid", str(_USER), "--gid", str(_USER))


def _surroundings() -> Iterator[str]:
    yield "--clearenv"
    for name, value in orders.environment(WORKSPACE, "/tmp").items():
        yield from ("--setenv", name, value)


def _files(order: Order) -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in (*_FROM_ETC, *(_FOR_NETWORK if order.network else ())):
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    for folder in order.readable:
        yield from ("--ro-bind", folder, folder)
    yield from ("--ro-bind-data", str(DATA + 1), "/etc/passwd")
    yield from ("--ro-bind-data", str(DATA + 2), "/etc/group")
    yield from ("--proc", "/proc", "--dev", "/dev")
    for place in ("/dev/shm", "/tmp"):
        yield from ("--size", str(_TEMPORARY), "--tmpfs", place)
    yield from ("--remount-ro", "/dev", "--bind", order.folder, WORKSPACE)
    yield from ("--chdir", WORKSPACE, "--remount-ro", "/")


def _version(program: str) -> tuple[int, ...]:
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    found = re.search(r"(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else (0,)
