"""A filter of this process that asks a listener about some system calls, and the listener's words.

Layouts and numbers are those of ``linux/seccomp.h``.
"""

import ctypes
import fcntl
import os
import signal
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from agents.sandbox.seccomp import ALLOW, AUDIT_ARCH

_ASK = 0x7FC00000
_SET_MODE_FILTER, _NEW_LISTENER, _WAIT_KILLABLE = 1, 1 << 3, 1 << 5
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER, _ARCH = 0, 4
_NOTIFICATION = struct.Struct("=QIIiIQ6Q")
_RESPONSE = struct.Struct("=QqiI")
_CONTINUE = 1

_X86_64 = {
    "write": 1, "close": 3, "pwrite64": 18, "writev": 20, "connect": 42, "sendto": 44,
    "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "fsync": 74, "fdatasync": 75, "ftruncate": 77,
    "rename": 82, "mkdir": 83, "rmdir": 84, "link": 86, "unlink": 87, "openat": 257,
    "mkdirat": 258, "unlinkat": 263, "renameat": 264, "linkat": 265, "fallocate": 285,
    "pwritev": 296, "syncfs": 306, "renameat2": 316, "openat2": 437,
}  # fmt: skip

_AARCH64 = {
    "mkdirat": 34, "unlinkat": 35, "linkat": 37, "renameat": 38, "ftruncate": 46, "fallocate": 47,
    "openat": 56, "close": 57, "write": 64, "writev": 66, "pwrite64": 68, "pwritev": 70,
    "fsync": 82, "fdatasync": 83, "connect": 203, "sendto": 206, "recvfrom": 207, "sendmsg": 211,
    "recvmsg": 212, "syncfs": 267, "renameat2": 276, "openat2": 437,
}  # fmt: skip

_CALLS = {"x86_64": _X86_64, "aarch64": _AARCH64}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_PIDFD_GETFD = 438

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that waits for an answer; `thread` is whose it is."""

    id: int
    thread: int
    number: int
    arguments: tuple[int, ...]


def numbers(names: Iterable[str]) -> dict[int, str]:
    """These calls by their numbers on this machine, which may not have all of them."""
    here = _CALLS[os.uname().machine]
    return {here[name]: name for name in names if name in here}


def listen(watched: Iterable[int]) -> int:
    """Let somebody be asked about these calls of this process; the listener's descriptor.

    It holds for all threads and children that come, for ever. Raises OSError.
    """
    calls = sorted(watched)
    steps = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, AUDIT_ARCH[os.uname().machine])]
    steps += [(_RETURN, 0, 0, ALLOW), (_LOAD, 0, 0, _NUMBER)]
    steps += [(_EQUAL, len(calls) - index, 0, number) for index, number in enumerate(calls)]
    steps += [(_RETURN, 0, 0, ALLOW), (_RETURN, 0, 0, _ASK)]
    packed = b"".join(struct.pack("<HBBI", *step) for step in steps)
    code = ctypes.create_string_buffer(packed, len(packed))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    flags = _NEW_LISTENER | _WAIT_KILLABLE
    number = _SECCOMP[os.uname().machine]
    return _checked(_libc.syscall(number, _SET_MODE_FILTER, flags, ctypes.c_char_p(program)))


def die_with_parent() -> None:
    """Let this process be killed when the one that forked it ends. Raises OSError."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def taken_from(pidfd: int, descriptor: int) -> int:
    """A copy of another process's descriptor. Raises OSError."""
    return _checked(_libc.syscall(_PIDFD_GETFD, pidfd, descriptor, 0))


def asked(listener: int) -> Asked:
    """The next call. Raises OSError: whoever made it may be gone by now."""
    buffer = bytearray(_NOTIFICATION.size)
    fcntl.ioctl(listener, _RECEIVE, buffer)
    name, thread, _, number, _, _, *arguments = _NOTIFICATION.unpack(buffer)
    return Asked(name, thread, number, tuple(arguments))


def go_on(listener: int, call: Asked) -> None:
    """Let it be made. Raises OSError."""
    fcntl.ioctl(listener, _SEND, _RESPONSE.pack(call.id, 0, 0, _CONTINUE))


def pretend(listener: int, call: Asked) -> None:
    """Let it succeed without being made. Raises OSError."""
    fcntl.ioctl(listener, _SEND, _RESPONSE.pack(call.id, 0, 0, 0))


def refuse(listener: int, call: Asked, error: int) -> None:
    """Let it fail without being made. Raises OSError."""
    fcntl.ioctl(listener, _SEND, _RESPONSE.pack(call.id, -1, -error, 0))


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
