"""Docker and Podman, for who has set them up and named an image.

A container is not below its keeper: the daemon holds it. So the keeper ends it by its name.
"""

import os
import shutil
from dataclasses import dataclass

from agents.sandbox import order as orders
from agents.sandbox.bubblewrap import WORKSPACE
from agents.sandbox.errors import Refusal
from agents.sandbox.keeper.plan import Plan
from agents.sandbox.limits import Hold
from agents.sandbox.order import Order

LABEL = "argent.sandbox"
"""The label of our containers; its value begins with the mark of the gateway that made them."""

_TEMPORARY = "rw,nosuid,nodev,size=64m,mode=1777"
_OWN_TASKS = 2
_OF_THE_DAEMON = ("HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST")
"""How the program finds its daemon. None of it comes into a container."""


@dataclass(frozen=True, slots=True)
class Container:
    """The backend. `name` is ``docker`` or ``podman``, `program` where it is, None if nowhere."""

    name: str
    program: str | None
    image: str
    uid: int
    env: tuple[tuple[str, str], ...] = ()
    isolates: bool = True

    @classmethod
    def here(cls, name: str, image: str) -> "Container":
        """As this machine has it; commands run as our user where a workspace has none."""
        env = tuple((each, os.environ[each]) for each in _OF_THE_DAEMON if each in os.environ)
        return cls(name, shutil.which(name), image, os.getuid(), env)

    @property
    def hold(self) -> Hold:
        return Hold.HARD

    def missing(self) -> Refusal | None:
        if not self.image:
            return Refusal(self.name, "no image is set", "set sandbox.image")
        if self.program is None:
            return Refusal(self.name, "it is not installed", f"install {self.name}")
        return None

    def plan(self, order: Order) -> Plan:
        """A command in a container that is removed after it. Raises `CommandRefused`."""
        assert self.program is not None
        plan = orders.common(order, None)
        # The container is limited, not the program that asks the daemon for it.
        plan["limits"] = {"CORE": 0}
        plan["watch"]["memory"] = 0
        plan.pop("cpus", None)
        plan.pop("uid", None)
        plan.pop("mount", None)
        plan["env"] = {"PATH": orders.PATH, "HOME": "/", **dict(self.env)}
        plan["argv"] = [self.program, "run", *self._options(order), self.image]
        plan["argv"] += [orders.SHELL, "-c", orders.checked(order.command)]
        plan["after"] = [self.program, "rm", "--force", order.name]
        return plan

    def _options(self, order: Order) -> list[str]:
        limits = order.limits
        user = self.uid if order.uid is None else order.uid
        memory = str(limits.memory)
        options = [
            "--rm", "--name", order.name, "--label", f"{LABEL}={order.name}", "--pull", "never",
            "--network", "bridge" if order.network else "none",
            "--memory", memory, "--memory-swap", memory, "--cpus", f"{limits.cpu:g}",
            "--pids-limit", str(limits.pids + _OWN_TASKS),
            "--read-only", "--tmpfs", f"/tmp:{_TEMPORARY}", "--shm-size", "64m",
            "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--init",
            "--ulimit", "core=0", "--ulimit", "nofile=1024:1024", "--ipc", "private",
            "--user", f"{user}:{user}", "--hostname", "sandbox",
            "--mount", f'type=bind,"source={order.workspace}",target={WORKSPACE}',
            "--workdir", WORKSPACE,
        ]  # fmt: skip
        for name, value in orders.environment(WORKSPACE, "/tmp").items():
            options += ["--env", f"{name}={value}"]
        return options
