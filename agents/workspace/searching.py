"""Looking for words in the files of a workspace, within bounds of work.

The words are looked for as they are. A pattern of the model's own making could take for ever, and
nothing could stop it: commands have `grep`, and a limit of time.
"""

import fnmatch
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from agents.workspace.errors import FileRefused
from agents.workspace.workspace import MOST_READ, Workspace

MOST_FOUND = 200
MOST_FILES = 5_000
MOST_BYTES = 64 << 20
MOST_SECONDS = 10.0
MOST_DEPTH = 32
_LONGEST_LINE = 300
_NEVER = frozenset({".git", "node_modules", "__pycache__", ".venv"})
"""Folders that nobody means, and that would use up all bounds."""


@dataclass(frozen=True, slots=True)
class Match:
    """A line that holds the words: its file, its number from 1, and its text, if need be cut."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and whether that is all."""

    matches: tuple[Match, ...]
    complete: bool


def search(
    workspace: Workspace, words: str, *, beneath: str = "", names: str = "*", case: bool = False
) -> Found:
    """The lines that hold `words`, in files whose name fits `names` (``*.py``). Raises
    `FileRefused`."""
    wanted = words if case else words.casefold()
    until = time.monotonic() + MOST_SECONDS
    matches: list[Match] = []
    files = size = 0
    for path in _files(workspace, beneath, until):
        if files >= MOST_FILES or size >= MOST_BYTES:
            return Found(tuple(matches), complete=False)
        if not fnmatch.fnmatchcase(path.rpartition("/")[2], names):
            continue
        files += 1
        try:
            data = workspace.read(path).data
        except FileRefused:
            continue
        size += len(data)
        for match in _matches(path, data, wanted, case):
            matches.append(match)
            if len(matches) == MOST_FOUND:
                return Found(tuple(matches), complete=False)
    return Found(tuple(matches), complete=time.monotonic() <= until)


def _files(workspace: Workspace, beneath: str, until: float) -> Iterator[str]:
    """The paths of all files beneath a folder, as far as there is time. Links are not followed."""
    entries, _ = workspace.list(beneath)
    left = [(beneath.rstrip("/"), entry, 0) for entry in reversed(entries)]
    while left and time.monotonic() <= until:
        folder, entry, depth = left.pop()
        path = f"{folder}/{entry.name}" if folder else entry.name
        if entry.kind == "file" and entry.size <= MOST_READ:
            yield path
        elif entry.kind == "folder" and entry.name not in _NEVER and depth < MOST_DEPTH:
            with suppress(FileRefused):
                inner, _ = workspace.list(path)
                left += [(path, each, depth + 1) for each in reversed(inner)]


def _matches(path: str, data: bytes, wanted: str, case: bool) -> Iterator[Match]:
    if b"\0" in data:
        return
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if wanted in (line if case else line.casefold()):
            yield Match(path, number, line.strip()[:_LONGEST_LINE])
