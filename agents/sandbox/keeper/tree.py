"""The processes below this one, as /proc shows them, and how to end them all."""

from __future__ import annotations

import os
import signal
import time

_PAGE = os.sysconf("SC_PAGE_SIZE")
_BLOCK = 512
_ROUNDS = 200
"""How often the processes are looked for anew that were begun while others were being stopped."""
_PAUSE = 0.002
_REGULAR = 0o100000
_TYPE = 0o170000


def descendants() -> list[int]:
    """The processes below this one, as far as one look can see them."""
    found: list[int] = []
    left = [os.getpid()]
    while left:
        children = _children(left.pop())
        found += children
        left += children
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in _names(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
        except OSError:
            continue
    return found


def resident(pids: list[int]) -> int:
    """The bytes of memory that processes hold. What they share is counted for each."""
    pages = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm") as file:
                pages += int(file.read().split()[1])
        except (OSError, IndexError):
            continue
    return pages * _PAGE


def unlinked(pids: list[int], device: int) -> int:
    """The bytes on a device of files that have no name any more, but are open or mapped."""
    files: dict[int, int] = {}
    for pid in pids:
        for kind in ("fd", "map_files"):
            for name in _names(f"/proc/{pid}/{kind}"):
                try:
                    seen = os.stat(f"/proc/{pid}/{kind}/{name}")  # noqa: PTH116
                except OSError:
                    continue
                if not seen.st_nlink and seen.st_dev == device and seen.st_mode & _TYPE == _REGULAR:
                    files[seen.st_ino] = seen.st_blocks * _BLOCK
    return sum(files.values())


def end(folders: list[str], seconds: float) -> bool:
    """Kill all processes below this one and wait for them. False if some are left after `seconds`.

    `folders` are the control groups that they are in.
    """
    until = time.monotonic() + seconds
    while not reaped():
        if time.monotonic() > until:
            return False
        _kill_groups(folders)
        for pid in _stopped():
            _signal(pid, signal.SIGKILL)
        if not reaped():
            time.sleep(_PAUSE)
    return True


def reaped() -> bool:
    """Wait for what has ended; whether nothing is left to wait for.

    Every orphan becomes a child of this process (it is a subreaper), so that nothing can hide.
    """
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return False


def remove_groups(folders: list[str], seconds: float) -> bool:
    """Remove control groups whose processes have ended; the kernel may take a moment to see it."""
    until = time.monotonic() + seconds
    for folder in folders:
        while True:
            try:
                os.rmdir(folder)  # noqa: PTH106
            except FileNotFoundError:
                break
            except OSError:
                if time.monotonic() > until:
                    return False
                _kill_groups([folder])
                time.sleep(_PAUSE)
            else:
                break
    return True


def _stopped() -> list[int]:
    """All processes below, none of which runs any more: so none can begin another."""
    stopped: set[int] = set()
    for _ in range(_ROUNDS):
        running = set(descendants()) - stopped
        if not running:
            break
        for pid in running:
            _signal(pid, signal.SIGSTOP)
        stopped |= running
    return list(stopped)


def _kill_groups(folders: list[str]) -> None:
    for folder in folders:
        try:
            # Since Linux 5.14, and in the second version of control groups only.
            with open(f"{folder}/cgroup.kill", "w") as file:
                file.write("1")
        except OSError:
            for pid in _members(folder):
                _signal(pid, signal.SIGKILL)


def _members(folder: str) -> list[int]:
    try:
        with open(f"{folder}/cgroup.procs") as file:
            return [int(line) for line in file]
    except OSError:
        return []


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []
