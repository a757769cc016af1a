"""Verifying a backup: that it is whole, and that what it holds can be worked with."""

import sqlite3
import tempfile
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from state.files.backup.archive import Body, open_backup
from state.files.backup.manifest import BadBackup, Manifest
from state.files.backup.taking import DATABASE
from state.files.checking import examine
from state.files.errors import store_error
from state.files.layout import AGENTS, HISTORY, METADATA, PACKED, SESSIONS
from state.files.ledger.schema import VERSION, version
from state.keys import SessionId

MOST_READ = 1 << 30
"""Bytes of a history that are read into memory; a larger one is not looked into."""

_GZIP = 31
"""The window of zlib's largest size (15), in gzip's format (16)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file of a backup; `file` is "" for the backup itself."""

    file: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found. None of it: the backup is as it was made, and everything in it reads.

    `broken` is what is not as it was backed up: such a backup is not restored. `damaged` was so
    when it was backed up, and would be mended where the backup is restored and used.
    """

    manifest: Manifest | None
    broken: tuple[Problem, ...] = ()
    damaged: tuple[Problem, ...] = ()


def verify(path: Path, *, step: Callable[[], None]) -> Verified:
    """Read all of a backup; `step` is called after each file.

    Raises `NotFound`, `StorageFull`, `StorageFailed`.
    """
    manifest: Manifest | None = None
    broken: list[Problem] = []
    looking = _Looking()
    try:
        with tempfile.TemporaryDirectory(prefix="argent-verify-") as beside:
            try:
                with open_backup(path) as archive:
                    manifest = archive.manifest
                    for body in archive.files():
                        looking.at(body, Path(beside))
                        if not body.intact:
                            broken.append(Problem(body.record.name, "its SHA-256 is another"))
                        step()
            except BadBackup as error:
                broken.append(Problem("", str(error)))
    except OSError as error:
        raise store_error(error, "unpacking gateway.db to look into it") from error
    if not broken:
        looking.finish()
    return Verified(manifest, tuple(broken), tuple(looking.problems))


@dataclass(slots=True)
class _Looking:
    """Looks into the files that it knows, one session at a time: its files follow each other."""

    problems: list[Problem] = field(default_factory=list)
    _folder: str = ""
    _files: dict[str, bytes] = field(default_factory=dict)

    def at(self, body: Body, beside: Path) -> None:
        """Read a file, whatever it is: its digest is known afterwards."""
        folder, _, name = body.record.name.rpartition("/")
        if folder != self._folder:
            self.finish()
            self._folder = folder
        if body.record.name == DATABASE:
            self._look_at_ledger(body, beside / DATABASE)
        elif name not in (METADATA, HISTORY, PACKED) or not _is_session(folder):
            _skip(body)
        elif body.record.size > MOST_READ:
            self.problems.append(Problem(body.record.name, f"it has more than {MOST_READ} bytes"))
            _skip(body)
        else:
            self._files[name] = b"".join(body.pieces())

    def finish(self) -> None:
        """Look at the session whose files were read."""
        files, self._files = self._files, {}
        if not files:
            return
        history = files.get(HISTORY)
        if history is None and PACKED in files:
            history = _unpacked(files[PACKED])
            if history is None:
                self.problems.append(Problem(f"{self._folder}/{PACKED}", "it does not unpack"))
                return
        session_id = SessionId(PurePosixPath(self._folder).name)
        for finding in examine(session_id, files.get(METADATA), history).findings:
            self.problems.append(Problem(f"{self._folder}/{finding.file}", finding.detail))

    def _look_at_ledger(self, body: Body, copy: Path) -> None:
        with copy.open("wb") as file:
            for piece in body.pieces():
                file.write(piece)
        if body.intact:
            self.problems += [Problem(DATABASE, detail) for detail in _ledger_problems(copy)]


def _skip(body: Body) -> None:
    for _ in body.pieces():
        pass


def _unpacked(packed: bytes) -> bytes | None:
    """A packed history; None when it is damaged, or larger than it is read."""
    stream = zlib.decompressobj(_GZIP)
    try:
        data = stream.decompress(packed, MOST_READ)
    except zlib.error:
        return None
    return data if stream.eof and not stream.unused_data else None


def _is_session(folder: str) -> bool:
    parts = folder.split("/")
    return len(parts) == 4 and (parts[0], parts[2]) == (AGENTS, SESSIONS)


def _ledger_problems(path: Path) -> list[str]:
    """What SQLite finds in a database that nobody has open."""
    try:
        name = f"file:{quote(str(path))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(name, uri=True)) as db:
            # The file may come from anybody: nothing in it is run.
            db.execute("PRAGMA trusted_schema = OFF")
            if (found := version(db)) > VERSION:
                return [f"it has version {found}, this Argent knows {VERSION}: install a newer one"]
            return [row[0] for row in db.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
    except sqlite3.Error as error:
        return [f"it is no whole database ({error})"]
