"""Verifying a backup: that it is whole, and that what it holds can be worked with."""

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from state.files.backup.archive import Body, open_backup
from state.files.backup.manifest import BadBackup, Manifest
from state.files.backup.taking import AGENTS, DATABASE, SESSIONS
from state.files.checking import examine
from state.files.errors import store_error
from state.files.layout import HISTORY, METADATA
from state.files.ledger.schema import VERSION, version
from state.keys import SessionId

MOST_READ = 1 << 30
"""Bytes of a history that are read into memory; a larger one is not looked into."""


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
    """Looks into the files that it knows. A session's facts come before its history."""

    problems: list[Problem] = field(default_factory=list)
    _facts: dict[str, bytes] = field(default_factory=dict)

    def at(self, body: Body, beside: Path) -> None:
        name = body.record.name
        if name == DATABASE:
            copy = beside / DATABASE
            with copy.open("wb") as file:
                for piece in body.pieces():
                    file.write(piece)
            if body.intact:
                self.problems += [Problem(name, detail) for detail in _ledger_problems(copy)]
            return
        folder, _, file_name = name.rpartition("/")
        if file_name not in (HISTORY, METADATA) or not _is_session(folder):
            for _ in body.pieces():
                pass
            return
        if body.record.size > MOST_READ:
            self.problems.append(Problem(name, f"it is larger than {MOST_READ} bytes"))
            for _ in body.pieces():
                pass
            return
        data = b"".join(body.pieces())
        if not body.intact:
            return
        if file_name == METADATA:
            self._facts[folder] = data
        else:
            self._examine(folder, self._facts.pop(folder, None), data)

    def finish(self) -> None:
        """Look at the facts that no history came for."""
        for folder, facts in self._facts.items():
            self._examine(folder, facts, None)

    def _examine(self, folder: str, facts: bytes | None, history: bytes | None) -> None:
        examined = examine(SessionId(PurePosixPath(folder).name), facts, history)
        self.problems += [
            Problem(f"{folder}/{finding.file}", finding.detail) for finding in examined.findings
        ]


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
