"""A process that puts a link in the place of a folder and back, as fast as it can, and counts.

``python -m tests.attacks.swapper FOLDER COUNTER``: exchanges ``d`` and ``evil`` of the folder.
"""

import ctypes
import mmap
import os
import struct
import sys
from pathlib import Path

EXCHANGE = 2
AT_FDCWD = -100


def main(folder: str, counter: str) -> None:
    """Swap until killed."""
    os.chdir(folder)
    libc = ctypes.CDLL(None)
    with Path(counter).open("r+b") as file, mmap.mmap(file.fileno(), 8) as count:
        swaps = 0
        while True:
            swaps += libc.renameat2(AT_FDCWD, b"d", AT_FDCWD, b"evil", EXCHANGE) == 0
            struct.pack_into("<Q", count, 0, swaps)


if __name__ == "__main__":
    main(*sys.argv[1:])
