"""Where the files of a session's tools are, made when a tool first asks for them.

What people attach is copied to ``inbox/``, and what is written in sight of material from outside
may repeat it. From then on whatever is read in the workspace may be somebody else's words, also
under another name: a mark beside the workspace, which no tool reaches, says so for as long as the
workspace is there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path, PurePosixPath

import structlog

from agents.sandbox.config import SandboxSettings
from agents.tools.send_file import displayed
from agents.tools.tool import ToolFailed
from agents.workspace.errors import FileRefused
from agents.workspace.folder import prepare
from agents.workspace.workspace import Workspace
from gateway.occasion import Occasion
from state.files.layout import WORKSPACE
from state.keys import SessionId
from state.messages import Attachment, InboundMessage
from state.store import StoreError

INBOX = "inbox"
_MARK = "workspace.foreign"

Folder = Callable[[SessionId], Awaitable[Path]]
"""A session's own folder, made where it is missing. Raises `StoreError`."""

ReadsFile = Callable[[SessionId, str], Awaitable[bytes]]
"""The content of a file that is kept with a session. Raises `StoreError`."""

_log = structlog.get_logger("tools")


class Workspaces:
    """Finds and makes the workspaces of sessions."""

    def __init__(self, settings: SandboxSettings, folder: Folder, read_file: ReadsFile) -> None:
        self._settings = settings
        self._folder = folder
        self._read_file = read_file

    def of(self, occasion: Occasion) -> "Place":
        """The workspace of a turn's session. Nothing is made yet."""
        return Place(self, occasion)

    async def open(self, occasion: Occasion) -> tuple[Path, bool]:
        """The workspace, with what came along in its inbox, and whether anything ever did.

        Raises `ToolFailed` where it cannot be had.
        """
        session = occasion.opened.session.id
        try:
            home, path = await self._made(session)
            for attachment in _came_along(occasion):
                content = await self._read_file(session, attachment.file or "")
                await asyncio.to_thread(_deliver, home, path, attachment, content)
            return path, await asyncio.to_thread((home / _MARK).exists)
        except (OSError, StoreError, FileRefused) as error:
            raise _trouble(session, error) from error

    async def file(self, session: SessionId, name: str, most: int) -> bytes:
        """The content of a file that is in a workspace. Raises `ToolFailed`."""
        try:
            _, path = await self._made(session)
            return await asyncio.to_thread(_content, path, name, most)
        except FileRefused as error:
            raise ToolFailed(str(error)) from None
        except (OSError, StoreError) as error:
            raise _trouble(session, error) from error

    async def mark(self, session: SessionId) -> None:
        """Take what is in a workspace for foreign from now on. Raises `ToolFailed`."""
        try:
            home = await self._folder(session)
            await asyncio.to_thread(_mark, home)
        except (OSError, StoreError) as error:
            raise _trouble(session, error) from error

    async def _made(self, session: SessionId) -> tuple[Path, Path]:
        """A session's own folder, and its workspace."""
        home = await self._folder(session)
        own = PurePosixPath(home / WORKSPACE)
        written = self._settings.folder_of(session, own)
        return home, await asyncio.to_thread(_prepared, written, session)


class Place:
    """A workspace in one turn: opened once, by whichever call is first."""

    def __init__(self, workspaces: Workspaces, occasion: Occasion) -> None:
        self._workspaces = workspaces
        self._occasion = occasion
        self._opening = asyncio.Lock()
        self._opened: tuple[Path, bool] | None = None

    async def opened(self) -> tuple[Path, bool]:
        """Where it is, and whether what is in it may be from outside. Raises `ToolFailed`."""
        async with self._opening:
            if self._opened is None:
                self._opened = await self._workspaces.open(self._occasion)
            return self._opened

    async def mark(self) -> None:
        """Take what is in it for foreign from now on. Raises `ToolFailed`."""
        folder, foreign = await self.opened()
        if not foreign:
            await self._workspaces.mark(self._occasion.opened.session.id)
            self._opened = folder, True


def _came_along(occasion: Occasion) -> Iterator[Attachment]:
    for accepted in occasion.batch or ():
        if isinstance(accepted.message, InboundMessage):
            yield from (each for each in accepted.message.attachments if each.file is not None)


def _trouble(session: SessionId, error: Exception) -> ToolFailed:
    _log.error("workspace_not_opened", session=session, error=str(error))
    return ToolFailed("The workspace cannot be used now: the disk has trouble.")


def _content(workspace: Path, name: str, most: int) -> bytes:
    with Workspace(workspace) as opened:
        return opened.read(name, most=most).data


def _prepared(written: PurePosixPath, session: SessionId) -> Path:
    path = Path(written).expanduser()
    prepare(path, session)
    return path


def _mark(home: Path) -> None:
    (home / _MARK).touch(mode=0o600)


def _deliver(home: Path, workspace: Path, attachment: Attachment, content: bytes) -> None:
    """Put a file into the inbox. The mark comes first: no file is there without it."""
    _mark(home)
    name = displayed(attachment.name or attachment.file or "")
    with Workspace(workspace) as opened:
        opened.write(f"{INBOX}/{name}", content, most=len(content))
