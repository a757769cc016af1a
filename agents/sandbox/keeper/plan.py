"""What a keeper is asked to do, and what it reports: plain values, which cross to its process."""

from typing import NotRequired, TypedDict


class Rules(TypedDict):
    """What Landlock lets a command reach: to read and run, to do everything with, devices to use.

    `least` is the oldest ABI that will do.
    """

    read: list[str]
    write: list[str]
    devices: list[str]
    least: int
    network: bool


class Watch(TypedDict):
    """What a keeper looks at by itself, in bytes and numbers; 0 is not looked at.

    `free` is what must stay free on the workspace's file system.
    """

    memory: int
    disk: int
    files: int
    free: int


class Groups(TypedDict):
    """Control groups for one command: folders to make, and what to write there.

    What stands in `wanted` may be missing on a machine, what stands in `values` must not. The
    processes are in all `folders`; `oom` is the file that counts what the kernel killed.
    """

    folders: list[str]
    values: list[tuple[str, str]]
    wanted: list[tuple[str, str]]
    oom: str


class Plan(TypedDict):
    """A command with all that surrounds it.

    `mount`: where the workspace is shown to a user who cannot come past its parent folders.
    `data`: what the program reads from descriptors, the first from `descriptors.DATA`.
    `tasks`: how many processes and threads the command's user may have more than now; 0 any.
    `gate`: the program asks on its standard input before it goes on, and waits for a line.
    `after`: a command that ends what the processes here do not hold (a container).
    """

    parent: int
    argv: list[str]
    env: dict[str, str]
    workspace: str
    wall: float
    limits: dict[str, int]
    watch: Watch
    uid: NotRequired[int]
    mount: NotRequired[str]
    inside: NotRequired[bool]
    folders: NotRequired[list[str]]
    groups: NotRequired[Groups]
    cpus: NotRequired[int]
    tasks: NotRequired[int]
    data: NotRequired[list[bytes]]
    status: NotRequired[bool]
    gate: NotRequired[bool]
    landlock: NotRequired[Rules]
    seccomp: NotRequired[bytes]
    after: NotRequired[list[str]]


class Report(TypedDict):
    """How it went: the exit status, the limit that ended it, or why the command was never begun."""

    code: int | None
    killed: str | None
    failed: str | None
