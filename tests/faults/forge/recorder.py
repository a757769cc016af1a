"""What a process does to the files below a folder, written down before it is done."""

import os
from collections.abc import Sequence
from pathlib import Path

from tests.faults.forge.seccomp import Asked
from tests.faults.power.deed import Deed

_AT_CWD = 0xFFFFFF9C
_KEEP_SIZE = 0x01

_LONGEST_PATH = 4096

_SYNCS = frozenset({"fsync", "fdatasync", "syncfs"})
_NOT_UNDERSTOOD = frozenset({"writev", "pwritev"})
_OF_NAMES = {
    "openat": ("open", 1, None),
    "rename": ("rename", 0, 1), "renameat": ("rename", 1, 3), "renameat2": ("rename", 1, 3),
    "link": ("link", 0, 1), "linkat": ("link", 1, 3),
    "unlink": ("remove", 0, None), "unlinkat": ("remove", 1, None), "rmdir": ("remove", 0, None),
    "mkdir": ("mkdir", 0, None), "mkdirat": ("mkdir", 1, None),
}  # fmt: skip
"""What calls do to a name, and which of their arguments are paths."""


def log_of(folder: Path) -> Path:
    """Where it is recorded what is done in a folder: beside it."""
    return folder.with_suffix(".deeds")


class Recorder:
    """Writes what the process `pid` does below a folder to the log of that folder.

    Several processes that follow each other write one log.
    """

    def __init__(self, pid: int, below: str) -> None:
        self._pid = pid
        self._below = below
        self._log = log_of(Path(below)).open("ab", buffering=0)

    def record(self, call: Asked, name: str) -> bool:
        """Write down a call that is about to be made; whether it need not be made.

        A sync takes effect when it is recorded, before its caller hears of it.
        """
        try:
            deeds = self._deeds(call, name)
        except OSError:
            return False  # neither does the kernel understand what it is given
        for deed in deeds:
            if deed.path.startswith(self._below):
                self._log.write(deed.as_line())
        return name in _SYNCS

    def _deeds(self, call: Asked, name: str) -> list[Deed]:
        if name in _OF_NAMES:
            return self._named(_OF_NAMES[name], call.arguments)
        if name in _SYNCS:
            return [Deed("syncfs", self._below) if name == "syncfs" else self._synced(call)]
        if name in _NOT_UNDERSTOOD:
            assert not self._of(call.arguments[0]).startswith(self._below), name
        return self._changed(name, call.arguments)

    def _named(self, how: tuple[str, int, int | None], given: Sequence[int]) -> list[Deed]:
        what, one, two = how
        below = one == 1
        path = self._at(given, one, below)
        if what != "open":
            return [Deed(what, path, to="" if two is None else self._at(given, two, below))]
        flags = given[2]
        made = [Deed("open", path)] if flags & os.O_CREAT else []
        return [*made, Deed("resize", path, 0)] if flags & os.O_TRUNC else made

    def _synced(self, call: Asked) -> Deed:
        return Deed("sync", self._of(call.arguments[0]))

    def _changed(self, name: str, given: Sequence[int]) -> list[Deed]:
        fd, two, three, four, *_ = given
        match name:
            case "write":
                return self._written(fd, two, three, None)
            case "pwrite64":
                return self._written(fd, two, three, four)
            case "ftruncate":
                return [Deed("resize", self._of(fd), two)]
            case "fallocate" if not two & _KEEP_SIZE:
                return [Deed("grow", self._of(fd), three + four)]
        return []

    def _written(self, fd: int, address: int, count: int, at: int | None) -> list[Deed]:
        path = self._of(fd)
        if not path.startswith(self._below):
            return []
        if at is None:
            at = self._position(fd, path)
        return [Deed("write", path, at, self._memory(address, count))]

    def _position(self, fd: int, path: str) -> int:
        facts = dict(
            line.split(":", 1)
            for line in Path(f"/proc/{self._pid}/fdinfo/{fd}").read_text().splitlines()
        )
        appends = int(facts["flags"], 8) & os.O_APPEND
        return Path(path).stat().st_size if appends else int(facts["pos"])

    def _of(self, fd: int) -> str:
        return str(Path(f"/proc/{self._pid}/fd/{fd & 0xFFFFFFFF}").readlink())

    def _at(self, given: Sequence[int], index: int, below: bool) -> str:
        """The path at this argument; if `below`, the argument before it is an open folder."""
        text = os.fsdecode(self._memory(given[index], _LONGEST_PATH).partition(b"\0")[0])
        if text.startswith("/"):
            return text
        folder = given[index - 1] & 0xFFFFFFFF if below else _AT_CWD
        where = "cwd" if folder == _AT_CWD else f"fd/{folder}"
        return str(Path(f"/proc/{self._pid}/{where}").readlink() / text)

    def _memory(self, address: int, count: int) -> bytes:
        with Path(f"/proc/{self._pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(address)
            # Of a path that ends shortly before memory that is not there, less may come.
            return memory.read(count)
