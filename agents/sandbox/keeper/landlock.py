"""Landlock: what a process may reach in the file system, and whom it may signal.

https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import struct

from agents.sandbox.keeper.kernel import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from agents.sandbox.keeper.plan import Rules

# Newer than 5.0, so the same on every machine (agents.sandbox.numbers).
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1
_BENEATH = 1
_EXECUTE, _WRITE, _READ, _LIST, _TRUNCATE, _IOCTL = 1, 2, 4, 8, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _IOCTL
_CHARACTER_DEVICE, _BLOCK_DEVICE = 1 << 6, 1 << 11
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights to files an ABI knows; from 5 on it is 16."""
_TCP = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def version() -> int:
    """The ABI that this kernel offers. Raises `OSError` where there is none."""
    return syscall("Landlock", _CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))


def restrict(rules: Rules) -> None:
    """Put this process and its children under the rules for good. Raises `OSError`."""
    abi = version()
    if abi < rules["least"]:
        raise OSError(f"Landlock of this kernel has ABI {abi}, and {rules['least']} is needed")
    every = (1 << _RIGHTS.get(abi, 16)) - 1
    attributes = struct.pack(
        "<QQQ",
        every,
        0 if rules["network"] or abi < 4 else _TCP,
        _ABSTRACT_SOCKETS_AND_SIGNALS if abi >= 6 else 0,
    )
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = syscall("Landlock", _CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path in rules["read"]:
            _allow(ruleset, path, every & (_EXECUTE | _READ | _LIST))
        for path in rules["write"]:
            _allow(ruleset, path, every & ~(_CHARACTER_DEVICE | _BLOCK_DEVICE | _IOCTL))
        for path in rules["devices"]:
            _allow(ruleset, path, every & (_READ | _WRITE | _TRUNCATE))
        syscall("Landlock", _RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112 - pathlib takes long to import
            rights &= _OF_FILES
        rule = struct.pack("<Qi", rights, place)
        syscall(
            f"Landlock, {path}", _ADD,
            ctypes.c_int(ruleset), ctypes.c_int(_BENEATH), rule, ctypes.c_uint32(0),
        )  # fmt: skip
    finally:
        os.close(place)
