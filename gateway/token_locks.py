"""One gateway at a time reads a bot's messages: a lock for each token, between all of a user's.

Two programs that read with one token take messages from each other: Telegram gives an update to
whoever asks first, Slack spreads events over all sockets. So an account takes messages in only
while it holds its token's lock, which the kernel lets go of when its process ends.
"""

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.config import Account
from state.files.layout import FOLDER_MODE
from state.files.lock import FileLock

_log = structlog.get_logger("channels")


class TokenInUse(Exception):
    """Another gateway, or another account of this one, reads with the same token."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as others are told."""

    account: str
    state_dir: Path

    def note(self) -> str:
        """What is written into the locked file."""
        return json.dumps(
            {"pid": os.getpid(), "account": self.account, "state": str(self.state_dir)}
        )


class TokenLock:
    """The lock of one account's token, in a folder that belongs to this user alone."""

    def __init__(self, folder: Path, name: str, holder: Holder) -> None:
        self._folder = folder
        self._path = folder / name
        self._holder = holder
        self._lock: FileLock | None = None

    def take(self) -> None:
        """Hold the lock. Raises `TokenInUse`, which says who has it and what to do."""
        if self._lock is not None:
            return
        # Waits for nothing: a few calls on a local folder.
        try:
            _make_private(self._folder)
            self._lock = FileLock.take(self._path, self._holder.note())
        except OSError as error:
            # Without the folder, two may read at once, as before: better than that nobody does.
            _log.warning("token_not_locked", channel=self._holder.account, error=str(error))
            return
        if self._lock is None:
            raise TokenInUse(_in_use(self._path))

    def release(self) -> None:
        """Let others read with the token."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def token_locks(
    accounts: Mapping[str, Account], state_dir: Path, folder: Path
) -> dict[str, TokenLock]:
    """A lock for each account; `folder` is made when the first is taken."""
    return {name: token_lock(name, each, state_dir, folder) for name, each in accounts.items()}


def token_lock(name: str, account: Account, state_dir: Path, folder: Path) -> TokenLock:
    """The lock of an account's token, in a folder that is made when it is taken."""
    return TokenLock(folder, lock_name(account), Holder(name, state_dir))


def lock_name(account: Account) -> str:
    """The same for the same bot at the same place, and from which no token can be told."""
    bot = [account.kind, account.api_root.rstrip("/"), account.token.get_secret_value().strip()]
    digest = hashlib.blake2b(json.dumps(bot).encode(), digest_size=16, person=b"argent-token")
    return f"{account.kind}-{digest.hexdigest()}.lock"


def _make_private(folder: Path) -> None:
    """Raises OSError when it is somebody else's, who could make or hold any lock in it."""
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to another user: remove it")
    if stat.S_IMODE(found.st_mode) != FOLDER_MODE:
        folder.chmod(FOLDER_MODE)


def _in_use(path: Path) -> str:
    who = "another gateway"
    try:
        note = json.loads(path.read_text())
        who = f"process {note['pid']} (account {note['account']!r}, state folder {note['state']})"
    except (OSError, ValueError, KeyError, TypeError):
        pass  # it is just being written
    return (
        f"{who} reads with the same token: stop that one, or give this account a token of its own. "
        "It is tried again every minute"
    )
