"""The filter for system calls that every sandboxed process gets, as a program for the kernel. Pure.

It names what is refused. Most of that would need privileges that a sandboxed process has not; it is
refused all the same, because these calls are where the kernel's own mistakes were found. What the
kernel will learn later is unknown to the filter, and refused as well.
"""

import errno
import struct
from dataclasses import dataclass

from agents.sandbox.numbers import MACHINES

UNIX, INET, INET6 = 1, 2, 10
"""Families of sockets."""

ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
"""What a filter returns (``linux/seccomp.h``); the number of an error stands in the low bits."""

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""What the kernel calls the machines (``linux/audit.h``)."""

LAST_KNOWN = 470
"""The newest system call that was looked at."""

NEW_NAMESPACES = 0x7E020000
"""The ``CLONE_NEW…`` flags of ``clone``. CLONE_NEWTIME is among its signal's bits, and is not one
that it takes."""

X32 = 0x40000000
"""The bit of x86-64's other numbering of the same calls."""

_LOAD, _EQUAL, _AT_LEAST, _MORE, _HAS, _RETURN = 0x20, 0x15, 0x35, 0x25, 0x45, 0x06
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24
_SECOND_HIGH = 28
"""Where ``struct seccomp_data`` has what is looked at; of an argument, its low half first."""

_TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: a process could type for the terminal that the gateway was started in."""

IPC = frozenset({
    "mq_open", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop",
    "semtimedop", "shmat", "shmctl", "shmget",
})  # fmt: skip
"""What reaches others where a command has no namespace of its own for it."""

ATTRIBUTES = frozenset({
    "chmod", "chown", "fchmodat", "fchmodat2", "fchownat", "file_setattr", "futimesat", "lchown",
    "lremovexattr", "lsetxattr", "removexattr", "removexattrat", "setxattr", "setxattrat", "utime",
    "utimensat", "utimes",
})  # fmt: skip
"""What changes a file by its path, and that Landlock does not look at: a command that runs as the
gateway's own user could take its files from it, or open them to everybody. By a descriptor, which
Landlock let it have, a file's attributes can still be changed."""

_WITH_ARGUMENTS = ("clone", "socket", "ioctl", "prlimit64", "setpriority", "utimensat")
_MISSING = ("clone3", "io_uring_setup", "io_uring_enter", "io_uring_register")
"""What a libc can do without, and does when the kernel seems not to have it. (The flags of
``clone3`` are in memory, where a filter cannot look.)"""


@dataclass(frozen=True, slots=True)
class _Step:
    code: int
    value: int
    then: int = 0
    otherwise: int = 0

    def packed(self) -> bytes:
        return struct.pack("<HBBI", self.code, self.then, self.otherwise, self.value)


def program(machine: str, families: tuple[int, ...], also: frozenset[str] = frozenset()) -> bytes:
    """The filter for a machine, with the families of sockets that may be opened.

    `also` are calls of `IPC` and `ATTRIBUTES` that shall be refused. Raises `KeyError` for a
    machine whose numbers are not known.
    """
    calls = MACHINES[machine]
    steps = [
        _Step(_LOAD, _ARCH), _Step(_EQUAL, AUDIT_ARCH[machine], 1), _Step(_RETURN, KILL),
        _Step(_LOAD, _NUMBER),
    ]  # fmt: skip
    if machine == "x86_64":
        steps += [_Step(_AT_LEAST, X32, 0, 1), _refuse(errno.ENOSYS)]
    steps += [_Step(_MORE, LAST_KNOWN, 0, 1), _refuse(errno.ENOSYS)]
    for name in sorted(calls.keys() - set(_WITH_ARGUMENTS) - ((IPC | ATTRIBUTES) - also)):
        why = errno.ENOSYS if name in _MISSING else errno.EPERM
        steps += [_Step(_EQUAL, calls[name], 0, 1), _refuse(why)]
    steps += _only_if(calls["clone"], _without_namespaces())
    steps += _only_if(calls["socket"], _of_families(families))
    steps += _only_if(calls["ioctl"], _without_typing())
    steps += _only_if(calls["prlimit64"], _where_zero(_FIRST))
    steps += _only_if(calls["setpriority"], _where_zero(_FIRST, _SECOND))
    if "utimensat" in also:
        steps += _only_if(calls["utimensat"], _where_zero(_SECOND, _SECOND_HIGH))
    steps.append(_Step(_RETURN, ALLOW))
    return b"".join(step.packed() for step in steps)


def _refuse(error: int) -> _Step:
    return _Step(_RETURN, ERROR | error)


def _only_if(number: int, steps: list[_Step]) -> list[_Step]:
    """Steps for one call; they end with a return, since they load something else."""
    return [_Step(_EQUAL, number, 0, len(steps)), *steps]


def _without_namespaces() -> list[_Step]:
    return [
        _Step(_LOAD, _FIRST),
        _Step(_HAS, NEW_NAMESPACES, 0, 1),
        _refuse(errno.EPERM),
        _Step(_RETURN, ALLOW),
    ]


def _of_families(families: tuple[int, ...]) -> list[_Step]:
    steps = [_Step(_LOAD, _FIRST)]
    for family in families:
        steps += [_Step(_EQUAL, family, 0, 1), _Step(_RETURN, ALLOW)]
    return [*steps, _refuse(errno.EAFNOSUPPORT)]


def _without_typing() -> list[_Step]:
    steps = [_Step(_LOAD, _SECOND)]
    for request in _TERMINAL_INPUT:
        steps += [_Step(_EQUAL, request, 0, 1), _refuse(errno.EPERM)]
    return [*steps, _Step(_RETURN, ALLOW)]


def _where_zero(*places: int) -> list[_Step]:
    """Allowed where these words are zero: the process itself, or a descriptor without a path."""
    steps: list[_Step] = []
    for place in places:
        steps += [_Step(_LOAD, place), _Step(_EQUAL, 0, 1), _refuse(errno.EPERM)]
    return [*steps, _Step(_RETURN, ALLOW)]
