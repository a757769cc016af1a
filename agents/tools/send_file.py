"""A tool that gives people a file: what the model writes goes out with its answer."""

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
"""Bytes of one of them."""
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


class SendFileArguments(Arguments):
    """The file to send."""

    name: str = Field(description="Its name with an extension, such as table.csv.", min_length=1)
    content: str = Field(description="All of its text.", max_length=LARGEST)


SEND_FILE = describe(
    "send_file",
    "Send a text file (a table, a document, source code) along with your answer. Use it for what "
    "people want as a file, or what is too long to read in a chat.",
    SendFileArguments,
)


class FileSender:
    """The tool for one turn, and the files that were sent with it so far."""

    def __init__(self, keep: Keep, *, largest: int = LARGEST) -> None:
        self._keep = keep
        self._largest = min(largest, LARGEST)
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
        content = sendable(arguments.content).encode()
        if len(content) > self._largest:
            raise ToolFailed(f"The file is too large: at most {self._largest} bytes can be sent.")
        self._begun += 1
        title = displayed(arguments.name)
        try:
            file = await self._keep(title, type_of(title), content)
        except StoreError as error:
            self._begun -= 1
            raise ToolFailed("The file could not be kept, so it is not sent.") from error
        self._files.append(file)
        return f"{title} ({len(content)} bytes) goes out with your answer."


def displayed(name: str) -> str:
    """A file's name as people may see it: no path, nothing invisible, not too long."""
    plain = "".join(c for c in sendable(name).replace("\\", "/") if c.isprintable())
    path = PurePath(plain.rpartition("/")[2].strip(" ."))
    suffix = path.suffix[:20]
    return f"{path.stem[: _LONGEST_NAME - len(suffix)] or 'file'}{suffix or '.txt'}"


def type_of(title: str) -> str:
    """What a text file is called by its extension."""
    return _TYPES.get(PurePath(title).suffix.lower(), "text/plain")


def _remembered(arguments: SendFileArguments) -> SendFileArguments:
    """What the conversation keeps of a call: not a second copy of a long file."""
    content = arguments.content
    if len(content) <= _REMEMBERED:
        return arguments
    rest = len(content) - _REMEMBERED
    shortened = f"{content[:_REMEMBERED]}\n[… and {rest} more characters, as they were sent]"
    return arguments.model_copy(update={"content": shortened})
