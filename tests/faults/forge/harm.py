"""What is done to a process at one of its system calls. Pure."""

import errno
import json
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass

CHANGES = (
    "write", "writev", "pwrite64", "pwritev", "ftruncate", "fallocate", "fsync", "fdatasync",
    "syncfs", "openat", "openat2", "close", "rename", "renameat", "renameat2", "link", "linkat",
    "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir",
)  # fmt: skip
"""Calls by which files come to be what they are."""

TALKS = ("connect", "sendto", "sendmsg", "recvfrom", "recvmsg")
"""Calls by which others hear of it, and it of them."""

WATCHED = CHANGES + TALKS


@dataclass(frozen=True, slots=True)
class Harm:
    """At the `at`-th of these calls the process is killed or, with an `error`, the call fails.

    All threads count together, and only what the process itself calls. With `below`, only calls
    count that go to a file below that folder, which has to be absolute; with `writing`, an opening
    only if it is for writing. A call that fails is not made. So many calls in a row fail (`times`),
    or all of them for as long as the file `while_` exists. A `signal` that does not kill lets the
    call be made. With `record`, what is done below that folder is written beside it, and no sync
    reaches the disk: what a power cut would leave is then known (`tests.faults.power`).
    """

    calls: tuple[str, ...]
    at: int
    error: int | None = None
    below: str | None = None
    times: int = 1
    while_: str | None = None
    writing: bool = False
    signal: int = signal.SIGKILL
    record: str | None = None

    def __str__(self) -> str:
        what = signal.Signals(self.signal).name
        if self.error is not None:
            what = errno.errorcode[self.error]
        on = " and on" if self.while_ else ""
        return f"{what} at {'/'.join(self.calls)} {self.at}{on}"

    def as_json(self) -> str:
        """For the warden."""
        return json.dumps(asdict(self))


def harm_of(text: str) -> Harm:
    """The inverse of `Harm.as_json`."""
    facts = json.loads(text)
    return Harm(**(facts | {"calls": tuple(facts["calls"])}))


@dataclass(frozen=True, slots=True)
class Seen:
    """What the warden saw: how often each call was made, and at which the harm was done.

    `counts` counts what a harm with the same `below` would count. `done` is None when it never
    came to that, else what was called, with its file if it had one.
    """

    counts: Mapping[str, int]
    done: str | None = None
    failed: int = 0
