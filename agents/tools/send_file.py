"""A tool that gives people a file: what the model writes, or has, goes out with its answer."""

import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import PurePath

from pydantic import Field

from agents.tools.tool import Arguments, Tool, ToolFailed, describe
from agents.transcript import sendable
from state.messages import StoredFile
from state.store import StoreError

MOST_FILES = 5
"""Files that one turn may send."""
LARGEST = 1_000_000
"""Bytes of one that the model writes."""
LARGEST_FOUND = 20_000_000
"""Bytes of one of its workspace."""
_LONGEST_NAME = 100
_REMEMBERED = 500
_TYPES = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".csv": "text/csv",
    ".json": "application/json",
    ".html": "text/html",
    ".xml": "application/xml",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
}

Keep = Callable[[str, str, bytes], Awaitable[StoredFile]]
"""Keeps a file: the name that people see, its type, its content. Raises a `StoreError`."""


Finds = Callable[[str, int], Awaitable[bytes]]
"""The content of a file of the workspace, of so many bytes at most. Raises `ToolFailed`."""


class SendFileArguments(Arguments):
    """The file to send."""

    name: str = Field(description="Its name with an extension, such as table.csv.", min_length=1)
    content: str | None = Field(default=None, description="All of its text.", max_length=LARGEST)
    path: str | None = Field(
        default=None, description="Instead of its text: a file of your workspace, of any kind."
    )


SEND_FILE = describe(
    "send_file",
    "Send a file along with your answer: one that you write (a table, a document, source code), or "
    "one of your workspace. Use it for what people want as a file, or what is too long for a chat.",
    SendFileArguments,
)


class FileSender:
    """The tool for one turn, and the files that were sent with it so far."""

    def __init__(self, keep: Keep, *, largest: int = LARGEST, finds: Finds | None = None) -> None:
        self._keep = keep
        self._largest = largest
        self._finds = finds
        self._begun = 0
        self._files: list[StoredFile] = []
        self.tool = Tool(SEND_FILE, SendFileArguments, self._send, remember=_remembered)

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """What goes out with the answer, in the order in which it was made."""
        return tuple(self._files)

    async def _send(self, arguments: SendFileArguments) -> str:
        # Counted before anything is awaited: the calls of one step run at once.
        if self._begun >= MOST_FILES:
            raise ToolFailed(f"At most {MOST_FILES} files go out with one answer.")
        if (arguments.content is None) == (arguments.path is None):
            raise ToolFailed("Give either its content, or the path of a file of your workspace.")
        self._begun += 1
        try:
            return await self._sent(arguments)
        except BaseException:
            self._begun -= 1
            raise

    async def _sent(self, arguments: SendFileArguments) -> str:
        title, content = displayed(arguments.name), await self._content(arguments)
        kind = type_of(title) if arguments.path is None else _kind_of(title)
        try:
            file = await self._keep(title, kind, content)
        except StoreError as error:
            raise ToolFailed("The file could not be kept, so it is not sent.") from error
        self._files.append(file)
        return f"{title} ({len(content)} bytes) goes out with your answer."

    async def _content(self, arguments: SendFileArguments) -> bytes:
        if arguments.path is not None:
            if self._finds is None:
                raise ToolFailed("You have no workspace here: give the file's content.")
            return await self._finds(arguments.path, min(self._largest, LARGEST_FOUND))
        content = sendable(arguments.content or "").encode()
        most = min(self._largest, LARGEST)
        if len(content) > most:
            raise ToolFailed(f"The file is too large: at most {most} bytes can be sent.")
        return content


def displayed(name: str) -> str:
    """A file's name as people may see it: no path, nothing invisible, not too long."""
    plain = "".join(c for c in sendable(name).replace("\\", "/") if c.isprintable())
    path = PurePath(plain.rpartition("/")[2].strip(" ."))
    suffix = path.suffix[:20]
    return f"{path.stem[: _LONGEST_NAME - len(suffix)] or 'file'}{suffix or '.txt'}"


def type_of(title: str) -> str:
    """What a text file is called by its extension."""
    return _TYPES.get(PurePath(title).suffix.lower(), "text/plain")


def _kind_of(title: str) -> str:
    """What a file of any kind is called by its extension."""
    path = PurePath(title)
    known = _TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0]
    return known or "application/octet-stream"


def _remembered(arguments: SendFileArguments) -> SendFileArguments:
    """What the conversation keeps of a call: not a second copy of a long file."""
    content = arguments.content or ""
    if len(content) <= _REMEMBERED:
        return arguments
    rest = len(content) - _REMEMBERED
    shortened = f"{content[:_REMEMBERED]}\n[… and {rest} more characters, as they were sent]"
    return arguments.model_copy(update={"content": shortened})
