"""A history at rest: ``history.json.gz`` in the place of ``history.json``, with the same bytes.

Whatever the moment of a crash, one whole copy is there. The plain file is the truth where both
are: it goes last when a history is packed and comes whole when it is unpacked, and nothing is ever
appended to the packed one.
"""

import gzip
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from state.files.disk import Disk
from state.files.layout import HISTORY, PACKED
from state.files.reading import read_file

_TRIES = 3
_GZIP = 31
"""The window of zlib's largest size (15), in gzip's format (16)."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a packed file holds; `whole` is false when that is only what can still be read."""

    data: bytes
    whole: bool


@dataclass(frozen=True, slots=True)
class Copy:
    """A history as it was found: in which file, and `whole` as for `Unpacked`."""

    file: str
    data: bytes
    whole: bool = True


def pack(history: bytes) -> bytes:
    """The packed file of a history. The same history always gives the same bytes."""
    return gzip.compress(history, mtime=0)


def unpack(packed: bytes) -> Unpacked:
    """What was packed, as far as it can be read."""
    stream, read = zlib.decompressobj(_GZIP), b""
    try:
        read = stream.decompress(packed)
    except zlib.error:
        return Unpacked(_before_damage(packed), whole=False)
    return Unpacked(read, whole=stream.eof and not stream.unused_data)


def _before_damage(packed: bytes) -> bytes:
    """What comes out before the damage; zlib tells nothing of a piece in which it met some."""
    stream, read = zlib.decompressobj(_GZIP), []
    for at in range(len(packed)):
        try:
            read.append(stream.decompress(packed[at : at + 1]))
        except zlib.error:
            break
    return b"".join(read)


def is_packed(folder: Path) -> bool:
    """Whether the session's history is packed, and only that."""
    return not os.path.lexists(folder / HISTORY) and (folder / PACKED).is_file()


def read_history(folder: Path) -> Copy | None:
    """A session's current history, packed or not, without unpacking it on the disk.

    None where there is none. What cannot be read of a damaged packed one is missing at its end.
    Raises OSError.
    """
    for _ in range(_TRIES):
        if (plain := read_file(folder / HISTORY)) is not None:
            return Copy(HISTORY, plain)
        if (packed := read_file(folder / PACKED)) is not None:
            found = unpack(packed)
            return Copy(PACKED, found.data, found.whole)
        # Between the two looks it may have been unpacked by its owner.
    return None


def put_packed(disk: Disk, folder: Path, packed: bytes) -> None:
    """Put the packed copy beside the plain one, durably. Raises OSError, leaving none."""
    try:
        disk.replace(folder / PACKED, packed)
    except BaseException:
        (folder / PACKED).unlink(missing_ok=True)
        raise


def drop_plain(disk: Disk, folder: Path) -> None:
    """Let the packed copy be the only one. Raises OSError."""
    disk.calls.unlink(folder / HISTORY)
    disk.sync_folder(folder)


def restore_plain(disk: Disk, folder: Path) -> tuple[str, ...]:
    """Let the plain file be the only one; what was set aside because it was damaged.

    Nothing is done where nothing is packed. Raises OSError.
    """
    packed, plain = folder / PACKED, folder / HISTORY
    if not packed.is_file():
        return (disk.move_aside(packed),) if os.path.lexists(packed) else ()
    aside: tuple[str, ...] = ()
    if not os.path.lexists(plain):
        found = unpack(read_file(packed) or b"")
        if not found.whole:
            aside = (disk.keep_aside(packed),)
        disk.replace(plain, found.data)
    disk.calls.unlink(packed)
    return aside
