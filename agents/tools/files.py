"""Tools for the files of a session's workspace: read, write, edit, list, search."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from agents.tools.tool import LONGEST_RESULT, Arguments, Tool, ToolFailed, describe
from agents.transcript import sendable
from agents.workspace.errors import FileRefused
from agents.workspace.searching import Found, search
from agents.workspace.workspace import MOST_WRITTEN, Listed, Workspace

_REMEMBERED = 500
_LINES = 2_000
_LONGEST_LINE = 2_000
_PATH = "Below your workspace, such as notes/plan.md."

T = TypeVar("T")


class ReadArguments(Arguments):
    """What to read."""

    path: str = Field(description=_PATH)
    first: int = Field(default=1, ge=1, description="The first line, from 1.")
    lines: int = Field(default=_LINES, ge=1, le=_LINES, description="How many lines.")


class WriteArguments(Arguments):
    """What to write."""

    path: str = Field(description=_PATH)
    content: str = Field(description="All of its text.", max_length=MOST_WRITTEN)


class EditArguments(Arguments):
    """What to change."""

    path: str = Field(description=_PATH)
    old: str = Field(description="The text to replace, exactly as it is there.", min_length=1)
    new: str = Field(description="What takes its place.", max_length=MOST_WRITTEN)
    every: bool = Field(default=False, description="Replace it everywhere, not just in one place.")


class ListArguments(Arguments):
    """What to list."""

    path: str = Field(default="", description="A folder; the workspace itself if left out.")


class SearchArguments(Arguments):
    """What to look for."""

    words: str = Field(description="The words, as they are; no pattern.", min_length=1)
    path: str = Field(default="", description="A folder; the whole workspace if left out.")
    names: str = Field(default="*", description="Which files, such as *.py.", max_length=100)
    case: bool = Field(default=False, description="Whether large and small letters differ.")


READ = describe("read", "Read a text file of your workspace.", ReadArguments)
WRITE = describe(
    "write", "Write a text file of your workspace, or replace all of one.", WriteArguments
)
EDIT = describe(
    "edit", "Replace a piece of text in a file of your workspace by another.", EditArguments
)
LIST = describe("list", "List a folder of your workspace.", ListArguments)
SEARCH = describe("search", "Find words in the files of your workspace.", SearchArguments)


def file_tools(
    folder: Path, *, strict: bool = True, foreign: bool = False
) -> tuple[Tool[Any], ...]:
    """The tools for a workspace that exists.

    With `strict`, files that have a second name, which may be outside, are refused. `foreign` says
    that what is in the files may be from outside. Work goes on in a thread when a call is
    cancelled; all of it is bounded.
    """

    async def within(work: Callable[[Workspace], T]) -> T:
        def done() -> T:
            with Workspace(folder, strict=strict) as workspace:
                return work(workspace)

        try:
            return await asyncio.to_thread(done)
        except FileRefused as error:
            raise ToolFailed(str(error)) from None

    async def read(given: ReadArguments) -> str:
        return await within(lambda workspace: _read(workspace, given))

    async def write(given: WriteArguments) -> str:
        return await within(lambda workspace: _write(workspace, given))

    async def edit(given: EditArguments) -> str:
        return await within(lambda workspace: _edit(workspace, given))

    async def list_(given: ListArguments) -> str:
        return await within(lambda workspace: _list(workspace, given))

    async def search_(given: SearchArguments) -> str:
        return await within(lambda workspace: _search(workspace, given))

    return (
        Tool(READ, ReadArguments, read, foreign=foreign),
        Tool(WRITE, WriteArguments, write, remember=_remembered_write, guarded=True),
        Tool(EDIT, EditArguments, edit, remember=_remembered_edit, guarded=True),
        Tool(LIST, ListArguments, list_, foreign=foreign),
        Tool(SEARCH, SearchArguments, search_, foreign=foreign),
    )


def _read(workspace: Workspace, given: ReadArguments) -> str:
    lines = _text(workspace.read(given.path).data, given.path).splitlines()
    chosen = lines[given.first - 1 : given.first - 1 + given.lines]
    if not chosen:
        return f"[the file has {len(lines)} lines]" if lines else "[the file is empty]"
    shown: list[str] = []
    room = LONGEST_RESULT - 200
    for line in chosen:
        cut = line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} […]"
        room -= len(cut) + 1
        if room < 0:
            break
        shown.append(cut)
    last = given.first - 1 + len(shown)
    if given.first > 1 or last < len(lines):
        shown.append(f"[lines {given.first} to {last} of {len(lines)}]")
    return "\n".join(shown)


def _write(workspace: Workspace, given: WriteArguments) -> str:
    data = sendable(given.content).encode()
    replaced = workspace.write(given.path, data)
    return f"{'Replaced' if replaced else 'Wrote'} {given.path} ({len(data)} bytes)."


def _edit(workspace: Workspace, given: EditArguments) -> str:
    content = workspace.read(given.path)
    text = _text(content.data, given.path)
    count = text.count(given.old)
    if not count:
        raise ToolFailed(f"{given.path} does not hold that text: read it, and copy it exactly.")
    if count > 1 and not given.every:
        raise ToolFailed(
            f"{given.path} holds that text {count} times: give more of what is around."
        )
    changed = sendable(text.replace(given.old, given.new)).encode()
    workspace.write(given.path, changed, instead_of=content.version)
    return f"Changed {given.path} in {count} place{'s' if count > 1 else ''}."


def _list(workspace: Workspace, given: ListArguments) -> str:
    entries, count = workspace.list(given.path)
    if not entries:
        return "[the folder is empty]"
    lines = [_entry(each) for each in entries]
    if count > len(entries):
        lines.append(f"[and {count - len(entries)} more]")
    return "\n".join(lines)


def _entry(listed: Listed) -> str:
    match listed.kind:
        case "file":
            return f"{listed.name}  {listed.size} bytes"
        case "folder":
            return f"{listed.name}/"
        case kind:
            return f"{listed.name}  ({kind})"


def _search(workspace: Workspace, given: SearchArguments) -> str:
    found = search(workspace, given.words, beneath=given.path, names=given.names, case=given.case)
    return told(found)


def told(found: Found) -> str:
    """What was found, a line each."""
    lines = [f"{match.path}:{match.line}: {match.text}" for match in found.matches]
    if not found.complete:
        lines.append("[there may be more: look in a smaller folder, or for more words]")
    return "\n".join(lines) or "[nothing was found]"


def _text(data: bytes, path: str) -> str:
    try:
        if b"\0" not in data:
            return data.decode()
    except UnicodeDecodeError:
        pass
    raise ToolFailed(f"{path} is no text ({len(data)} bytes).")


def _short(text: str) -> str:
    if len(text) <= _REMEMBERED:
        return text
    return f"{text[:_REMEMBERED]}\n[… and {len(text) - _REMEMBERED} more characters, as written]"


def _remembered_write(given: WriteArguments) -> WriteArguments:
    """What the conversation keeps of a call: not a second copy of a long file."""
    short = _short(given.content)
    return given if short == given.content else given.model_copy(update={"content": short})


def _remembered_edit(given: EditArguments) -> EditArguments:
    old, new = _short(given.old), _short(given.new)
    if (old, new) == (given.old, given.new):
        return given
    return given.model_copy(update={"old": old, "new": new})
