"""The calls to the kernel that Python lacks."""

from __future__ import annotations

import ctypes
import os

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 22, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
_SECCOMP_MODE_FILTER = 2
_CLONE_NEWNS = 0x20000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_MS_NOSUID, _MS_NODEV, _MS_REMOUNT = 0x2, 0x4, 0x20
_CAPABILITIES = range(64)
_AF_UNIX, _SOCK_STREAM, _SOCK_CLOEXEC = 1, 1, 0o2000000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def checked(result: int, what: str) -> int:
    """The result of a call, or an `OSError` that names it."""
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
    return result


def syscall(what: str, number: int, *arguments: object) -> int:
    """A system call by its number. Raises `OSError`."""
    return checked(_libc.syscall(ctypes.c_long(number), *arguments), what)


def prctl(what: str, option: int, value: int, pointer: object = 0) -> None:
    """``prctl(2)``. Raises `OSError`."""
    rest = pointer or ctypes.c_ulong(0)
    nothing = ctypes.c_ulong(0)
    checked(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), rest, nothing, nothing), what)


def drop_bounding_set() -> None:
    """Take every capability out of reach of whatever is executed later. Needs CAP_SETPCAP."""
    for capability in _CAPABILITIES:
        try:
            prctl("PR_CAPBSET_DROP", PR_CAPBSET_DROP, capability)
        except OSError:
            # Beyond the last capability that this kernel has.
            if capability == 0:
                raise
            return


def show_at(folder: str, place: str) -> None:
    """Mount a folder at another place, for this process and its children. Raises `OSError`."""
    checked(_libc.unshare(_CLONE_NEWNS), "a mount namespace")
    _mount(b"none", b"/", _MS_REC | _MS_PRIVATE)
    source, target = os.fsencode(folder), os.fsencode(place)
    _mount(source, target, _MS_BIND)
    _mount(source, target, _MS_BIND | _MS_REMOUNT | _MS_NOSUID | _MS_NODEV)


def _mount(source: bytes, target: bytes, flags: int) -> None:
    checked(_libc.mount(source, target, None, ctypes.c_ulong(flags), None), "mount")


def pair() -> tuple[int, int]:
    """Two ends of a stream in both directions; neither is inherited. Raises `OSError`."""
    ends = (ctypes.c_int * 2)()
    kind = ctypes.c_int(_SOCK_STREAM | _SOCK_CLOEXEC)
    checked(_libc.socketpair(ctypes.c_int(_AF_UNIX), kind, ctypes.c_int(0), ends), "socketpair")
    return ends[0], ends[1]


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def filter_calls(program: bytes) -> None:
    """Put this process and its children under a seccomp filter for good. Raises `OSError`."""
    block = _Program(len(program) // 8, program)
    prctl("seccomp", PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(block))
