"""What a command may use, and what became of one. Frozen values; pure."""

from dataclasses import dataclass
from enum import StrEnum

from agents.sandbox.output import Output


class Killed(StrEnum):
    """Which limit ended a command, or a part of it."""

    TIME = "time"
    MEMORY = "memory"
    DISK = "disk"


class Hold(StrEnum):
    """How memory, processes and processors are limited."""

    SOFT = "soft"
    """By looking at the processes ten times a second: a command can go beyond for a moment."""

    HARD = "hard"
    """By the kernel, for all processes of a command together."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one command may use.

    Bytes of `memory` of all its processes, processors (`cpu`), processes and threads (`pids`),
    bytes of `disk` and number of `files` in its workspace, seconds (`wall`), and the bytes of
    `output` that are kept, of each of its two streams.
    """

    memory: int = 512 << 20
    cpu: float = 1.0
    pids: int = 64
    disk: int = 1 << 30
    files: int = 50_000
    wall: float = 60.0
    output: int = 64 << 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command.

    `code` is its exit status, 128 and the signal's number if a signal ended it, None if it was
    ended by us. `seconds` is how long it took, with all that surrounds it.
    """

    stdout: Output
    stderr: Output
    code: int | None
    killed_by: Killed | None = None
    seconds: float = 0.0
