"""Where each session is: under one of the agents that there are, of whom there are few.

It is looked up and not remembered: a session can be moved, and folders be copied by hand.
"""

import os
import sqlite3
import threading
from collections.abc import Collection
from contextlib import closing, suppress
from pathlib import Path

from state.files.disk import Disk
from state.files.layout import (
    AGENTS,
    FOLDER_MODE,
    HISTORY,
    MAIN,
    METADATA,
    PACKED,
    Layout,
)
from state.files.ledger import index
from state.files.ledger.reading import connect_to_read
from state.keys import SessionId, is_account_name
from state.store import StoreError


class Places:
    """The folders of a state folder's agents, and the sessions in them.

    `still` is held while a session's folder is moved, and by whoever, beside the writer's thread,
    must not be led to where it was: between the look for it and what is opened in it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.main = Layout(root)
        self.still = threading.Lock()

    def of(self, agent: str) -> Layout:
        """An agent's paths. Raises `NotFound` for what cannot be an agent's name."""
        return self.main.of(agent)

    def agents(self) -> tuple[Layout, ...]:
        """The agents that have a folder, and `main`, which is the first. Raises OSError."""
        names: list[str] = []
        with suppress(FileNotFoundError), os.scandir(self.root / AGENTS) as found:
            names = sorted(e.name for e in found if is_account_name(e.name) and e.is_dir())
        return (self.main, *(self.of(name) for name in names if name != MAIN))

    def found(self, session_id: SessionId) -> tuple[Layout, ...]:
        """The agents with something in the place of this session. Raises `NotFound`, OSError."""
        return tuple(
            layout for layout in self.agents() if os.path.lexists(layout.folder(session_id))
        )

    def where(self, session_id: SessionId) -> Layout:
        """The agent whose session it is; `main` where there is none yet.

        Of several that have one (somebody copied it) the index tells which; else `main` has it.
        Raises `NotFound` for what cannot be a session's id, OSError.
        """
        found = self.found(session_id)
        if len(found) > 1:
            # Files that were kept before anything was said are nobody's session.
            found = tuple(at for at in found if is_session(str(at.folder(session_id)))) or found
        if len(found) > 1:
            named = self._named(session_id)
            found = tuple(at for at in found if at.agent == named) or found
        return found[0] if found else self.main

    def one_of(self, agents: Collection[str], session_id: SessionId) -> Layout:
        """Of the agents that have a session (`listing.session_agents`), the one whose it is."""
        (first, *others) = agents
        return self.where(session_id) if others else self.of(first)

    def folder(self, session_id: SessionId) -> Path:
        """Where a session is, or would be. Raises as `where` does."""
        return self.where(session_id).folder(session_id)

    def make(self, disk: Disk, agent: Layout) -> None:
        """Make an agent's folders, durably. Raises OSError."""
        if agent.sessions.is_dir():
            return
        for path in (self.root / AGENTS, agent.sessions.parent, agent.sessions):
            with suppress(FileExistsError):
                disk.calls.mkdir(path, FOLDER_MODE)
            disk.sync_folder(path.parent)

    def move(self, disk: Disk, folder: Path, to: Layout) -> Path:
        """Let a session's folder be another agent's, by one rename; its place now.

        To make both agents' folders durable is the caller's, who knows the place by then. Raises
        `StoreError` where something is in its way, OSError.
        """
        target = to.folder(SessionId(folder.name))
        self.make(disk, to)
        with self.still:
            if os.path.lexists(target):
                raise StoreError(f"{target} is there already; move it elsewhere, then try again")
            disk.calls.replace(folder, target)
        return target

    def _named(self, session_id: SessionId) -> str | None:
        """The agent that the index names, if it can be asked."""
        try:
            with closing(connect_to_read(self.main.database)) as db:
                row = index.rows(db, [session_id]).get(session_id)
        except sqlite3.Error:
            return None
        return None if row is None else row.agent


def is_session(folder: str) -> bool:
    """Whether there is more than files that were kept before anything was said."""
    # There may be very many: a path is three times as dear as the question it is made for.
    return any(os.path.lexists(f"{folder}/{file}") for file in (METADATA, HISTORY, PACKED))
