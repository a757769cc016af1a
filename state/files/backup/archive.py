"""Reading a backup from its beginning to its end, trusting nothing in it.

Only what `create` writes is read: a manifest first, then ordinary files, each of them named in it,
once, with the size that it says. So nothing is written outside of a folder, no link or device is
made, and no more is unpacked than the manifest tells beforehand.
"""

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from state.files.backup.manifest import (
    LONGEST,
    MANIFEST,
    MOST,
    BadBackup,
    Manifest,
    Record,
    decode,
)
from state.files.errors import store_error
from state.store import NotFound

_BLOCK = tarfile.BLOCKSIZE
_PIECE = 1 << 20
_MOST_PADDING = 1 << 20
_LATEST = 1 << 33
"""The latest time that a file is given, in Unix seconds: every file system knows it."""
_ORDINARY = (tarfile.REGTYPE, tarfile.AREGTYPE)


class Body:
    """The content of one file, to be read once, whole. `intact` says afterwards if it is as it
    was backed up."""

    def __init__(self, stream: "_Stream", record: Record, header: tarfile.TarInfo) -> None:
        self._stream = stream
        self.record = record
        self.executable = bool(header.mode & 0o100)
        self.changed = min(max(int(header.mtime), 0), _LATEST)
        self.intact = False

    def pieces(self) -> Iterator[bytes]:
        """Raises `BadBackup`."""
        digest, left = hashlib.sha256(), self.record.size
        while left:
            piece = self._stream.exactly(min(left, _PIECE))
            digest.update(piece)
            left -= len(piece)
            yield piece
        self._stream.exactly(-self.record.size % _BLOCK)
        self.intact = digest.hexdigest() == self.record.sha256


@dataclass(frozen=True, slots=True)
class Archive:
    """An open backup; `files` may be read once."""

    manifest: Manifest
    _stream: "_Stream"

    def files(self) -> Iterator[Body]:
        """Every file in its order; each must be read before the next. Raises `BadBackup`."""
        waiting = {record.name: record for record in self.manifest.files}
        while (header := self._stream.header()) is not None:
            record = waiting.pop(header.name, None)
            if record is None:
                raise BadBackup(f"it holds {header.name!r} twice, or against its {MANIFEST}")
            if header.size != record.size:
                raise BadBackup(
                    f"{record.name} has {header.size} bytes and should have {record.size}"
                )
            yield Body(self._stream, record, header)
        if waiting:
            raise BadBackup(f"{min(waiting)} is missing, and {len(waiting) - 1} other files")
        self._stream.end()


@contextmanager
def open_backup(path: Path) -> Iterator[Archive]:
    """Open a backup and read its manifest. Raises `NotFound`, `BadBackup`, `StorageFailed`."""
    try:
        with gzip.open(path, "rb") as unpacked:
            stream = _Stream(unpacked)
            header = stream.header()
            if header is None or header.name != MANIFEST:
                raise BadBackup(f"it does not begin with a {MANIFEST}: it is no backup of Argent")
            if header.size > MOST:
                raise BadBackup(f"its {MANIFEST} is larger than {MOST} bytes")
            data = stream.exactly(header.size)
            stream.exactly(-header.size % _BLOCK)
            yield Archive(decode(data), stream)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}") from error
    except BadBackup as error:
        raise BadBackup(f"{path} cannot be trusted: {error}") from error
    except OSError as error:
        raise store_error(error, f"reading {path}") from error


class _Stream:
    """A tar archive as a stream; only ordinary files and GNU's long names."""

    def __init__(self, unpacked: gzip.GzipFile) -> None:
        self._unpacked = unpacked

    def header(self) -> tarfile.TarInfo | None:
        """The next file's; None at the end. Raises `BadBackup`."""
        block = self.exactly(_BLOCK)
        if not block.strip(b"\0"):
            return None
        header = _parsed(block)
        name = None
        if header.type == tarfile.GNUTYPE_LONGNAME:
            if header.size > LONGEST + 1:
                raise BadBackup(f"it holds a file with a name of {header.size} bytes")
            name = self.exactly(header.size).rstrip(b"\0").decode("utf-8", "surrogateescape")
            self.exactly(-header.size % _BLOCK)
            header = _parsed(self.exactly(_BLOCK))
        if name is not None:
            header.name = name
        if header.type not in _ORDINARY:
            raise BadBackup(f"{header.name!r} is no ordinary file; no backup of Argent holds such")
        return header

    def end(self) -> None:
        """Read to the end, which checks the last of what was compressed. Raises `BadBackup`."""
        padding = self._read(_MOST_PADDING)
        if padding.strip(b"\0") or len(padding) == _MOST_PADDING:
            raise BadBackup("something follows after its end")

    def exactly(self, size: int) -> bytes:
        """So many bytes. Raises `BadBackup` when there are fewer."""
        data = self._read(size)
        if len(data) < size:
            raise BadBackup("it ends too early")
        return data

    def _read(self, size: int) -> bytes:
        try:
            return self._unpacked.read(size) if size else b""
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise BadBackup(f"it does not unpack ({error})") from error


def _parsed(block: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.TarError as error:
        raise BadBackup(f"a header in it does not read ({error})") from error
