"""Receipts of what was erased: ``receipts/<date>-<digest>.json`` in the state folder.

One is there from the moment something begins to be erased, so that what was cut short is known to
be unfinished. It names nobody.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from state.codec import InvalidValue, loads
from state.files.calls import SystemCalls
from state.files.disk import Disk
from state.files.errors import store_error
from state.files.layout import FOLDER_MODE
from state.files.reading import read_file

FOLDER = "receipts"
Document = dict[str, Any]


class Receipts:
    """The receipts of a state folder. It blocks: call it off the loop."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def unfinished(self, digest: str) -> Path | None:
        """The receipt of an erasure that was cut short. Raises `StorageFailed`."""
        return next((p for p, each in self._of(digest) if each.get("finished") is None), None)

    def finished(self, digest: str) -> Path | None:
        """The last receipt of an erasure that was done. Raises `StorageFailed`."""
        done = [path for path, each in self._of(digest) if each.get("finished") is not None]
        return done[-1] if done else None

    def write(self, document: Document, *, digest: str, at: datetime) -> Path:
        """Write a new receipt, durably; where it is. Raises `StorageFull`, `StorageFailed`."""
        folder = self._root / FOLDER
        disk = self._disk(at)
        try:
            with suppress(FileExistsError):
                disk.calls.mkdir(folder, FOLDER_MODE)
                disk.sync_folder(self._root)
            path = folder / f"{at:%Y%m%dT%H%M%SZ}-{digest}.json"
        except OSError as error:
            raise store_error(error, f"making {folder}") from error
        self.replace(path, document, at=at)
        return path

    def replace(self, path: Path, document: Document, *, at: datetime) -> None:
        """Write a receipt anew, durably. Raises `StorageFull`, `StorageFailed`."""
        data = orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
        try:
            self._disk(at).replace(path, data)
        except OSError as error:
            raise store_error(error, f"writing {path}") from error

    def _disk(self, at: datetime) -> Disk:
        return Disk(self._root, SystemCalls(), lambda: at)

    def _of(self, digest: str) -> Iterator[tuple[Path, Document]]:
        for path in sorted((self._root / FOLDER).glob(f"*-{digest}.json")):
            try:
                document = loads(read_file(path) or b"")
            except InvalidValue:
                document = {}
            except OSError as error:
                raise store_error(error, f"reading {path}") from error
            yield path, document if isinstance(document, dict) else {}
