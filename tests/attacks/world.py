"""What is around a sandbox in these tests: secrets to read, doors to knock at, and what is left."""

import ctypes
import os
import secrets
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from agents.workspace.folder import prepare
from tests.attacks.backends import GROUPS, MARK

SECRET = "canary-7f3a9c"


@dataclass(frozen=True)
class World:
    """`folder` is outside, readable and writable for everybody; `workspace` is the command's own.

    `token` is a number of seconds that only commands of this world sleep for. `outsider` is a
    process of ours, and `shared` a piece of memory that everybody may read.
    """

    folder: Path
    workspace: Path
    other: Path
    state: Path
    port: int
    datagrams: socket.socket
    abstract: str
    token: int
    outsider: int
    shared: int

    @property
    def udp(self) -> int:
        return self.datagrams.getsockname()[1]

    def heard(self) -> bool:
        """Whether a datagram came."""
        try:
            return bool(self.datagrams.recv(16))
        except BlockingIOError:
            return False

    @property
    def pid(self) -> int:
        return os.getpid()

    @property
    def user(self) -> int:
        """Whose the command's processes are."""
        return self.workspace.stat().st_uid

    def left(self) -> list[str]:
        """What is left of commands: processes, zombies, control groups."""
        return [*self._processes(), *_zombies(), *_groups()]

    def _processes(self) -> Iterator[str]:
        alone = self.user != os.geteuid()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes()
                sleeps = f"\0{self.token}\0".encode() in words
                if sleeps or (alone and folder.stat().st_uid == self.user):
                    yield f"process {folder.name}: {words[:200]!r}"


def _zombies() -> Iterator[str]:
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            with suppress(OSError):
                state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
                if state == "Z":
                    yield f"zombie {child}"


def _groups() -> Iterator[str]:
    for folder in GROUPS.folders if GROUPS else ():
        yield from (f"control group {path}" for path in folder.glob(f"{MARK}*"))


@contextmanager
def world() -> Iterator[World]:
    """A world with its doors open: what keeps a command from them is the sandbox alone."""
    folder = Path(tempfile.mkdtemp(prefix="argent-world-"))
    outsider = subprocess.Popen(["/bin/sh", "-c", "read line"], stdin=subprocess.PIPE)
    shared = _shared_memory()
    folder.chmod(0o755)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        datagrams.bind(("127.0.0.1", 0))
        datagrams.setblocking(False)
        name = f"argent-{secrets.token_hex(6)}"
        abstract.bind(f"\0{name}")
        abstract.listen()
        unix.bind(str(folder / "control.sock"))
        unix.listen()
        (folder / "control.sock").chmod(0o777)
        try:
            yield World(
                folder=folder,
                workspace=_workspace(folder, "ours"),
                other=_workspace(folder, "theirs"),
                state=_state(folder),
                port=server.getsockname()[1],
                datagrams=datagrams,
                abstract=name,
                token=100_000_000 + secrets.randbelow(10**8),
                outsider=outsider.pid,
                shared=shared,
            )
        finally:
            outsider.communicate()
            _libc.shmctl(shared, _IPC_RMID, None)
            # Python's own way to remove folders is recursive, and folders can be deep.
            subprocess.run(["rm", "-rf", folder], check=True)


_libc = ctypes.CDLL(None, use_errno=True)
_libc.shmat.restype = ctypes.c_void_p
_IPC_PRIVATE, _IPC_RMID, _SIZE = 0, 0, 4096


def _shared_memory() -> int:
    """A piece of memory that everybody may read who knows its number."""
    number = _libc.shmget(_IPC_PRIVATE, _SIZE, 0o1666)
    assert number >= 0
    place = _libc.shmat(number, None, 0)
    ctypes.memmove(place, SECRET.encode(), len(SECRET))
    _libc.shmdt(ctypes.c_void_p(place))
    return int(number)


def _workspace(folder: Path, session: str) -> Path:
    place = folder / "closed" / session
    prepare(place, f"{folder}/{session}")
    secret = place / "note"
    secret.write_text(SECRET if session == "theirs" else "mine")
    os.chown(secret, place.stat().st_uid, -1)
    return place


def _state(folder: Path) -> Path:
    state = folder / "state"
    state.mkdir()
    state.chmod(0o777)
    (state / "argent.toml").write_text(SECRET)
    assert stat.S_IMODE((state / "argent.toml").stat().st_mode) & 0o004
    return state
