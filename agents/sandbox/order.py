"""A command as a backend is asked to plan it, and what all backends have in common."""

import platform
import sys
from dataclasses import dataclass
from typing import Protocol

from agents.sandbox.errors import CommandRefused, Refusal
from agents.sandbox.groups import ControlGroups
from agents.sandbox.keeper.plan import Plan, Watch
from agents.sandbox.limits import Hold, Limits
from agents.sandbox.numbers import MACHINES

PATH = "/usr/local/bin:/usr/bin:/bin"
SHELL = "/bin/sh"
LONGEST = 100_000
"""Bytes of a command: the kernel takes 131,072 for one argument."""

FREE = 256 << 20
"""Bytes that must stay free on the workspace's file system."""

_LARGEST_FILE = 1 << 30
_FILES_OPEN = 1024
_VIRTUAL = 4
"""Programs reserve more addresses than they use; where the kernel limits what they use."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command to plan for.

    `name` is the run's, `parent` the process that asks. `uid` is whose the workspace is, where that
    is not the gateway's own user; `place` is then where it is shown instead. `readable` are folders
    that it may read besides the system's own.
    """

    command: str
    workspace: str
    limits: Limits
    name: str
    parent: int
    network: bool = False
    uid: int | None = None
    place: str | None = None
    readable: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Where the workspace is found by who carries it out."""
        return self.place or self.workspace


class Backend(Protocol):
    """A way to carry out commands so that they can reach nothing else."""

    @property
    def name(self) -> str:
        """As it is called in the settings."""

    @property
    def hold(self) -> Hold:
        """How it keeps limits."""

    @property
    def isolates(self) -> bool:
        """Whether it keeps commands from what is not theirs; then it never runs them as root."""

    def plan(self, order: Order) -> Plan:
        """What a keeper shall do for a command. Raises `CommandRefused`. Pure."""

    def missing(self) -> Refusal | None:
        """Why it cannot be used here, as far as one sees without trying."""


def checked(command: str) -> str:
    """The command, if it can be given to a shell. Raises `CommandRefused`."""
    try:
        size = len(command.encode())
    except UnicodeEncodeError:
        raise CommandRefused("The command is no valid text.") from None
    if size > LONGEST:
        raise CommandRefused(
            f"The command has {size} bytes, and {LONGEST} is the most: write a script into a file, "
            "and run that."
        )
    if "\0" in command:
        raise CommandRefused("A command cannot hold a NUL character.")
    return command


def machine() -> str:
    """What the filter for system calls calls this machine."""
    return platform.machine()


def wrong_machine(backend: str) -> Refusal | None:
    """Why this machine can have none of the sandboxes that are made here, if so."""
    if sys.platform != "linux":
        return Refusal(backend, "this is no Linux", "use a container (sandbox.backend, .image)")
    if machine() not in MACHINES:
        why = f"the system calls of {machine()} are not known"
        return Refusal(backend, why, "use a container (sandbox.backend, sandbox.image)")
    return None


def common(order: Order, groups: ControlGroups | None) -> Plan:
    """The part of a plan that does not depend on the backend: time, space and numbers.

    Without control groups, memory is limited for each process by the kernel and for all of them by
    the keeper, which looks; and processors only as whole ones.
    """
    limits = order.limits
    memory = limits.memory * (_VIRTUAL if groups else 1)
    plan = Plan(
        parent=order.parent,
        argv=[],
        env={"PATH": PATH},
        workspace=order.workspace,
        wall=limits.wall,
        limits={
            "CORE": 0,
            "NOFILE": _FILES_OPEN,
            "FSIZE": min(_LARGEST_FILE, limits.disk),
            "MEMLOCK": 0,
            "AS": memory,
        },
        watch=Watch(
            memory=0 if groups else limits.memory,
            disk=limits.disk,
            files=limits.files,
            free=FREE,
        ),
    )
    if groups:
        plan["groups"] = groups.of(order.name, limits)
    if not (groups and groups.limits_cpu):
        plan["cpus"] = max(1, int(limits.cpu))
    if order.uid is not None:
        plan["uid"] = order.uid
    if order.place:
        plan["mount"] = order.place
    return plan


def environment(home: str, temporary: str) -> dict[str, str]:
    """All that a sandboxed command finds in its environment."""
    return {
        "PATH": PATH,
        "HOME": home,
        "PWD": home,
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "TMPDIR": temporary,
    }
