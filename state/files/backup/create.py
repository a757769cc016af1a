"""Making a backup, also while a gateway runs. It takes no lock and delays nobody.

The ledger is copied first, the histories after it. A message is committed the other way round: its
words are durable in the history before the ledger closes its row and owes the answer. So whatever
the copied ledger says was done has its words in the copied histories, and there is no answer
without its history. What happened in between is in the histories and not in the ledger:

- A message that was open and is answered by now: its row is still open in the copy, and its history
  names it in `re`. That is what a crash leaves; the answer is owed, and not thought of twice. The
  person may get it a second time, which is better than never.
- A message that came in between is in neither, or its words are in the history alone. It was taken
  after the moment that the backup is of.

The other order would lose: a row that was closed after its history was copied says that everything
is done, and the words are nowhere.
"""

import gzip
import hashlib
import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import uuid4

from state.files.backup.manifest import MANIFEST, BadPlace, Manifest, Record, encode
from state.files.backup.taking import DATABASE, Content, Opened, Taking
from state.files.errors import ledger_error, store_error
from state.files.layout import BACKUP_BEGUN, FILE_MODE
from state.files.ledger.reading import connect_to_read
from state.store import NotFound

_LEVEL = 4
"""Of gzip: three times as fast as the usual 9, for a tenth more bytes of text."""
_PIECE = 1 << 20
_IN_MEMORY = 8 << 20
_NAMES = {"format": tarfile.GNU_FORMAT, "encoding": "utf-8", "errors": "surrogateescape"}


@dataclass(frozen=True, slots=True)
class Request:
    """What shall be backed up, where to, and what is written down about it.

    `config` is the settings' file that goes with it, which may hold secrets. `without` names the
    folders of a session that are left out.
    """

    state_dir: Path
    target: Path
    argent: str
    at: datetime
    config: Path | None = None
    without: frozenset[str] = frozenset()


def count_sessions(state_dir: Path) -> int:
    """How many steps `create` will take, about. Raises `StorageFailed`."""
    try:
        return Taking(state_dir).count()
    except OSError as error:
        raise store_error(error, f"reading {state_dir}") from error


def create(request: Request, *, step: Callable[[], None]) -> Manifest:
    """Write the backup: whole and under its name, or not at all. `step`: after each session.

    Raises `NotFound`, `BadPlace`, `StorageFull`, `StorageFailed`.
    """
    root, target = request.state_dir, request.target
    if not root.is_dir():
        raise NotFound(f"there is no state folder {root}")
    if os.path.lexists(target):
        raise BadPlace(f"{target} is there already; give the backup another name")
    if target.resolve().is_relative_to(root.resolve()):
        raise BadPlace(
            f"{target} is in the state folder; keep the backup elsewhere, best on another disk"
        )
    if not target.parent.is_dir():
        raise NotFound(f"there is no folder {target.parent}")
    return write(request, step=step)


def write(request: Request, *, step: Callable[[], None]) -> Manifest:
    """Do what `create` does, wherever that is. Raises `StorageFull`, `StorageFailed`."""
    target = request.target
    prefix = f"{BACKUP_BEGUN}{uuid4().hex}-"
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=prefix) as beside:
            return _write(request, Path(beside), step)
    except OSError as error:
        raise store_error(error, f"writing {target}") from error
    finally:
        # Ctrl-C can come when the folder is made and nobody is in charge of it yet.
        for left in target.parent.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)


def _write(request: Request, beside: Path, step: Callable[[], None]) -> Manifest:
    members, whole = beside / "members", beside / "whole"
    taking = Taking(request.state_dir, request.without)
    with (
        _new(members) as file,
        gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_LEVEL, mtime=0) as packed,
    ):
        records = _pack(request, beside, packed, taking, step)
    manifest = Manifest(
        argent=request.argent,
        created_at=request.at,
        config=request.config is not None,
        files=tuple(records),
        left_out=tuple(sorted(taking.left_out)),
    )
    with _new(whole) as file:
        # The manifest comes first, so that everything after it can be checked as it is read; it is
        # known last. Two gzip streams, one behind the other, read as one (RFC 1952, 2.2).
        file.write(gzip.compress(_first_member(encode(manifest), request.at), _LEVEL, mtime=0))
        with members.open("rb") as rest:
            shutil.copyfileobj(rest, file, _PIECE)
        file.flush()
        os.fsync(file.fileno())
    whole.replace(request.target)
    folder = os.open(request.target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return manifest


def _pack(
    request: Request, beside: Path, packed: gzip.GzipFile, taking: Taking, step: Callable[[], None]
) -> list[Record]:
    records = []
    with tarfile.open(fileobj=packed, mode="w|", **_NAMES) as tar:  # type: ignore[call-overload]
        packing = _Packing(tar, beside)
        database = _ledger(request.state_dir / DATABASE, beside)
        if database is not None:
            records.append(packing.add(database))
        records += map(packing.add, taking.files(step))
        if request.config is not None:
            fd = os.open(request.config, os.O_RDONLY | os.O_CLOEXEC)
            name = "argent.json" if request.config.suffix == ".json" else "argent.toml"
            records.append(packing.add(Opened(name, fd, os.fstat(fd).st_mtime_ns)))
    return records


def _ledger(path: Path, beside: Path) -> Opened | None:
    """A copy of the ledger as it is at one moment, without what was erased in it."""
    if not path.exists():
        return None
    copy = beside / DATABASE
    _new(copy).close()
    try:
        with closing(connect_to_read(path)) as db:
            # https://sqlite.org/lang_vacuum.html#vacuuminto: one read transaction, and no pages
            # that are free, which still hold the words that were in them.
            db.execute("VACUUM INTO ?", (str(copy),))
    except sqlite3.Error as error:
        raise ledger_error(error, path) from error
    fd = os.open(copy, os.O_RDONLY | os.O_CLOEXEC)
    return Opened(DATABASE, fd, os.fstat(fd).st_mtime_ns)


class _Packing:
    """Adds files to an archive, with the size and the digest that they have there."""

    def __init__(self, tar: tarfile.TarFile, beside: Path) -> None:
        self._tar, self._beside = tar, beside

    def add(self, file: Content | Opened) -> Record:
        """Add a file, and close it."""
        if isinstance(file, Content):
            return self._put(file.name, file.changed, file.data)
        with os.fdopen(file.fd, "rb") as source, self._still() as still:
            # It may be written to while it is read; its size is needed before its content.
            digest, size = hashlib.sha256(), 0
            while piece := source.read(_PIECE):
                still.write(piece)
                digest.update(piece)
                size += len(piece)
            still.seek(0)
            mode = FILE_MODE | os.fstat(source.fileno()).st_mode & 0o100
            self._tar.addfile(_member(file.name, size, file.changed, mode), still)
        return Record(file.name, size, digest.hexdigest())

    def _put(self, name: str, changed: int, data: bytes) -> Record:
        self._tar.addfile(_member(name, len(data), changed, FILE_MODE), io.BytesIO(data))
        return Record(name, len(data), hashlib.sha256(data).hexdigest())

    def _still(self) -> "tempfile.SpooledTemporaryFile[bytes]":
        return tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(self._beside))


def _member(name: str, size: int, changed: int, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, mode, max(changed // 10**9, 0)
    return member


def _first_member(data: bytes, at: datetime) -> bytes:
    member = _member(MANIFEST, len(data), int(at.timestamp()) * 10**9, FILE_MODE)
    padding = b"\0" * (-len(data) % tarfile.BLOCKSIZE)
    return member.tobuf(**_NAMES) + data + padding  # type: ignore[arg-type]


def _new(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE), "w+b")
