"""Where skills are: ``skills/<name>/`` for every agent, ``agents/<agent>/skills/<name>/`` for one.

What is there is the owner's, and trusted like the settings. A skill that does not read is listed
with its problem; it never keeps anything from starting.
"""

import asyncio
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import structlog

from agents.skills import MOST_BYTES, SKILL_FILE, InvalidSkill, Skill, is_skill_name, parse, told
from agents.tools.read_skill_file import READ_SKILL_FILE, skill_file_reader
from agents.tools.tool import Tool

MOST_SKILLS = 1_000
"""Folders that are looked at in one place."""

MOST_FILES = 500
"""Other files of a skill that are looked at."""

_log = structlog.get_logger("skills")


@dataclass(frozen=True, slots=True)
class Found:
    """A skill's folder; `problem` says why there is no `skill` to be had of it.

    `own` says that it belongs to one agent alone.
    """

    name: str
    folder: Path
    own: bool
    skill: Skill | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ChosenSkill:
    """A skill as a conversation works with it: what the model is told, and the tools it brings."""

    name: str
    instructions: str
    tools: tuple[Tool[Any], ...] = ()


class SkillFolders:
    """The skills below a state folder. What reads them blocks, but for `open`."""

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir
        self._read: dict[Path, tuple[tuple[int, int, int], Found]] = {}

    def listed(self, agent: str) -> tuple[Found, ...]:
        """Every skill that an agent can be given, by name; its own go before everybody's."""
        found: dict[str, Found] = {}
        for folder, own in reversed(self._places(agent)):
            found |= {each.name: each for each in self._in(folder, own)}
        return tuple(found[name] for name in sorted(found))

    def find(self, agent: str, name: str) -> Found | None:
        """The skill of that name; None when there is no folder of it."""
        if not is_skill_name(name):
            return None
        for folder, own in self._places(agent):
            if (found := self._look(folder / name, own)) is not None:
                return found
        return None

    def files(self, found: Found) -> tuple[str, ...]:
        """The other files in a skill's folder, as paths in it."""
        return tuple(sorted(islice(_files(found.folder), MOST_FILES)))

    async def open(self, agent: str, name: str) -> ChosenSkill | None:
        """The skill of that name, read now if it has changed; None when it cannot be used."""
        return await asyncio.to_thread(self._opened, agent, name)

    def _opened(self, agent: str, name: str) -> ChosenSkill | None:
        found = self.find(agent, name)
        if found is None or found.skill is None:
            problem = "there is no such folder" if found is None else found.problem
            _log.warning("skill_not_there", agent=agent, skill=name, problem=problem)
            return None
        files = self.files(found)
        tools = (skill_file_reader(found.folder, files),) if files else ()
        words = told(found.skill, files, tool=READ_SKILL_FILE.name)
        return ChosenSkill(name, words, tools)

    def _places(self, agent: str) -> tuple[tuple[Path, bool], ...]:
        return (
            (self._root / "agents" / agent / "skills", True),
            (self._root / "skills", False),
        )

    def _in(self, folder: Path, own: bool) -> Iterator[Found]:
        try:
            folders = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
        except OSError:
            return
        for each in folders[:MOST_SKILLS]:
            if (found := self._look(each, own)) is not None:
                yield found

    def _look(self, folder: Path, own: bool) -> Found | None:
        """The skill in a folder, read anew only when its file has changed."""
        file = folder / SKILL_FILE
        try:
            there = file.stat()
            if not stat.S_ISREG(there.st_mode):  # a pipe would keep whoever opens it waiting
                return Found(folder.name, folder, own, problem=f"{SKILL_FILE} is no file")
            stamp = (there.st_mtime_ns, there.st_size, there.st_ino)
            known = self._read.get(file)
            if known is None or known[0] != stamp:
                known = self._read[file] = (stamp, _found(folder, own))
            return known[1]
        except OSError as error:
            self._read.pop(file, None)
            if not folder.is_dir():
                return None
            return Found(folder.name, folder, own, problem=_unreadable(error))


def _found(folder: Path, own: bool) -> Found:
    with (folder / SKILL_FILE).open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    try:
        return Found(folder.name, folder, own, parse(content, folder.name))
    except InvalidSkill as error:
        return Found(folder.name, folder, own, problem=str(error))


def _unreadable(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"it has no {SKILL_FILE}: write one, or remove the folder"
    return f"{SKILL_FILE} cannot be read: {error.strerror}"


def _files(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(place, name).relative_to(folder).as_posix()
            if not name.startswith(".") and path != SKILL_FILE:
                yield path
