"""The parent of one gateway: starts it, is asked about its system calls, and tells how it ended.

It tells, as lines of JSON: ``{"pid": …}``, and when it has ended ``{"ended": …, "counts": …,
"done": …, "failed": …}``.
"""

import json
import os
import select
import signal
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.faults.forge import seccomp
from tests.faults.forge.harm import WATCHED, Harm
from tests.faults.forge.recorder import Recorder
from tests.faults.forge.seccomp import Asked

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_LONGEST_AFTER = 10.0
"""Seconds that the children of a gateway may outlive it, for as long as they are asked about."""


class Warden:
    """Watches the process `pid`, and does harm to it."""

    def __init__(self, pid: int, listener: int, harm: Harm | None) -> None:
        self._pid = pid
        self._listener = listener
        self._harm = harm
        self._names = seccomp.numbers(WATCHED)
        self._owners: dict[int, int] = {}
        self._counted = 0
        self._recorder = None
        if harm is not None and harm.record is not None:
            self._recorder = Recorder(pid, harm.record)
        self.counts: Counter[str] = Counter()
        self.done: str | None = None
        self.failed = 0

    def answer(self) -> None:
        """Decide about the call that waits."""
        try:
            call = seccomp.asked(self._listener)
            if self._owner(call.thread) == self._pid:
                self._decide(call, self._names[call.number])
            else:
                seccomp.go_on(self._listener, call)
        except (FileNotFoundError, ProcessLookupError, InterruptedError):
            pass  # whoever called is dead by now

    def _decide(self, call: Asked, name: str) -> None:
        harm = self._harm
        where = _file(self._pid, call, name) if harm is not None and harm.below else ""
        if harm is not None and (
            (harm.below and not where.startswith(harm.below))
            or (harm.writing and name == "openat" and not call.arguments[2] & _WRITING)
        ):
            self._go_on(call, name)
            return
        self.counts[name] += 1
        if harm is None or name not in harm.calls:
            self._go_on(call, name)
            return
        self._counted += 1
        if not self._due(harm):
            self._go_on(call, name)
            return
        if self.done is None:
            self.done = f"{name} {_file(self._pid, call, name)}".strip()
        if harm.error is None:
            os.kill(self._pid, harm.signal)
            if harm.signal != signal.SIGKILL:
                self._go_on(call, name)
        else:
            self.failed += 1
            seccomp.refuse(self._listener, call, harm.error)

    def _go_on(self, call: Asked, name: str) -> None:
        if self._recorder is not None and self._recorder.record(call, name):
            seccomp.pretend(self._listener, call)
        else:
            seccomp.go_on(self._listener, call)

    def _due(self, harm: Harm) -> bool:
        if self._counted < harm.at:
            return False
        if harm.while_ is not None:
            return Path(harm.while_).exists()
        return self._counted < harm.at + harm.times

    def _owner(self, thread: int) -> int:
        """The process of a thread, which is asked for once: an id is not used again so soon."""
        if thread not in self._owners:
            status = Path(f"/proc/{thread}/status").read_text()
            self._owners[thread] = int(status.partition("\nTgid:")[2].split(None, 1)[0])
        return self._owners[thread]


def watch(begin: Callable[[], None], harm: Harm | None, told: int) -> None:
    """Fork a gateway that does `begin`, and watch it to its end; returns in the parent only.

    Must be called in a process without threads. Whoever is left without its parent is killed.
    """
    seccomp.die_with_parent()
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        seccomp.die_with_parent()
        os.close(told)
        ours.close()
        _be_watched(theirs)
        begin()
        raise SystemExit(0)
    theirs.close()
    pidfd = os.pidfd_open(pid)
    listener = _listener(ours, pidfd)
    _tell(told, {"pid": pid})
    warden = Warden(pid, listener, harm)
    waiting = select.poll()
    waiting.register(listener, select.POLLIN)
    waiting.register(pidfd, select.POLLIN)
    lives = True
    while lives:
        for descriptor, event in waiting.poll():
            if descriptor == listener and event & select.POLLIN:
                warden.answer()
            elif descriptor == pidfd:
                lives = False
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    _tell(told, {
        "ended": code, "counts": warden.counts, "done": warden.done, "failed": warden.failed,
    })  # fmt: skip
    os.close(told)
    _see_off(warden, listener)


def _see_off(warden: Warden, listener: int) -> None:
    """Answer the children that the gateway left, until the last of them is gone."""
    left = select.poll()
    left.register(listener, select.POLLIN)
    while events := left.poll(_LONGEST_AFTER * 1000):
        if not events[0][1] & select.POLLIN:
            return
        warden.answer()


def _be_watched(parent: socket.socket) -> None:
    """Install the filter, and let the parent take its listener, which is the lowest free number."""
    listener = os.open(os.devnull, os.O_RDONLY)
    parent.sendall(listener.to_bytes(4, "little"))
    os.close(listener)
    watched = seccomp.numbers(WATCHED)
    assert seccomp.listen(watched) == listener
    # From here on every watched call waits for the parent, who waits for this one, which is none.
    parent.shutdown(socket.SHUT_WR)
    os.close(listener)
    parent.close()


def _listener(child: socket.socket, pidfd: int) -> int:
    number = int.from_bytes(child.recv(4), "little")
    assert child.recv(1) == b"", "the filter could not be installed"
    child.close()
    return seccomp.taken_from(pidfd, number)


def _file(pid: int, call: Asked, name: str) -> str:
    """The file that a call is about, as far as it can be told; a path is read from its memory."""
    paths = {
        "openat": 1, "openat2": 1, "rename": 0, "renameat": 1, "renameat2": 1, "link": 0,
        "linkat": 1, "unlink": 0, "unlinkat": 1, "mkdir": 0, "mkdirat": 1, "rmdir": 0,
    }  # fmt: skip
    try:
        if name not in paths:
            return str(Path(f"/proc/{pid}/fd/{call.arguments[0]}").readlink())
        text = _text(pid, call.arguments[paths[name]])
        if text.startswith("/") or paths[name] == 0:
            return text
        folder = call.arguments[0] & 0xFFFFFFFF
        at_cwd = folder == 0xFFFFFF9C
        base = Path(f"/proc/{pid}/cwd" if at_cwd else f"/proc/{pid}/fd/{folder}").readlink()
        return str(base / text)
    except OSError:
        return ""


def _text(pid: int, address: int) -> str:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        data = memory.read(4096)
    return os.fsdecode(data.partition(b"\0")[0])


def _tell(told: int, what: object) -> None:
    os.write(told, json.dumps(what).encode() + b"\n")
