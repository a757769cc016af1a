"""What the state folder is on: room, and a file system that keeps its promises."""

import os
from collections.abc import Iterator
from pathlib import Path

from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case

FULL = Fault(
    "disk-full",
    Level.ERROR,
    "{free} is left on the file system of {where}",
    "it is full, or as good as that: messages are not taken in when they cannot be stored",
    "make room there; old sessions go with: argent sessions clean --older-than 6m --dry-run",
)
NEARLY_FULL = Fault(
    "disk-nearly-full",
    Level.WARNING,
    "{free} is left on the file system of {where}",
    "it fills up",
    FULL.fix,
)
NO_INODES = Fault(
    "disk-out-of-inodes",
    Level.ERROR,
    "{left} more files can be made on the file system of {where}",
    "it has room, and no inodes: it holds very many small files",
    "remove files there (df -i shows where), or move the state folder to another file system",
)
NETWORK = Fault(
    "disk-network",
    Level.WARNING,
    "{where} is on a network file system ({kind})",
    "locks and flushes may not hold there, and SQLite says not to: https://sqlite.org/wal.html",
    "move it to a local disk, and say so with ARGENT_STATE_DIR",
)
VOLATILE = Fault(
    "disk-volatile",
    Level.WARNING,
    "{where} goes when the container or the machine goes ({kind})",
    "it is in a container's own layer or in memory, and on no volume",
    "mount a volume there (docker run -v argent:{where} …), or set ARGENT_STATE_DIR",
)
FAULTS = (FULL, NEARLY_FULL, NO_INODES, NETWORK, VOLATILE)

LEAST, LITTLE = 50_000_000, 500_000_000
"""Bytes: with less, nothing works for long; with less, it is time to make room."""

LEAST_INODES = 1_000
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse", "fuse.sshfs", "ceph", "glusterfs")
_VOLATILE = ("overlay", "tmpfs", "ramfs", "aufs")


def examine(case: Case) -> Iterator[Finding]:
    """What is wrong with the disk under the state folder."""
    if not case.readable:
        return
    where = str(case.state_dir)
    room = os.statvfs(case.state_dir)
    yield from of_room(where, room.f_bavail * room.f_frsize)
    # Some file systems make inodes as they need them, and count none.
    if room.f_files and room.f_favail < LEAST_INODES:
        yield NO_INODES.at(where, left=room.f_favail)
    mounts = Path("/proc/self/mountinfo")
    if mounts.exists():
        kind = file_system(case.state_dir.resolve(), mounts.read_text(errors="replace"))
        yield from of_kind(where, kind)


def of_room(where: str, free: int) -> Iterator[Finding]:
    """What so many free bytes mean."""
    if free < LEAST:
        yield FULL.at(where, free=_size(free))
    elif free < LITTLE:
        yield NEARLY_FULL.at(where, free=_size(free))


def of_kind(where: str, kind: str) -> Iterator[Finding]:
    """What a kind of file system means for what is kept on it."""
    if kind in _NETWORK:
        yield NETWORK.at(where, kind=kind)
    elif kind in _VOLATILE:
        yield VOLATILE.at(where, kind=kind)


def file_system(path: Path, mounts: str) -> str:
    """The type of the file system that a path is on, by proc(5)'s mountinfo. Pure."""
    found, deepest = "", -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = Path(_unescaped(before.split(" ")[4]))
        depth = len(point.parts)
        # Of two mounts at one place, the later one is seen.
        if path.is_relative_to(point) and depth >= deepest:
            found, deepest = after.split(" ")[0], depth
    return found


def _unescaped(text: str) -> str:
    for code, character in (("040", " "), ("011", "\t"), ("012", "\n"), ("134", "\\")):
        text = text.replace(f"\\{code}", character)
    return text


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
