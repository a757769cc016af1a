"""One file that is being written into a session's ``media/``."""

import os
import threading
from collections.abc import Collection
from contextlib import suppress

from state.files.disk import Disk
from state.files.layout import FILE_MODE, FOLDER_MODE, MEDIA
from state.files.places import Places
from state.keys import SessionId

_FOLDER = os.O_RDONLY | os.O_DIRECTORY


class Draft:
    """A file under a name that begins with a dot, until it is whole.

    The methods block and run in threads. Each holds the lock: a caller that was cancelled may ask
    for the end while a write of theirs is still going on, and a descriptor that is closed beneath
    a write could by then be somebody else's file.
    """

    def __init__(
        self, disk: Disk, places: Places, session_id: SessionId, name: str, beside: str
    ) -> None:
        self._disk, self._places, self._session_id = disk, places, session_id
        self._name, self._beside = name, beside
        self._lock = threading.Lock()
        self._session: int | None = None
        self._media: int | None = None
        self._fd: int | None = None
        self._end = 0
        self._closed = False

    def write(self, data: bytes, others: Collection[str]) -> None:
        """Write some more. Raises OSError. `others` are the drafts that are not to be swept."""
        with self._lock:
            self._write(data, others)

    def finish(self, data: bytes, others: Collection[str]) -> None:
        """Write the rest, and let the file be there under its name, durably. Raises OSError."""
        with self._lock:
            fd, media, session = self._write(data, others)
            calls = self._disk.calls
            calls.fsync(fd)
            calls.replace_in(media, self._beside, self._name)
            self._beside = self._name
            calls.fsync(media)
            # The session's folder may be new, too, whoever made it and is not done yet; and whoever
            # moves it meanwhile sees to it that it stays moved.
            calls.fsync(session)
            self._disk.sync_folder(self._places.folder(self._session_id).parent)
            self._close()

    def discard(self) -> None:
        """Leave nothing of the file. Never raises."""
        with self._lock:
            if self._media is not None and self._fd is not None:
                with suppress(OSError):
                    self._disk.calls.unlink_in(self._media, self._beside)
            self._close()

    def _write(self, data: bytes, others: Collection[str]) -> tuple[int, int, int]:
        if self._closed:
            raise FileNotFoundError(f"{self._beside} was discarded")
        if self._fd is None or self._media is None or self._session is None:
            self._session, self._media = self._open_folders()
            self._sweep(self._media, others)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            self._fd = self._disk.calls.open_in(self._media, self._beside, flags, FILE_MODE)
        self._disk.calls.write_all(self._fd, data, self._end)
        self._end += len(data)
        return self._fd, self._media, self._session

    def _open_folders(self) -> tuple[int, int]:
        """The session's folder and its ``media/``: from here on they may be moved."""
        calls = self._disk.calls
        with self._places.still:
            folder = self._places.folder(self._session_id)
            with suppress(FileExistsError):
                calls.mkdir(folder, FOLDER_MODE)
            path = folder / MEDIA
            if os.path.lexists(path) and (path.is_symlink() or not path.is_dir()):
                self._disk.move_aside(path)
            session = calls.open(folder, _FOLDER, 0)
        try:
            with suppress(FileExistsError):
                calls.mkdir_in(session, MEDIA, FOLDER_MODE)
            return session, calls.open_in(session, MEDIA, _FOLDER, 0)
        except BaseException:
            os.close(session)
            raise

    def _sweep(self, media: int, others: Collection[str]) -> None:
        """Remove what a crash left half written: nobody else writes here, and it has no name."""
        for left in os.listdir(media):
            if left == self._beside or (left.startswith(".") and left not in others):
                with suppress(FileNotFoundError):
                    self._disk.calls.unlink_in(media, left)

    def _close(self) -> None:
        self._closed = True
        for fd in (self._fd, self._media, self._session):
            if fd is not None:
                os.close(fd)
        self._fd = self._media = self._session = None
