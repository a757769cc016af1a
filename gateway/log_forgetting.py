"""Takes lines out of log files, wherever they name somebody who is erased."""

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gateway.log_files import alone, full, in_order, turn_over
from state.files.layout import FILE_MODE

Named = Callable[[bytes], bool]
"""Whether a line names somebody."""


def forget_lines(current: Path, named: Named) -> int:
    """Take the lines that name somebody out of all files; how many there were.

    Who writes goes on in a new file, and who follows goes on reading. It blocks, and may be cut
    short anywhere. Raises OSError.
    """
    if not in_order(current):
        return 0
    with alone(current.parent, waits=True):
        if current.exists() and _holds(current, named):
            # It grows while it is read; what is behind the others does not.
            turn_over(current)
        return sum(_without(path, named) for _, path in sorted(full(current)))


def _holds(path: Path, named: Named) -> bool:
    with path.open("rb") as file:
        return any(map(named, file))


def _without(path: Path, named: Named) -> int:
    """Put a file in the place of this one that lacks these lines."""
    if not _holds(path, named):
        return 0
    beside = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        beside.unlink()
    gone = 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with path.open("rb") as file, os.fdopen(os.open(beside, flags, FILE_MODE), "wb") as kept:
        for line in file:
            if named(line):
                gone += 1
            else:
                kept.write(line)
        # Its owner may let a program read it that gathers logs.
        os.fchmod(kept.fileno(), stat.S_IMODE(os.fstat(file.fileno()).st_mode))
        kept.flush()
        os.fsync(kept.fileno())
    beside.replace(path)
    return gone
