"""Runs a program, and lets nothing of it outlive whoever asked for it.

Started as a process of its own: ``python leash.py LIFELINE PROGRAM [ARGUMENT]...``. LIFELINE is
the reading end of a pipe whose other end the gateway holds and never writes to. It ends when the
gateway closes it, or dies in any way, `kill -9` included; then the program, and what it has
started, is asked to end (SIGTERM) and a moment later killed. Where the system allows it (Linux),
that reaches also what has left the program's session, and a leash that is killed itself takes the
program with it.

Needs the standard library only, and little of that: it starts before every server.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

_GRACE = 1.0
"""Seconds from SIGTERM to SIGKILL."""

_NOT_STARTED = 127
_ASKED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}

# https://man7.org/linux/man-pages/man2/prctl.2.html
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def main() -> int:
    """Run the program until it or the lifeline ends; returns its exit code."""
    lifeline, program = int(sys.argv[1]), sys.argv[2:]
    os.set_inheritable(lifeline, False)
    woken = _wake_on_signals()
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    leash = os.getpid()
    child = os.fork()
    if child == 0:
        _become(program, leash)
    # Its own ends of the program's pipes would keep them open when the program has ended.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    code = None
    while code is None:
        ready, _, _ = select.select([lifeline, woken], [], [])
        asked = _ASKED & set(os.read(woken, 512)) if woken in ready else set()
        if lifeline in ready or asked:
            code = _end(child)
            break
        code = _reaped(child)
    _sweep(child)
    return _NOT_STARTED if code is None else code


def _wake_on_signals() -> int:
    """A descriptor from which the numbers of signals can be read."""
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    for number in (signal.SIGCHLD, *_ASKED):
        # A handler, because what is ignored would stay ignored in the program.
        signal.signal(number, lambda *_: None)
    return woken


def _become(program: list[str], leash: int) -> None:
    try:
        os.setsid()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # Python ignores these, and what is ignored stays so in the program.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        if os.getppid() == leash:
            os.execvp(program[0], program)
    except OSError as error:
        os.write(2, f"cannot start {program[0]}: {error.strerror}\n".encode(errors="replace"))
    finally:
        os._exit(_NOT_STARTED)


def _reaped(child: int) -> int | None:
    """Reap whatever has ended; the exit code of `child` if that was among it."""
    code = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == child:
                code = os.waitstatus_to_exitcode(ended[1])
    return None if code is None else code if code >= 0 else 128 - code


def _end(child: int) -> int | None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGTERM)
    until = time.monotonic() + _GRACE
    while (code := _reaped(child)) is None and time.monotonic() < until:
        time.sleep(0.01)
    return code


def _sweep(child: int) -> None:
    """Kill what is left of the program, and wait for it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    while True:
        for orphan in _children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(orphan, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    """Whoever is now a child of this process: the program, and what it left behind (Linux)."""
    me = os.getpid()
    try:
        with open(f"/proc/{me}/task/{me}/children", encoding="ascii") as listed:
            return [int(pid) for pid in listed.read().split()]
    except OSError:
        return []


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
