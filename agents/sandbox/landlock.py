"""Landlock and a filter: for machines on which users cannot make namespaces.

A command sees the machine's processes and files by name, but can read, change and signal none but
its own. It has no sockets at all. Where it runs as the gateway's own user it cannot change a file's
mode, owner or times by its path either: Landlock would let it do that to all files of the user.
"""

from dataclasses import dataclass

from agents.sandbox import order as orders
from agents.sandbox import seccomp
from agents.sandbox.errors import Refusal
from agents.sandbox.groups import ControlGroups
from agents.sandbox.keeper import landlock
from agents.sandbox.keeper.plan import Plan, Rules
from agents.sandbox.limits import Hold
from agents.sandbox.order import Order

OLDEST = 4
"""The ABI that first has rules for TCP; from 6 on nobody outside can be signalled either."""

FIX = "a kernel of 6.12 or newer, with landlock among its security modules (lsm=landlock,…)"

_READ = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives",
    "/etc/ssl/certs", "/etc/localtime", "/etc/nsswitch.conf",
)  # fmt: skip
_FOR_NETWORK = ("/etc/resolv.conf", "/etc/hosts")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")
_TEMPORARY = ".tmp"


@dataclass(frozen=True, slots=True)
class Landlock:
    """The backend."""

    groups: ControlGroups | None
    name: str = "landlock"
    isolates: bool = True

    @property
    def hold(self) -> Hold:
        return Hold.HARD if self.groups else Hold.SOFT

    def missing(self) -> Refusal | None:
        if refusal := orders.wrong_machine(self.name):
            return refusal
        try:
            abi = landlock.version()
        except OSError as error:
            return Refusal(self.name, f"not available: {error.strerror}", FIX)
        if abi < OLDEST:
            return Refusal(self.name, f"this kernel's Landlock is too old (ABI {abi})", FIX)
        return None

    def plan(self, order: Order) -> Plan:
        """A command that shares the machine but can reach next to nothing of it."""
        command = orders.checked(order.command)
        families = (seccomp.INET, seccomp.INET6) if order.network else ()
        temporary = f"{order.folder}/{_TEMPORARY}"
        plan = orders.common(order, self.groups)
        plan["argv"] = [orders.SHELL, "-c", command]
        plan["env"] = orders.environment(order.folder, temporary)
        plan["inside"] = True
        plan["folders"] = [_TEMPORARY]
        if self.groups is None:
            plan["tasks"] = order.limits.pids
        plan["landlock"] = Rules(
            read=[*_READ, *(_FOR_NETWORK if order.network else ()), *order.readable],
            # Where it is already: a user may not come past its parent folders.
            write=["."],
            devices=list(_DEVICES),
            least=OLDEST,
            network=order.network,
        )
        also = seccomp.IPC | (seccomp.ATTRIBUTES if order.uid is None else frozenset())
        plan["seccomp"] = seccomp.program(orders.machine(), families, also)
        return plan


@dataclass(frozen=True, slots=True)
class Bare:
    """No sandbox: the limits, the clean environment and the sure end of one, for the owner's own.

    Never among what is chosen from; sessions that must be sandboxed cannot come to it.
    """

    groups: ControlGroups | None
    name: str = "none"
    isolates: bool = False

    @property
    def hold(self) -> Hold:
        return Hold.HARD if self.groups else Hold.SOFT

    def missing(self) -> Refusal | None:
        return orders.wrong_machine(self.name)

    def plan(self, order: Order) -> Plan:
        """A command that may do all that the gateway may."""
        plan = orders.common(order, self.groups)
        plan["argv"] = [orders.SHELL, "-c", orders.checked(order.command)]
        plan["env"] = orders.environment(order.folder, "/tmp")
        plan["inside"] = True
        return plan
