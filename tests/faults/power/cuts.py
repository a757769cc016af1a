"""What is there after a power cut: what was durable, and any part of what was not."""

import random
import shutil
from collections.abc import Mapping, Sequence
from copy import copy
from enum import StrEnum
from pathlib import Path, PurePosixPath

from state.files.layout import FILE_MODE, FOLDER_MODE
from tests.faults.power.platter import File, Folder, Naming, Node, Platter, recorded

_VERSIONS = 6
"""Of a file with many changes, so many states are mixed."""


class Cut(StrEnum):
    """What a disk had written on its own before the power went."""

    NOTHING = "nothing that was not synced"
    NAMES = "all names and lengths, and none of the bytes"
    BYTES = "all bytes, and none of the names"
    JOURNAL = "names up to some moment, and any blocks of 4 KiB"
    ANYTHING = "any name by itself, and any sectors of 512 bytes"


Image = Mapping[PurePosixPath, bytes | None]
"""Every file with its bytes, and every folder with None, by its path."""


def image(platter: Platter, cut: Cut, rng: random.Random) -> Image:
    """What one power cut leaves."""
    names = _names(platter.owed, cut, rng)
    there: dict[PurePosixPath, bytes | None] = {}
    _look(platter.top, PurePosixPath(), cut, rng, names, there)
    return there


def leave(image: Image, platter: Platter, root: Path) -> None:
    """Make a folder what the image says; what no platter knows stays. Raises OSError."""
    known = platter.live()
    for path in known.keys() - image.keys():
        (root / path).unlink(missing_ok=True)
    folders = sorted(p for p in root.rglob("*") if p.is_dir() and not p.is_symlink())
    for there in reversed(folders):
        below = PurePosixPath(there.relative_to(root))
        if recorded(below) and below not in image:
            shutil.rmtree(there)
    for path, content in image.items():
        there = root / path
        if content is None:
            there.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        else:
            there.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            there.unlink(missing_ok=True)
            there.touch(FILE_MODE)
            there.write_bytes(content)


def _look(
    folder: Folder,
    at: PurePosixPath,
    cut: Cut,
    rng: random.Random,
    names: Sequence[Naming],
    there: dict[PurePosixPath, bytes | None],
) -> None:
    entries: dict[str, Node] = copy(folder.kept)
    for naming in names:
        for where, name, node in naming.changes:
            if where is folder and node is None:
                entries.pop(name, None)
            elif where is folder and node is not None:
                entries[name] = node
    for name, node in entries.items():
        if isinstance(node, File):
            there[at / name] = _bytes(node, cut, rng)
        else:
            there[at / name] = None
            _look(node, at / name, cut, rng, names, there)


def _names(owed: Sequence[Naming], cut: Cut, rng: random.Random) -> Sequence[Naming]:
    match cut:
        case Cut.NOTHING | Cut.BYTES:
            return ()
        case Cut.NAMES:
            return owed
        case Cut.JOURNAL:
            return owed[: rng.randint(0, len(owed))]
        case Cut.ANYTHING:
            return [naming for naming in owed if rng.random() < 1 / 2]


def _bytes(file: File, cut: Cut, rng: random.Random) -> bytes:
    match cut:
        case Cut.NOTHING:
            return file.kept
        case Cut.BYTES:
            return file.live
        case Cut.NAMES:
            return file.kept.ljust(len(file.live), b"\0")[: len(file.live)]
        case Cut.JOURNAL:
            return _mixed(file, 4096, rng)
        case Cut.ANYTHING:
            return _mixed(file, 512, rng)


def _mixed(file: File, size: int, rng: random.Random) -> bytes:
    """Each sector as it was at some moment since the sync: a later byte brings all earlier ones."""
    if not file.owed:
        return file.kept
    moments = {0, len(file.owed), *rng.choices(range(len(file.owed) + 1), k=_VERSIONS)}
    states = [file.after(moment) for moment in sorted(moments)]
    length = len(rng.choice(states))
    sectors = (
        rng.choice(states)[start : start + size].ljust(size, b"\0")
        for start in range(0, length, size)
    )
    return b"".join(sectors)[:length]


def forgotten(folder: Path) -> None:
    """Remove what lives in memory only: SQLite's index of its log."""
    for path in folder.rglob("*-shm"):
        path.unlink()
