"""An attack: a command, and how one sees that it was held."""

import platform
import shlex
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from agents.sandbox.limits import Limits, Outcome
from agents.sandbox.numbers import MACHINES
from tests.attacks.backends import PYTHON
from tests.attacks.world import World

Held = Callable[[Outcome, World], bool]
Command = Callable[[World], str]

QUICK = Limits(wall=8, memory=256 << 20, disk=64 << 20)


@dataclass(frozen=True)
class Attack:
    """`bare` says that it works where there is no sandbox, so that it is known to be one."""

    name: str
    command: Command
    held: Held
    limits: Limits = QUICK
    bare: bool = False

    def __str__(self) -> str:
        return self.name


def attack(
    collected: list[Attack],
) -> Callable[..., Callable[[Command], Command]]:
    """A decorator for functions that give an attack's command; it collects them."""

    def named(
        name: str, held: Held, *, limits: Limits = QUICK, bare: bool = False
    ) -> Callable[[Command], Command]:
        def collect(command: Command) -> Command:
            collected.append(Attack(name, command, held, limits, bare))
            return command

        return collect

    return named


def python(code: str) -> str:
    """A command that runs a program. It says TRIED at its end, however it ends."""
    program = textwrap.dedent(code)
    return f"{shlex.join((PYTHON, '-I', '-S', '-c', program))}; echo TRIED"


_CALLS = MACHINES[platform.machine()]
_SYSTEM = f"""
import ctypes, os
PTRACE, READV = {_CALLS["ptrace"]}, {_CALLS["process_vm_readv"]}
NAMED = {
    [
        _CALLS[name]
        for name in (
            "bpf",
            "keyctl",
            "userfaultfd",
            "perf_event_open",
            "unshare",
            "open_by_handle_at",
            "add_key",
            "kcmp",
            "personality",
        )
    ]
}
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def attempt(what, *arguments):
    result = libc.syscall(*map(ctypes.c_long, arguments))
    error = ctypes.get_errno()
    refused = result < 0 and error in (1, 38)
    print(what, "refused" if refused else f"WORKED {{result}} {{os.strerror(error)}}", flush=True)
"""


def system(code: str) -> str:
    """A command that makes system calls; one that is not refused by the filter is said to work."""
    return python(_SYSTEM + textwrap.dedent(code))
