"""The files that are kept with sessions: ``media/`` in the session's folder.

They are read and written in threads of their own, so that a large one delays no history. No
symbolic link is followed: what an agent's tools may leave in the folder leads nowhere.
"""

import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar

from state.files.disk import Disk
from state.files.draft import Draft
from state.files.errors import store_error
from state.files.layout import MEDIA
from state.files.places import Places
from state.files.reading import read_range
from state.ids import is_file_name
from state.keys import SessionId
from state.store import FileTooLarge, NotFound, StorageFailed

T = TypeVar("T")

_THREADS = 2
_PIECE = 256 * 1024
"""Bytes that are gathered before they are written: a hop into a thread costs as much as a write."""

_NOWHERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""What opening says where there is nothing, or something else that must not be followed."""


class Media:
    """Must be used in one event loop."""

    def __init__(self, places: Places, disk: Disk) -> None:
        self._places, self._disk = places, disk
        self._threads = ThreadPoolExecutor(_THREADS, "argent-media")
        self._numbers = count(1)
        self._drafts: set[str] = set()
        self._closed = False

    async def keep(
        self, session_id: SessionId, name: str, chunks: AsyncIterator[bytes], *, most: int
    ) -> int:
        """Keep a file, as `store.Sessions.keep_file` says."""
        if not is_file_name(name):
            raise ValueError(f"no file can be kept under the name {name!r}")
        beside = f".{next(self._numbers)}.new"
        draft = Draft(self._disk, self._places, session_id, name, beside)
        self._drafts.add(beside)
        try:
            return await self._write(draft, chunks, most)
        except BaseException:
            await self._discard(draft)
            raise
        finally:
            self._drafts.discard(beside)

    async def read(self, session_id: SessionId, name: str) -> bytes:
        """The content of a kept file. Raises `NotFound`, `StorageFailed`."""
        read = partial(_read, self._places, session_id, name)
        found = await self._run(read) if is_file_name(name) else None
        if found is None:
            raise NotFound(f"no file {name!r} is kept with {session_id}")
        return found

    def close(self) -> None:
        """Let go of the threads, once what they do is done."""
        self._closed = True
        self._threads.shutdown()

    async def _write(self, draft: Draft, chunks: AsyncIterator[bytes], most: int) -> int:
        size = 0
        held = bytearray()
        async for chunk in chunks:
            size += len(chunk)
            if size > most:
                raise FileTooLarge(f"the file has more than {most} bytes")
            held += chunk
            if len(held) >= _PIECE:
                await self._run(partial(draft.write, bytes(held), self._drafts))
                held.clear()
        await self._run(partial(draft.finish, bytes(held), self._drafts))
        return size

    async def _discard(self, draft: Draft) -> None:
        if self._closed:
            draft.discard()
            return
        # In a thread, because a write of a cancelled caller may still hold the draft; and to its
        # end, also when the caller is cancelled once more.
        loop = asyncio.get_running_loop()
        await asyncio.shield(loop.run_in_executor(self._threads, draft.discard))

    async def _run(self, call: Callable[[], T]) -> T:
        if self._closed:
            raise StorageFailed("the store is closed; no file is read or kept any more")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except OSError as error:
            raise store_error(error, f"using a file in {self._places.root}") from error


def remove(disk: Disk, folder: Path, names: Iterable[str]) -> None:
    """Remove kept files of a session, durably; a missing one is no error. Raises OSError."""
    media = _open_media(folder)
    if media is None:
        return
    try:
        for name in filter(is_file_name, names):
            with suppress(FileNotFoundError):
                disk.calls.unlink_in(media, name)
        disk.calls.fsync(media)
    finally:
        os.close(media)


def _read(places: Places, session_id: SessionId, name: str) -> bytes | None:
    with places.still:
        media = _open_media(places.folder(session_id))
    if media is None:
        return None
    try:
        fd = _open(name, 0, media)
    finally:
        os.close(media)
    if fd is None:
        return None
    try:
        found = os.fstat(fd)
        return read_range(fd, 0, found.st_size) if stat.S_ISREG(found.st_mode) else None
    finally:
        os.close(fd)


def _open_media(folder: Path) -> int | None:
    """The open folder; None when the session has no files. Raises OSError."""
    try:
        session = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        return _open(MEDIA, os.O_DIRECTORY, session)
    finally:
        os.close(session)


def _open(name: str, flags: int, folder: int) -> int | None:
    """The descriptor of a name in a folder; None where it leads nowhere. Raises OSError."""
    try:
        # A pipe in a file's place would make a plain open wait for a writer.
        flags |= os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        return os.open(name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno in _NOWHERE:
            return None
        raise
