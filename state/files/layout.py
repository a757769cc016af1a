"""Where things are: ``agents/<agent>/sessions/<session-id>/``; folders 0700, files 0600."""

from dataclasses import dataclass
from pathlib import Path

from state.keys import SessionId, is_account_name
from state.store import NotFound

FOLDER_MODE = 0o700
FILE_MODE = 0o600

AGENTS = "agents"
SESSIONS = "sessions"
MAIN = "main"
"""The agent that there always is."""

HISTORY = "history.json"
PACKED = "history.json.gz"
"""What stands in the place of `HISTORY` while a session is archived."""
METADATA = "metadata.json"
ARCHIVE = "archive"
MEDIA = "media"
WORKSPACE = "workspace"
DELETED = "deleted"
"""The folder in the state folder where deleted sessions go, unless they are erased."""
BACKUPS = "backups"
"""The folder in the state folder for what an upgrade keeps before it changes anything."""
LOGS = "logs"
"""The folder in the state folder for log files."""
BACKUP_BEGUN = ".argent-backup-"
"""How the folder's name begins in which a backup is put together, beside where it will be."""
TRASH = ".deleted-"
"""What a session's folder is called while it is being removed."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths below a state folder, for one agent."""

    root: Path
    agent: str = MAIN

    def of(self, agent: str) -> "Layout":
        """The same for another agent. Raises `NotFound` for what cannot be an agent's name."""
        if not is_account_name(agent):
            raise NotFound(f"{agent!r} cannot be an agent's name: a-z, 0-9 and '-' only")
        return Layout(self.root, agent)

    @property
    def database(self) -> Path:
        return self.root / "gateway.db"

    @property
    def search(self) -> Path:
        return self.root / "search.db"

    @property
    def lock(self) -> Path:
        return self.root / "gateway.lock"

    @property
    def sessions(self) -> Path:
        return self.root / AGENTS / self.agent / SESSIONS

    @property
    def deleted(self) -> Path:
        return self.root / DELETED

    @property
    def backups(self) -> Path:
        return self.root / BACKUPS

    @property
    def backed_up(self) -> Path:
        """A file whose time is that of the last backup."""
        return self.backups / "last"

    def folder(self, session_id: SessionId) -> Path:
        """A session's folder, if it is this agent's (`places.Places` knows).

        Raises `NotFound` for what cannot be a session's id.
        """
        if not session_id or session_id[0] in ".~" or "/" in session_id or "\0" in session_id:
            raise NotFound(f"{session_id!r} is no session id")
        return self.sessions / session_id

    def make(self) -> None:
        """Make the folders that every session needs. Raises OSError."""
        for folder in (*reversed(self.sessions.relative_to(self.root).parents), None):
            path = self.sessions if folder is None else self.root / folder
            path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
