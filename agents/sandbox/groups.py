"""Control groups: where this machine lets us make some, and what to write there for a command.

https://docs.kernel.org/admin-guide/cgroup-v2.html and .../cgroup-v1/index.html
"""

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agents.sandbox.keeper.plan import Groups
from agents.sandbox.keeper.tree import remove_groups
from agents.sandbox.limits import Limits

OURS = "argent"
"""The folder in which the groups of commands are made."""

_GATEWAY = "gateway"
"""The folder of the gateway itself, where it must not stay in the group that was delegated."""

NEEDED = ("memory", "pids")
"""Without these controllers, control groups are not used at all."""

_WANTED = ("memory", "pids", "cpu")
_PERIOD = 100_000
"""Microseconds in which a command may use its processors for `Limits.cpu` times as long."""
_LEAST_QUOTA = 1_000
_OWN_TASKS = 6
"""Processes of the sandbox itself, which are in the group as well."""
_TO_DIE = 2.0


@dataclass(frozen=True, slots=True)
class ControlGroups:
    """Folders, each for some controllers, in which groups for commands can be made."""

    folders: tuple[Path, ...]
    controllers: frozenset[str]
    unified: bool

    def of(self, name: str, limits: Limits) -> Groups:
        """The groups for one command. Nothing is made yet: its keeper does that."""
        folders = [parent / name for parent in self.folders]
        write = _unified if self.unified else _divided
        values, wanted = write(limits, folders)
        oom = "memory.events" if self.unified else "memory.oom_control"
        return Groups(
            # Controllers can be mounted together; a group is then made once.
            folders=list(dict.fromkeys(map(str, folders))),
            values=values,
            wanted=wanted,
            oom=str(folders[0] / oom),
        )

    @property
    def limits_cpu(self) -> bool:
        """Whether a share of a processor can be had."""
        return "cpu" in self.controllers

    def sweep(self, mark: str) -> int:
        """End what is left in groups whose names begin with a mark, and remove them."""
        stale = [
            path for folder in self.folders for path in folder.glob(f"{mark}*") if path.is_dir()
        ]
        return sum(remove_groups([str(path)], _TO_DIE) for path in stale)


def _unified(
    limits: Limits, folders: list[Path]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    (group,) = folders
    quota = max(_LEAST_QUOTA, int(limits.cpu * _PERIOD))
    values = {"memory.max": limits.memory, "pids.max": limits.pids + _OWN_TASKS}
    wanted = {
        "memory.swap.max": 0,
        "memory.oom.group": 1,
        "cpu.max": f"{quota} {_PERIOD}",
    }
    return _lines(group, values), _lines(group, wanted)


def _divided(
    limits: Limits, folders: list[Path]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    memory, pids, *rest = folders
    quota = max(_LEAST_QUOTA, int(limits.cpu * _PERIOD))
    values = [
        *_lines(memory, {"memory.limit_in_bytes": limits.memory}),
        *_lines(pids, {"pids.max": limits.pids + _OWN_TASKS}),
        *(line for cpu in rest for line in _lines(cpu, {"cpu.cfs_quota_us": quota})),
    ]
    return values, _lines(memory, {"memory.memsw.limit_in_bytes": limits.memory})


def _lines(group: Path, values: Mapping[str, object]) -> list[tuple[str, str]]:
    return [(str(group / name), str(value)) for name, value in values.items()]


def find(proc: Path = Path("/proc/self")) -> ControlGroups | None:
    """Where groups can be made here, None if nowhere. Makes a group to see it, and removes it."""
    own = dict(_own(proc))
    mounts = list(_mounts(proc))
    return _find_unified(own, mounts) or _find_divided(mounts)


@dataclass(frozen=True, slots=True)
class _Mount:
    place: Path
    unified: bool
    controllers: frozenset[str]


def _own(proc: Path) -> Iterator[tuple[str, str]]:
    """This process's groups: by controllers (empty for the second version), a path."""
    with contextlib.suppress(OSError):
        for line in (proc / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            yield controllers, path


def _mounts(proc: Path) -> Iterator[_Mount]:
    with contextlib.suppress(OSError):
        for line in (proc / "mountinfo").read_text().splitlines():
            left, _, right = line.partition(" - ")
            kind, _, options = right.split(" ", 2)
            if kind in ("cgroup", "cgroup2"):
                place = Path(left.split(" ")[4])
                yield _Mount(place, kind == "cgroup2", frozenset(options.split()[-1].split(",")))


def _find_unified(own: dict[str, str], mounts: list[_Mount]) -> ControlGroups | None:
    root = next((mount.place for mount in mounts if mount.unified), None)
    if root is None or "" not in own:
        return None
    here = root / own[""].lstrip("/")
    # A unit with `DelegateSubgroup` is one below the group that was delegated.
    for base in (here, here.parent) if here != root else (here,):
        with contextlib.suppress(OSError):
            if found := _prepared(base):
                return found
    return None


def _prepared(base: Path) -> ControlGroups | None:
    """Our folder below a group that was delegated to us, if it can have what is needed."""
    offered = set((base / "cgroup.controllers").read_text().split())
    if not offered.issuperset(NEEDED) or not os.access(base, os.W_OK):
        return None
    _step_aside(base)
    folder = base / OURS
    folder.mkdir(exist_ok=True)
    for group in (base, folder):
        for name in _WANTED:
            if name in offered:
                _enable(group, name)
    has = frozenset((folder / "cgroup.subtree_control").read_text().split())
    if not has.issuperset(NEEDED) or not _takes_groups(folder):
        return None
    return ControlGroups((folder,), has, unified=True)


def _step_aside(base: Path) -> None:
    """Move this process into a group below, if it is the only one in this one.

    A group that has processes cannot give controllers to others; systemd puts a unit's processes
    into the group that it delegates, before its version 254 always.
    """
    members = (base / "cgroup.procs").read_text().split()
    if members == [str(os.getpid())]:
        own = base / _GATEWAY
        own.mkdir(exist_ok=True)
        (own / "cgroup.procs").write_text(members[0])


def _enable(group: Path, name: str) -> None:
    control = group / "cgroup.subtree_control"
    # A group that has processes refuses; what could be enabled is seen afterwards.
    with contextlib.suppress(OSError):
        if name not in control.read_text().split():
            control.write_text(f"+{name}")


def _find_divided(mounts: list[_Mount]) -> ControlGroups | None:
    folders: dict[str, Path] = {}
    for name in _WANTED:
        mount = next((m for m in mounts if not m.unified and name in m.controllers), None)
        if mount is None:
            continue
        folder = mount.place / OURS
        with contextlib.suppress(OSError):
            folder.mkdir(exist_ok=True)
            if _takes_groups(folder):
                folders[name] = folder
    if not set(NEEDED) <= folders.keys():
        return None
    return ControlGroups(tuple(folders.values()), frozenset(folders), unified=False)


def _takes_groups(folder: Path) -> bool:
    probe = folder / f"probe-{secrets.token_hex(4)}"
    try:
        probe.mkdir()
    except OSError:
        return False
    return remove_groups([str(probe)], _TO_DIE)
