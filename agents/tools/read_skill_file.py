"""A tool that reads the files that came with a skill: text, and nothing outside its folder."""

import asyncio
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from agents.tools.tool import Arguments, Tool, ToolFailed, describe

LARGEST = 200_000
"""Bytes of a file that is read; of its characters, a model is shown `tool.LONGEST_RESULT`."""

_NAMED = 20


class ReadSkillFileArguments(Arguments):
    """The file to read."""

    path: str = Field(
        description="Its path in the skill's folder, such as references/forms.md.",
        min_length=1,
        max_length=500,
    )


READ_SKILL_FILE = describe(
    "read_skill_file",
    "Read a text file that came with the skill you work with, when its instructions refer to it.",
    ReadSkillFileArguments,
)


def skill_file_reader(folder: Path, files: Sequence[str]) -> Tool[ReadSkillFileArguments]:
    """The tool for a skill's folder; `files` are named when another one is asked for."""

    async def run(arguments: ReadSkillFileArguments) -> str:
        return await asyncio.to_thread(read, folder, arguments.path, files)

    return Tool(READ_SKILL_FILE, ReadSkillFileArguments, run)


def read(folder: Path, path: str, files: Sequence[str] = ()) -> str:
    """The text of a file in a folder. It blocks. Raises `ToolFailed`."""
    try:
        home = folder.resolve(strict=True)
        # Links are followed first, and what they lead to has to be in the folder.
        target = (home / path).resolve(strict=True)
        content = _content(target) if target.is_relative_to(home) else None
    except (OSError, ValueError, RuntimeError):  # no such file, a zero byte, links in a circle
        content = None
    if content is None:
        named = ", ".join(files[:_NAMED]) or "none"
        raise ToolFailed(f"The skill has no file {path!r}. Its files are: {named}.")
    if len(content) > LARGEST:
        raise ToolFailed(f"{path} is too large: files of up to {LARGEST} bytes can be read.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ToolFailed(f"{path} is not a text file.")
    return text


def _content(path: Path) -> bytes | None:
    """Its first bytes, one more than may be read; None for what is no ordinary file."""
    # A pipe would keep whoever opens it waiting.
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            return None
        return file.read(LARGEST + 1)
