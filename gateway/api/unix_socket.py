"""Addresses of Unix sockets, whose length the kernel bounds."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 107 if sys.platform == "linux" else 103
"""Bytes of a path in `sun_path`, without its closing zero (unix(7), sys/un.h)."""


@contextmanager
def address(path: Path) -> Iterator[str]:
    """The path in a form that `bind` and `connect` take, while the context lasts.

    Too long a path is reached through an open folder, which Linux offers under a short name.
    Raises OSError, saying so, where there is no such name.
    """
    if len(os.fsencode(path)) <= LONGEST:
        yield os.fspath(path)
        return
    if sys.platform != "linux":
        raise OSError(f"{path} is too long for a socket; choose a shorter state folder")
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
